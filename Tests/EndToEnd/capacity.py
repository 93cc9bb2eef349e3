"""Caps, turns, waiting, returns and simulations beside a running server, each explained as an engineer on call reads it."""

import json
import time

from harness import run

OWNER = "capacity of the end-to-end checks"


def capacity(check, binary, server, admin):
    print("capacity")

    def made(name):
        return server.request("POST", "/api/workspaces", {"name": name}, key=admin)[2]["id"]

    def switchyard(*arguments):
        return run(binary, *arguments, cwd=str(server.directory))

    def lead(number, **fields):
        body = {"email": f"capacity-{number}@example.com", "workspaceId": owner, "industry": "Capacity", **fields}
        return server.request("POST", "/api/leads", body, key=admin)[2]

    def stands(lead_id):
        return server.request("GET", f"/api/leads/{lead_id}", key=admin)[2]

    def soon(condition, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.1)
        return False

    owner, first, second = made(OWNER), made("First of the pool"), made("Second of the pool")
    for receiver in (first, second):
        server.request("POST", "/api/agreements", {"receivingWorkspaceId": receiver, "sendingWorkspaceId": owner}, key=admin)
    pool = {"method": "round_robin", "members": [{"workspaceId": first}, {"workspaceId": second}]}
    distribution = {"pool": pool, "caps": [{"per": "total", "limit": 3}], "whenFull": "wait"}
    rule = {"workspaceId": owner, "name": "Pool of the checks", "priority": 10, "conditions": {"industries": ["Capacity"]},
            "distribution": distribution}
    status, _, pooled = server.request("POST", "/api/rules", rule, key=admin)
    check("a pool with a cap is made", status == 201, str(pooled))
    leads = [lead(number) for number in range(5)]
    check("three leads are routed in turn, two wait", [item["status"] for item in leads] == ["routed"] * 3 + ["pending"] * 2, str(leads))
    told = [switchyard("explain", item["id"]).stdout for item in leads]
    check("explain shows the turns at the time of the decision", all("for its turn" in text for text in told[:3]), told[0])
    check("explain reproduces each decision", all("with the same result" in text for text in told), "\n".join(told))
    check("explain says what a lead waits for", "3 of 3 in all" in told[3] and "the lead waits for it" in told[3], told[3])
    check("each explanation has fewer than 40 lines", all(text.count("\n") < 40 for text in told))
    full = switchyard("rules", "capacity", "--full")
    check("rules capacity names what is full", "Pool of the checks" in full.stdout and "further notice" in full.stdout, full.stdout + full.stderr)
    doctor = switchyard("doctor")
    check("doctor names the full cap", "is full (3 of 3" in doctor.stdout, doctor.stdout)
    alone = server.request("PATCH", f"/api/rules/{pooled['id']}", {"destinationWorkspaceId": second}, key=admin)
    check("a destination alone is refused for a rule with a pool", alone[0] == 422 and "/destinationWorkspaceId" in json.dumps(alone[2]), str(alone))

    document = {"rules": [{"name": "All to the first", "destination": "First of the pool"}], "goldenLeads": []}
    status, _, report = server.request("POST", "/api/rules/simulate",
                                       {"workspaceId": owner, "draft": document, "days": 1}, key=admin)
    check("a draft in the request is simulated", status == 200 and report["leadCount"] == 5 and report["waiting"]["live"]["stillWaiting"] == 2
          and report["waiting"]["draft"]["leads"] == 0 and report["caps"], str(report)[:600])
    status, _, now = server.request("POST", "/api/rules/simulate", {"workspaceId": owner, "draft": "published", "csv":
                                    "email,industry\nx@example.com,Capacity\n"}, key=admin)
    check("leads of a file meet the current counters of the caps", status == 200 and now["counters"] == "live" and now["leads"][0]["live"]["outcome"] == "waiting",
          str(now)[:600])

    fetching = {"workspaceId": owner, "name": "Fetches one", "priority": 20, "conditions": {"industries": ["Capacity"]},
                "distribution": {"caps": [{"per": "total", "limit": 1}]}, "destinationWorkspaceId": second}
    server.request("POST", "/api/rules", fetching, key=admin)
    check("a new rule takes the lead that has waited longest", soon(lambda: stands(leads[3]["id"])["status"] == "routed"), str(stands(leads[3]["id"])))
    check("the new rule takes no other lead", stands(leads[4]["id"])["status"] == "pending")
    after = switchyard("explain", leads[3]["id"]).stdout
    check("explain shows that the lead has two decisions", "decision 2 of 2" in after and "with the same result" in after, after)

    returned = server.request("POST", f"/api/leads/{leads[0]['id']}/return", {"reason": "No fit", "reroute": True}, key=admin)
    check("a returned lead does not overtake waiting leads", returned[0] == 200 and returned[2].get("rerouted") is False, str(returned))
    text = switchyard("explain", leads[0]["id"]).stdout
    check("explain reproduces the decision of the returned lead", "with the same result" in text, text)
    distribution["caps"] = [{"per": "total", "limit": 4}]
    server.request("PATCH", f"/api/rules/{pooled['id']}", {"distribution": distribution}, key=admin)
    check("a raised cap routes the last waiting lead", soon(lambda: stands(leads[4]["id"])["status"] == "routed"), str(stands(leads[4]["id"])))
    last = switchyard("explain", leads[4]["id"]).stdout
    check("explain reproduces the decision of the last lead", "with the same result" in last, last)
