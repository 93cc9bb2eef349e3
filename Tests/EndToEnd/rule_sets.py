"""Rule sets by command line and API beside a running server: pull, push, diff, publish, history, return."""

import os
import pathlib

from harness import run

OWNER = "rule sets of the end-to-end checks"


def rule_sets(check, binary, server, admin):
    print("rule sets")
    folder = pathlib.Path(server.directory)
    _, _, made = server.request("POST", "/api/workspaces", {"name": OWNER}, key=admin)
    _, _, other = server.request("POST", "/api/workspaces", {"name": "Elsewhere of the checks"}, key=admin)
    server.request("POST", "/api/agreements",
                   {"receivingWorkspaceId": other["id"], "sendingWorkspaceId": made["id"]}, key=admin)
    path = f"/api/rule-sets/{made['id']}"
    whose = ("--workspace", OWNER)

    def rules(*arguments):
        return run(binary, "rules", *arguments, cwd=str(folder))

    def lead(number):
        body = {"email": f"rules-{number}@example.com", "workspaceId": made["id"], "industry": "Software"}
        return server.request("POST", "/api/leads", body, key=admin)[2]

    pulled = rules("pull", "rules.yaml", *whose)
    file = folder / "rules.yaml"
    check("rules pull writes a file", pulled.returncode == 0 and file.exists(), pulled.stderr)
    text = file.read_text().replace("rules: []", f"""rules:
  - name: Software
    priority: 10
    conditions:
      industries: [Software]
    destination: Elsewhere of the checks""").replace("goldenLeads: []", """goldenLeads:
  - name: Ada
    lead:
      email: ada@example.com
      industry: software
    expect:
      destination: Elsewhere of the checks
      rule: Software""")
    file.write_text(text)
    diff = rules("diff", "rules.yaml")
    check("rules diff shows what is new, and exits with 1", diff.returncode == 1 and "+name: Software" in diff.stdout,
          f"{diff.returncode} {diff.stdout}{diff.stderr}")
    lint = rules("lint", "rules.yaml")
    check("rules lint checks the file", lint.returncode == 0 and "1 rule" in lint.stdout, f"{lint.returncode} {lint.stdout}{lint.stderr}")
    shadowed = folder / "shadowed.yaml"
    shadowed.write_text(text.replace("  - name: Software\n", """  - name: Never reached
    priority: 5
    conditions:
      industries: [Software]
    destination: Elsewhere of the checks
  - name: Software
""", 1))
    lint = rules("lint", "--strict", "shadowed.yaml")
    check("rules lint --strict fails for a rule that is never reached", lint.returncode == 1 and "Never reached" in lint.stdout,
          f"{lint.returncode} {lint.stdout}{lint.stderr}")
    told = rules("simulate", "--draft", "rules.yaml", "--lead", '{"industry": "Software"}', "--json")
    check("rules simulate decides under the file", told.returncode == 0 and other["id"] in told.stdout, told.stdout + told.stderr)
    pushed = rules("push", "rules.yaml")
    check("rules push makes a draft", pushed.returncode == 0 and "1 rules" in pushed.stdout, pushed.stdout + pushed.stderr)
    check("a draft decides nothing yet", lead(1).get("matchedRuleName") is None)
    status, _, draft = server.request("GET", path + "/draft", key=admin)
    check("the API shows the draft", status == 200 and draft["rules"][0]["name"] == "Software", str(draft))
    published = rules("publish", "-m", "a first rule", *whose)
    check("rules publish", published.returncode == 0 and "1 added" in published.stdout, published.stdout + published.stderr)
    routed = lead(2)
    check("the running server uses the published rules at once", routed.get("matchedRuleName") == "Software"
          and routed.get("destinationWorkspaceId") == other["id"], str(routed))
    again = rules("pull", "again.yaml", *whose)
    same = rules("diff", "again.yaml")
    check("a pulled file without edits has no difference", again.returncode == 0 and same.returncode == 0 and not same.stdout.strip(),
          same.stdout + same.stderr)

    pulled_text = (folder / "again.yaml").read_text()
    (folder / "wrong.yaml").write_text(pulled_text.replace("    priority: 10", "    priorty: 10"))
    wrong = rules("push", "wrong.yaml")
    line = 1 + next(n for n, row in enumerate((folder / "wrong.yaml").read_text().splitlines()) if "priorty" in row)
    check("an unknown key is refused with its line", wrong.returncode == 1 and f"wrong.yaml:{line}:" in wrong.stderr
          and "/rules/0/priorty" in wrong.stderr, wrong.stderr)
    for name, text, line, words in [
        ("twice", pulled_text + "rules: []\n", 1 + len(pulled_text.splitlines()), "is given twice"),
        ("alias", "rules: &all []\ngoldenLeads: *all\n", 2, "aliases are not supported"),
        ("second", pulled_text + "---\nrules: []\n", 1 + len(pulled_text.splitlines()), "second document"),
        ("open", "rules: [\n", 2, "column"), ("tab", "rules:\n\t- name: x\n", 2, "column"), ("key", "? [a]\n: 1\n", 1, "a key must be a string"),
    ]:
        (folder / f"{name}.yaml").write_text(text)
        wrong = rules("push", f"{name}.yaml")
        check(f"invalid YAML is refused with its line: {name}", wrong.returncode == 1
              and f"{name}.yaml:{line}: " in wrong.stderr and words in wrong.stderr, wrong.stderr)
    (folder / "styles.yaml").write_text(
        pulled_text.replace("    priority: 10", '    "priority": 10').replace("industries: [Software]", "industries:\n        - >-\n          Software"))
    same = rules("diff", "styles.yaml")
    check("the same rules in another YAML style have no difference", same.returncode == 0 and not same.stdout.strip(), same.stdout + same.stderr)
    (folder / "golden.yaml").write_text(pulled_text.replace("industries: [Software]", "industries: [Mining]"))
    golden = rules("push", "golden.yaml", "--publish", "-m", "wrong")
    check("a golden lead that goes elsewhere stops the publication, and the error says why", golden.returncode == 1 and "Ada" in golden.stderr
          and "no rule matches it" in golden.stderr, golden.stderr)

    (folder / "more.yaml").write_text(pulled_text.replace("    priority: 10", "    priority: 20"))
    more = rules("push", "more.yaml", "--publish", "-m", "more important")
    check("rules push --publish", more.returncode == 0 and "1 changed" in more.stdout, more.stdout + more.stderr)
    stale = rules("push", "more.yaml", "--publish")
    check("a file that was pulled before the rules changed is not published", stale.returncode == 1
          and "have changed" in stale.stderr, stale.stdout + stale.stderr)
    history = rules("history", *whose)
    check("rules history has authors, actions and notes", history.returncode == 0 and "more important" in history.stdout
          and "command line" in history.stdout and "publish" in history.stdout, history.stdout + history.stderr)
    _, _, versions = server.request("GET", path + "/versions", key=admin)
    first = versions["versions"][-1]["version"]
    returned = rules("return", str(first), *whose)
    check("rules return brings the first version back", returned.returncode == 0 and "1 changed" in returned.stdout,
          returned.stdout + returned.stderr)
    _, _, live = server.request("GET", path, key=admin)
    check("the restored rule has its old priority and id", live["rules"][0]["priority"] == 10
          and live["rules"][0]["id"] == draft_id(server, path, first, admin), str(live)[:400])
    status, _, difference = server.request("GET", f"{path}/diff?from={first}&to=live", key=admin)
    check("the live rules equal the restored version", status == 200 and not any(difference["rules"].values()), str(difference)[:400])
    unnamed = rules("pull")
    check("pull requires an owner", unnamed.returncode == 1 and "--workspace" in unnamed.stderr, unnamed.stderr)
    os.remove(file)


def draft_id(server, path, version, key):
    return server.request("GET", f"{path}/versions/{version}", key=key)[2]["rules"][0]["id"]
