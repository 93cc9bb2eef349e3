"""A person is sent in by every way there is, is erased, and is looked for in a dump of the whole database."""

import json
import os
import subprocess

from harness import run

EMAIL, PHONE, NAME = "quentin.zzyzx@example.com", "+1 (702) 555-0177", "Zzyzx"
TRACES = ("zzyzx", "quentin", "555-0177", "7025550177")


def person(number=0, **more):
    lead = {"email": EMAIL, "phone": PHONE, "firstName": "Quentin", "lastName": NAME, "companyName": f"{NAME} Roads",
            "industry": "Information", "companySize": "11-50", "revenue": "<$1M", "source": f"{NAME}'s form", "sourceId": f"crm-{NAME}-{number}",
            "location": {"country": "US", "state": "CA", "city": f"{NAME} Springs", "latitude": 35.1, "longitude": -116.1},
            "metadata": {"note": f"{NAME} wants a call", "utm": {"term": EMAIL}}}
    lead.update(more)
    return lead


def dump(binary, folder):
    """Everything that the database holds, as text in lower case."""
    url = run(binary, "database-url", cwd=folder).stdout.strip()
    done = subprocess.run(["pg_dump", "--data-only", "--inserts", url], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.lower()


def erasure(check, binary, server, key, admin):
    print("erasure")
    folder = server.directory
    status, _, first = server.request("POST", "/api/leads", person(), key=key, headers={"Idempotency-Key": "zz-1"})
    check("erasure: the person is stored as a lead", status == 201, first)
    _, _, batch = server.request("POST", "/api/leads", {"leads": [person(1), person(2, email=None)]}, key=key)
    lines = "\n".join(json.dumps(person(n)) for n in (3, 4)) + "\n"
    status, _, _ = server.request("POST", "/api/leads/stream", lines, key=key, headers={"Content-Type": "application/x-ndjson"})
    check("erasure: the person is stored by batch and stream", status == 200 and all(r["code"] == 201 for r in batch["results"]), batch)
    with open(os.path.join(folder, "zz.csv"), "w") as file:
        file.write(f"workspace,email,phone,first_name,last_name,notes\nAtlas Inbound,{EMAIL.upper()},702.555.0177,Quentin,{NAME},{NAME} again\n")
    done = run(binary, "import", "zz.csv", cwd=folder)
    check("erasure: the person is imported from a file", done.returncode == 0, done.stdout + done.stderr)
    server.request("POST", f"/api/leads/{first['id']}/return", {"reason": f"Mr {NAME} has moved"}, key=admin)
    status, _, live = server.request("GET", "/api/rule-sets/platform", key=admin)
    example = {"name": f"Like {NAME}", "lead": person(), "expect": {"outcome": "unmatched"}}
    draft = {"version": live["version"], "rules": live["rules"], "goldenLeads": live.get("goldenLeads", []) + [example]}
    status, _, saved = server.request("PUT", "/api/rule-sets/platform/draft", draft, key=admin)
    check("erasure: a draft has an example of the person", status == 200, saved)
    before = dump(binary, folder)
    check("erasure: the database holds the person's data before the erasure", all(t in before for t in TRACES[:3]), [t for t in TRACES[:3] if t not in before])

    made = run(binary, "keys", "create", "--workspace", "Harbor Lane Media", "--scope", "leads:erase", cwd=folder)
    other = made.stdout.strip()
    status, _, hidden = server.request("POST", "/api/erasures", {"leadId": first["id"]}, key=other)
    check("erasure: another workspace gets 404 for the lead", status == 404, hidden)
    status, _, nothing = server.request("POST", "/api/erasures", {"email": EMAIL}, key=other)
    check("erasure: another workspace finds no lead of the person", status == 200 and nothing["leads"] == [], nothing)
    status, _, refused = server.request("POST", "/api/erasures", {"email": EMAIL}, key=key)
    check("erasure: a key without the scope is refused, with the scope's name", status == 403 and "leads:erase" in json.dumps(refused), refused)
    status, _, rehearsal = server.request("POST", "/api/erasures", {"phone": "7025550177", "dryRun": True}, key=admin)
    check("erasure: a dry run counts the leads", status == 200 and rehearsal["dryRun"] and rehearsal["erased"] >= 5, rehearsal)
    check("erasure: a dry run changes nothing", server.request("GET", f"/api/leads/{first['id']}", key=admin)[2]["lastName"] == NAME)
    status, _, erased = server.request("POST", "/api/erasures", {"email": EMAIL}, key=admin)
    check("erasure: leads are erased by address", status == 200 and erased["erased"] >= 4 and erased["busy"] == 0 and erased["examples"] == 1, erased)
    done = run(binary, "erase", "--phone", PHONE, cwd=folder)
    check("erasure: leads are erased by number, from the command line", done.returncode == 0 and "  erased" in done.stdout, done.stdout + done.stderr)
    after = dump(binary, folder)
    found = [line[:160] for line in after.splitlines() if any(t in line for t in TRACES)]
    check("erasure: nothing of the person is in the whole database", not found, found[:3])
    check("erasure: nothing of the person is in the server's log", not any(t in server.output.lower() for t in TRACES))

    _, _, lead = server.request("GET", f"/api/leads/{first['id']}", key=admin)
    check("erasure: the lead and its history stay", lead["email"] is None and lead["erasedAt"] and lead["industry"] == "Information"
          and len(lead["history"]) >= 1, lead)
    done = run(binary, "explain", first["id"], cwd=folder)
    check("erasure: explain reports the erasure", "The person was erased" in done.stdout and "Not decided again" in done.stdout, done.stdout)
    _, _, again = server.request("POST", "/api/leads", person(5), key=key)
    check("erasure: the person is a duplicate when sent again", again.get("isDuplicate") is True, again)
    _, _, repeated = server.request("POST", "/api/leads", person(), key=key, headers={"Idempotency-Key": "zz-1"})
    check("erasure: a repeated request restores no data", repeated.get("id") == first["id"], repeated)
    done = run(binary, "erase", "--email", EMAIL, "--forget-identity", cwd=folder)
    check("erasure: --forget-identity erases the later lead too", done.returncode == 0 and again["id"] in done.stdout, done.stdout + done.stderr)
    _, _, new = server.request("POST", "/api/leads", person(6), key=key)
    check("erasure: after --forget-identity the person is new when sent again", new.get("isDuplicate") is False, new)
    run(binary, "erase", "--email", EMAIL, "--forget-identity", cwd=folder)
    wrong = run(binary, "erase", cwd=folder)
    check("erasure: a request without a person is refused", wrong.returncode == 64 and "--email" in wrong.stderr, wrong.stderr)
    missing = run(binary, "erase", "--lead", "00000000-0000-4000-8000-000000000000", cwd=folder)
    check("erasure: the erasure of a lead that does not exist is refused", missing.returncode == 1 and "does not exist" in missing.stderr, missing.stderr)
    server.request("DELETE", "/api/rule-sets/platform/draft", key=admin)
