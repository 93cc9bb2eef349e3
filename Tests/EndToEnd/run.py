#!/usr/bin/env python3
"""End-to-end checks: the built binary, driven as its users drive it.

Usage: run.py --binary .build/debug/switchyard [--only NAME]

Starts servers with an embedded PostgreSQL each, in folders of its own, on free loopback ports. Ends with a line
`N passed, N failed`.
"""

import argparse
import collections
import csv
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from harness import Checks, Server, clean_environment, fail, free_port, run
from capacity import capacity
from erasure import erasure
from rule_sets import rule_sets

ROOT = pathlib.Path(__file__).resolve().parents[2]
check = Checks()


def start(binary, folder, **environment):
    server = Server(binary, str(folder), **environment)
    if not server.wait_for(r"is listening", timeout=180):
        server.stop(signal.SIGKILL)
        fail("the server did not start:\n" + server.output)
    return server


def key_of(server):
    match = server.wait_for(r"^\s+key\s+(swy_\S+)", timeout=10)
    return match.group(1) if match else None


def postgres_pids(folder):
    """The embedded servers whose data directory lies in this folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words and words[0].endswith(b"postgres") and any(str(folder).encode() in word for word in words):
            found.append(int(pid))
    return found


def first_start(binary, folder):
    """First start: address, key, a curl line that works when pasted, the guide's own requests."""
    print("first start")
    server = start(binary, folder)
    key = key_of(server)
    check("prints a key", key, server.output)
    curl = server.wait_for(r"^\s+(curl -s http\S+/api/leads .*)$", timeout=5)
    if check("prints a curl line", curl):
        done = subprocess.run(["sh", "-c", curl.group(1)], stdout=subprocess.PIPE, text=True)
        answer = json.loads(done.stdout or "{}")
        check("the curl line routes a lead when pasted", answer.get("status") == "routed", done.stdout)
        check("the answer has the guide's keys", {
            "id", "status", "destinationWorkspaceId", "matchedRuleId", "matchedRuleName", "reason", "isDuplicate",
            "duplicateLeadId"} <= set(answer), str(answer))
        status, _, again = server.request("POST", "/api/leads", {"email": "GRACE@example.com"}, key=key)
        check("the same person again is a duplicate", again.get("isDuplicate") is True, str(again))
        status, _, read = server.request("GET", f"/api/leads/{answer.get('id')}", key=key)
        check("the lead can be read back with its history", status == 200 and read.get("history"), str(read)[:300])
        status, _, routed = server.request("POST", "/api/leads/route", {"leadId": answer.get("id")}, key=key)
        check("routing a routed lead returns its present outcome", status == 200 and routed["status"] == "routed", str(routed))
    once = {"Idempotency-Key": "e2e-1"}
    first = server.request("POST", "/api/leads", {"email": "once@example.com"}, key=key, headers=once)
    again = server.request("POST", "/api/leads", {"email": "once@example.com"}, key=key, headers=once)
    check("a repeated request gets the first answer", first[0] == again[0] == 201 and first[2] == again[2]
          and again[1].get("Idempotency-Replayed") == "true", f"{first} {again}")
    other = server.request("POST", "/api/leads", {"email": "twice@example.com"}, key=key, headers=once)
    check("another request cannot use the same idempotency key", other[0] == 422 and "Idempotency-Key" in json.dumps(other[2]), str(other))
    lines = '{"email":"stream-1@example.com"}\n{"email":7}\n{"email":"stream-2@example.com"}\n{"email":"STREAM-1@example.com"}\n'
    status, _, text = server.request("POST", "/api/leads/stream", lines, key=key,
                                     headers={"Content-Type": "application/x-ndjson"})
    answers = [json.loads(line) for line in str(text).splitlines()]
    check("a stream is answered line by line and summed up", status == 200
          and [a.get("code") for a in answers] == [201, 422, 201, 201, None] and answers[3]["lead"]["isDuplicate"] is True
          and answers[-1]["summary"] == {"received": 4, "accepted": 3, "rejected": 1, "routed": 3, "pending": 0, "duplicates": 1},
          str(text)[:400])
    status, _, problem = server.request("POST", "/api/leads/route", {"leadId": "test-lead-id"}, key=key)
    check("the guide's made-up lead id is refused by field", status == 422 and "leadId" in json.dumps(problem), str(problem))
    status, _, health = server.request("GET", "/api/health")
    check("health has the guide's five keys under routing", status == 200 and
          {"status", "pendingCount", "routingCount", "failedCount", "retryQueueCount"} <= set(health["routing"]), str(health))
    check("health has Switchyard's own keys under routing",
          {"staleLockCount", "expiredCount", "successRate", "oldestPendingSeconds"} <= set(health["routing"]), str(health))
    check("healthz", server.request("GET", "/healthz")[0] == 200)
    check("readyz", server.request("GET", "/readyz")[0] == 200)
    status, headers, text = server.request("GET", "/openapi.yaml")
    check("openapi.yaml", status == 200 and str(text).startswith("openapi:"), str(text)[:80])
    return server, key


def bad_requests(binary, server, key):
    """Bad input: the right status, a problem that names the field, nothing half-written."""
    print("bad input over HTTP")
    json_headers = {"Content-Type": "application/json"}

    def problem(name, expected, method, path, body, needle="", headers=None, k=key):
        status, got, value = server.request(method, path, body, key=k, headers=headers)
        text = json.dumps(value)
        check(f"{name}: {expected}", status == expected and "problem+json" in got.get("Content-Type", "") and needle in text,
              f"{status} {text[:300]}")

    problem("no key", 401, "POST", "/api/leads", {"email": "a@example.com"}, k=None)
    problem("a wrong key", 401, "POST", "/api/leads", {"email": "a@example.com"}, k="swy_live_" + "a" * 46)
    problem("malformed JSON", 400, "POST", "/api/leads", '{"email": ', headers=json_headers)
    problem("wrong type", 422, "POST", "/api/leads", {"email": 5}, "email")
    problem("no identity", 422, "POST", "/api/leads", {"firstName": "Ada"}, "email")
    problem("bad e-mail", 422, "POST", "/api/leads", {"email": "nobody"}, "email")
    problem("over-long field", 422, "POST", "/api/leads", {"email": "a@example.com", "firstName": "x" * 5000}, "firstName")
    problem("NUL byte", 422, "POST", "/api/leads", '{"email":"a@example.com","firstName":"a\\u0000b"}', "firstName", json_headers)
    problem("broken UTF-8", 400, "POST", "/api/leads", b'{"email":"a@example.com","firstName":"\xff\xfe"}', "", json_headers)
    problem("foreign workspace", 403, "POST", "/api/leads",
            {"email": "a@example.com", "workspaceId": "00000000-0000-4000-8000-00000000dead"})
    problem("too many leads", 422, "POST", "/api/leads", {"leads": [{"email": f"n{i}@example.com"} for i in range(1001)]}, "leads")
    problem("unknown path", 404, "GET", "/api/nothing", None)
    problem("wrong method", 405, "PUT", "/api/leads", None)
    problem("wrong content type", 415, "POST", "/api/leads", "email=a", headers={"Content-Type": "application/x-www-form-urlencoded"})
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as s:
        s.sendall((f"POST /api/leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                   "Content-Type: application/json\r\nContent-Length: 104857600\r\n\r\n").encode())
        try:
            s.sendall(b" " * 1_000_000)
        except OSError:
            pass
        answer = s.recv(65536).decode(errors="replace")
        check("a body of 100 MB is refused before it is read", " 413 " in answer.split("\r\n")[0], answer[:200])
    status, _, mixed = server.request("POST", "/api/leads", {"leads": [
        {"email": "good-one@example.com"}, {"email": 7}, {"firstName": "nobody"}, {"email": "good-two@example.com"}]}, key=key)
    good = [r for r in mixed.get("results", []) if "id" in r.get("lead", {})]
    check("an invalid lead in a batch does not stop the others", status in (200, 207) and len(good) == 2, str(mixed)[:400])
    made = run(binary, "keys", "create", "--administrator", "--scope", "leads:read", "--name", "reader", cwd=server.directory)
    reader = made.stdout.strip()
    check("keys create prints a token", made.returncode == 0 and reader.startswith("swy_live_"), made.stderr)
    problem("a key without the scope", 403, "POST", "/api/leads", {"email": "a@example.com"}, "leads:write", k=reader)
    prefix = reader[9:17]
    check("keys revoke", run(binary, "keys", "revoke", prefix, cwd=server.directory).returncode == 0)
    check("keys list shows it as revoked", re.search(prefix + r".*revoked", run(binary, "keys", "list", cwd=server.directory).stdout))


def commands(binary, server, key):
    """The command line beside a running server."""
    print("commands")
    folder = server.directory
    status = run(binary, "migrate", "status", cwd=folder)
    check("migrate status", status.returncode == 0 and "20260131000001" in status.stdout, status.stdout + status.stderr)
    verify = run(binary, "migrate", "verify", cwd=folder)
    check("migrate verify: every check passes", verify.returncode == 0 and "✗" not in verify.stdout, verify.stdout[-2000:] + verify.stderr)
    plan = run(binary, "migrate", "plan", cwd=folder)
    check("migrate plan: nothing to do", plan.returncode == 0 and "Nothing to do" in plan.stdout, plan.stdout + plan.stderr)
    check("migrate up again changes nothing", "up to date" in run(binary, "migrate", "up", cwd=folder).stdout)
    jobs = run(binary, "jobs", cwd=folder)
    names = ["processLeadRoutingRetryQueue", "cleanupStaleRoutingLocks", "markExpiredLeads", "leadRoutingHealthCheck",
             "triggerLeadRoutingRetry"]
    check("jobs lists the guide's five", jobs.returncode == 0 and all(n in jobs.stdout for n in names), jobs.stdout + jobs.stderr)
    for name in names:
        done = run(binary, "jobs", "run", name, cwd=folder)
        check(f"jobs run {name}", done.returncode == 0, done.stdout + done.stderr)
    wrong = run(binary, "jobs", "run", "nothing", cwd=folder)
    check("an unknown job is refused, with the list of names", wrong.returncode != 0 and names[0] in wrong.stderr, wrong.stderr)
    doctor = run(binary, "doctor", cwd=folder)
    check("doctor finds nothing wrong", doctor.returncode == 0 and "✗" not in doctor.stdout, doctor.stdout + doctor.stderr)
    check("retry", run(binary, "retry", cwd=folder).returncode == 0)
    paused = run(binary, "pause", "--all", "--reason", "an audit", cwd=folder)
    check("pause", paused.returncode == 0 and "is paused" in paused.stdout, paused.stdout + paused.stderr)
    doctor = run(binary, "doctor", cwd=folder)
    check("doctor says what is paused and why", doctor.returncode == 1 and "an audit" in doctor.stdout
          and "switchyard resume --all" in doctor.stdout, doctor.stdout + doctor.stderr)
    resumed = run(binary, "resume", "--all", cwd=folder)
    check("resume", resumed.returncode == 0 and "is resumed" in resumed.stdout, resumed.stdout + resumed.stderr)
    vague = run(binary, "pause", cwd=folder)
    check("pause without --all or --workspace is refused", vague.returncode == 64 and "--all" in vague.stderr, vague.stderr)
    route = run(binary, "route", "not-an-id", cwd=folder)
    check("route refuses an argument that is not a UUID", route.returncode != 0 and "UUID" in route.stderr, route.stderr)
    image = (ROOT / "deploy" / "container" / "Containerfile").read_text()
    healthcheck = json.loads(re.search(r"^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", image, re.M).group(1))
    for port, expected in ((server.port, True), (free_port(), False)):
        done = subprocess.run(healthcheck, env={"PATH": os.environ["PATH"], "PORT": str(port)}, capture_output=True, timeout=10)
        check(f"the container's health check {'finds the server' if expected else 'fails without a server'}",
              (done.returncode == 0) == expected, done.stderr)
    missing = run(binary, "import", "nothing.csv", cwd=folder)
    check("import of a missing file fails and names the file", missing.returncode != 0 and "nothing.csv" in missing.stderr, missing.stderr)


def outcome_by_workspace(server, admin):
    """How many leads went from where to where, by status, duplicate and rule, over the API."""
    counts = collections.Counter()
    cursor = None
    while True:
        path = "/api/leads?limit=200" + (f"&cursor={cursor}" if cursor else "")
        status, _, page = server.request("GET", path, key=admin)
        if status != 200:
            fail(f"listing leads: {status} {page}")
        for lead in page["leads"]:
            counts[(lead["workspaceId"], lead["sourceWorkspaceId"], lead["status"], lead["isDuplicate"],
                    lead["matchedRuleId"])] += 1
        cursor = page.get("nextCursor")
        if not cursor:
            return counts


def in_names(counts, demo):
    """The same counts as expected.json has them, but for the rows that were no leads."""
    names = {workspace["id"]: workspace["name"] for workspace in demo["workspaces"]}
    rules = {rule["id"]: rule["name"] for rule in demo["rules"]}
    outcome = {"duplicates": 0, "kept": collections.Counter(), "fallback": collections.Counter(),
               "matched": collections.Counter(), "rules": collections.Counter()}
    for (destination, source, _, is_duplicate, rule), count in counts.items():
        if is_duplicate:
            outcome["duplicates"] += count
        elif rule:
            outcome["matched"][names[destination]] += count
            outcome["rules"][rules[rule]] += count
        else:
            outcome["kept" if destination == source else "fallback"][names[destination]] += count
    return outcome


def real_input(binary, work):
    """Examples/leads.csv by `switchyard import` and by HTTP: the same outcome, nothing lost."""
    print("Examples/leads.csv")
    example = ROOT / "Examples" / "leads.csv"
    with open(example, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader)
        rows = list(reader)

    imported = start(binary, work / "imported")
    shutil.copy(example, work / "imported" / "leads.csv")
    before = time.monotonic()
    done = run(binary, "import", "leads.csv", cwd=str(work / "imported"))
    took = time.monotonic() - before
    check("import exits with 0", done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:])
    print(f"        took {took:.1f} s (debug builds are slower)")
    rejected_file = work / "imported" / "leads.rejected.csv"
    rejected = 0
    if check("rejected rows are kept beside the file", rejected_file.exists()):
        with open(rejected_file, newline="", encoding="utf-8") as file:
            rejected = sum(1 for _ in csv.reader(file)) - 1
    admin = run(binary, "keys", "create", "--administrator", "--name", "e2e", cwd=str(work / "imported")).stdout.strip()
    by_import = outcome_by_workspace(imported, admin)
    check("every row is stored or rejected", sum(by_import.values()) + rejected == len(rows),
          f"{sum(by_import.values())} stored + {rejected} rejected of {len(rows)}")
    check("every imported lead is routed", all(key[2] == "routed" for key in by_import), str(by_import)[:300])
    demo = json.loads((ROOT / "Examples" / "workspaces.json").read_text())
    expected = json.loads((ROOT / "Examples" / "expected.json").read_text())
    found = in_names(by_import, demo)
    for part in found:
        check(f"expected.json: {part}", found[part] == expected[part], f"{found[part]} against {expected[part]}")
    check("expected.json: rejected", rejected == expected["rejected"], str(rejected))
    reimported = run(binary, "import", "leads.rejected.csv", cwd=str(work / "imported"))
    check("the file of rejected rows can be imported as it is", reimported.returncode == 0
          and "leads.rejected.rejected.csv" in reimported.stdout and "metadata: notes" in reimported.stdout, reimported.stdout)
    again = run(binary, "import", "leads.csv", cwd=str(work / "imported"))
    check("importing the file again exits with 0", again.returncode == 0)
    second = outcome_by_workspace(imported, admin)
    check("the second time every lead is a duplicate",
          sum(n for key, n in second.items() if not key[3]) == sum(n for key, n in by_import.items() if not key[3]))
    imported.stop()

    posted = start(binary, work / "posted")
    admin = run(binary, "keys", "create", "--administrator", "--name", "e2e", cwd=str(work / "posted")).stdout.strip()
    _, _, listed = posted.request("GET", "/api/workspaces", key=admin)
    ids = {w["name"].lower(): w["id"] for w in listed["workspaces"]}
    names = {"workspace": "workspaceId", "first_name": "firstName", "last_name": "lastName", "company_name": "companyName",
             "company_size": "companySize", "source_id": "sourceId"}
    refused = 0
    for at in range(0, len(rows), 500):
        leads = []
        for row in rows[at:at + 500]:
            if len(row) != len(header):
                refused += 1
                continue
            lead, location, metadata = {}, {}, {}
            for column, value in zip(header, row):
                if not value.strip():
                    continue
                if column == "workspace":
                    lead["workspaceId"] = ids.get(value.strip().lower(), value.strip())
                elif column in ("country", "state", "city"):
                    location[column] = value
                elif column in ("email", "phone", "industry", "revenue", "source") or column in names:
                    lead[names.get(column, column)] = value
                else:
                    metadata[column] = value
            if location:
                lead["location"] = location
            if metadata:
                lead["metadata"] = metadata
            leads.append(lead)
        status, _, answer = posted.request("POST", "/api/leads", {"leads": leads}, key=admin, timeout=120)
        if status not in (200, 207):
            check("a batch over HTTP is accepted", False, f"{status} {str(answer)[:300]}")
            break
        refused += sum(1 for result in answer["results"] if "lead" not in result)
    by_post = outcome_by_workspace(posted, admin)
    check("HTTP refuses the same rows", refused == rejected, f"{refused} against {rejected}")
    check("HTTP and import come to the same outcome", by_post == by_import,
          str((by_post - by_import) + (by_import - by_post))[:600])
    posted.stop()


def bad_files(binary, folder):
    """CSV files as they should not be."""
    print("bad files")
    folder = pathlib.Path(folder)

    def attempt(name, content, expect_code, needle, *arguments):
        path = folder / name
        path.write_bytes(content)
        done = run(binary, "import", name, *arguments, cwd=str(folder))
        ok = done.returncode == expect_code and needle in (done.stdout + done.stderr)
        check(f"{name}: exit {expect_code}, says “{needle}”", ok, f"{done.returncode}\n{done.stdout[-600:]}{done.stderr[-600:]}")

    _, some = next(iter(DEMO.items()))
    head = b"workspace,email,first_name\n"
    ws = some.encode()
    attempt("bom.csv", b"\xef\xbb\xbf" + head + ws + b",bom@example.com,Ada\n", 0, "1")
    attempt("semicolons.csv", head.replace(b",", b";") + ws + b";semi@example.com;Ada\n", 0, "1")
    attempt("latin1.csv", head + ws + b",latin@example.com,Ren\xe9e\n", 0, "1")
    attempt("wrong-width.csv", head + ws + b",short@example.com\n" + ws + b",wide@example.com,Ada\n", 0, "wrong-width.rejected.csv")
    attempt("crlf.csv", (head + ws + b",crlf@example.com,Ada\n").replace(b"\n", b"\r\n"), 0, "1")
    attempt("no-sender.csv", b"email\na@example.com\n", 1, "--workspace")
    attempt("no-header.csv", b"a,b,c\n1,2,3\n", 1, "email")
    attempt("empty.csv", b"", 1, "empty")
    attempt("utf16.csv", ("\ufeff" + "workspace,email\nx,y@example.com\n").encode("utf-16-le"), 1, "UTF-16")


DEMO = {}


def process_faults(binary, folder, server, key):
    """Stops, kills, taken ports, unreachable databases."""
    print("processes")
    check("a clean stop exits with 0", server.stop() == 0, server.output[-800:])
    check("the embedded PostgreSQL has stopped with it", not postgres_pids(folder))
    server = start(binary, folder)
    check("the demo key still works after a restart", key_of(server) == key)
    _, _, before = server.request("GET", "/api/leads?limit=1", key=key)
    server.stop(signal.SIGKILL)
    server = start(binary, folder)
    _, _, after = server.request("GET", "/api/leads?limit=1", key=key)
    check("after SIGKILL it starts again with every lead", before == after, str(after)[:200])
    for pid in postgres_pids(folder):
        try:
            if int(pathlib.Path(f"/proc/{pid}/status").read_text().split("PPid:")[1].split()[0]) != 1:
                os.kill(pid, signal.SIGKILL)
        except (OSError, IndexError):
            pass
    server.stop(signal.SIGKILL)
    server = start(binary, folder)
    check("after SIGKILL of everything it starts again with every lead",
          server.request("GET", "/api/leads?limit=1", key=key)[2] == before)
    taken = Server(binary, str(pathlib.Path(folder).parent / "taken"), port=server.port)
    taken.process.wait(60)
    check("a taken port: exit code and remedy", taken.process.returncode != 0 and "--port" in taken.output, taken.output)
    server.stop()
    url = f"postgresql://nobody:sesame-open@127.0.0.1:{free_port()}/nothing"
    lost = run(binary, "serve", "--port", str(free_port()), cwd=str(folder), DATABASE_URL=url)
    text = lost.stdout + lost.stderr
    check("an unreachable database: exit code, remedy, no password",
          lost.returncode != 0 and "DATABASE_URL" in text and "sesame-open" not in text, text)
    for name, command in [("DATABASE_URL", "database-url"), ("DATABASE_URL", "serve"), ("DATABASE_DIRECT_URL", "serve")]:
        for url in ["postgresql://app:sesame-open@db/leads?sslmoed=require", "postgresql://app:sesame/open@db/leads"]:
            wrong = run(binary, command, cwd=str(folder), **{name: url})
            text = wrong.stdout + wrong.stderr
            check(f"{command} with a {name} that cannot be read: named, with a remedy and without the password",
                  wrong.returncode != 0 and f"{name} cannot be used" in text and "percent-encoded" in text
                  and "sesame" not in text, text)
    wrong = run(binary, "serve", cwd=str(folder), PORT="eighty")
    check("a setting that cannot be read is named", wrong.returncode != 0 and "PORT" in wrong.stderr, wrong.stderr)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--keep", action="store_true", help="keep the folders")
    options = options.parse_args()
    binary = os.path.abspath(options.binary)
    demo = json.loads((ROOT / "Examples" / "workspaces.json").read_text())
    DEMO.update({w["id"]: w["name"] for w in demo["workspaces"]})
    work = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-e2e-"))
    os.chmod(work, 0o755)
    for name in ("first", "imported", "posted", "taken"):
        (work / name).mkdir()
    server = None
    try:
        server, key = first_start(binary, work / "first")
        bad_requests(binary, server, key)
        commands(binary, server, key)
        admin = run(binary, "keys", "create", "--administrator", "--name", "rules", cwd=server.directory).stdout.strip()
        rule_sets(check, binary, server, admin)
        capacity(check, binary, server, admin)
        erasure(check, binary, server, key, admin)
        bad_files(binary, work / "first")
        real_input(binary, work)
        process_faults(binary, work / "first", server, key)
    finally:
        for pid in postgres_pids(work):
            try:
                os.kill(pid, signal.SIGQUIT)
            except OSError:
                pass
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    return check.close()


if __name__ == "__main__":
    sys.exit(main())
