#!/usr/bin/env python3
"""Measures how soon rules that are published through the API of one node are what another node decides by.

Usage: publish.py BINARY [--rules 10000] [--rounds 5]      with a database in TEST_DATABASE_URL that may be filled with junk

Two nodes on one database. Each round saves a draft in which every rule differs from what is live, publishes it through
the first node, and sends leads to the second from the moment the publication is asked for, until one is decided by the new
rules. Prints a Markdown table.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
from harness import Server, fail  # noqa: E402

os.environ.setdefault("LOG_ROUTING", "false")
# A benchmark sends as much as it can, with one key and from one address.
os.environ.setdefault("WORKSPACE_QUOTAS", ",".join(f"{name}=2000000000" for name in ("keyRequestsPerMinute", "requestsPerMinute", "leadsPerDay")))
os.environ.setdefault("ADDRESS_REQUESTS_PER_MINUTE", "1000000000")
STATES = ["CA", "NY", "TX", "WA", "FL", "IL", "MA", "OR", "GA", "CO"]
SIZES = ["1-10", "11-50", "51-200", "201-500"]


def rules(count, destination):
    """A document of so many rules; the last of them takes the leads that are sent."""
    made = []
    for n in range(count):
        conditions = {"industries": [f"industry {n % 997}"], "us_states": [STATES[n % 10]], "company_sizes": [SIZES[n % 4]]}
        if n % 2:
            conditions = {"where": {"all": [{"field": "email_domain", "op": "equals", "value": f"company-{n}.example"},
                                            {"field": "revenue", "op": "at_least", "value": "$1M"}]}}
        made.append({"name": f"Rule {n} of the sales team", "priority": count - n, "conditions": conditions, "destination": destination})
    made[-1]["conditions"] = {"industries": ["Published"]}
    return {"rules": made, "goldenLeads": []}


def ask(server, method, path, body, key, expected):
    status, _, answer = server.request(method, path, body, key, timeout=120)
    if status != expected:
        fail(f"{method} {path}: {status} {answer}")
    return answer


def measure(first, second, key, source, destination, count, number):
    """One round: how long the draft takes, its publication, and until the second node decides by it."""
    document = json.dumps(rules(count, destination))
    started = time.monotonic()
    status, _, answer = first.request("PUT", f"/api/rule-sets/{source}/draft", document, key,
                                      {"Content-Type": "application/json"}, timeout=120)
    if status != 200:
        fail(f"the draft was not saved: {status} {answer}")
    saved = time.monotonic() - started
    published = {}

    def publish():
        ask(first, "POST", f"/api/rule-sets/{source}/publish", {"note": f"round {number}"}, key, 200)
        published["at"] = time.monotonic()

    asked = time.monotonic()
    thread = threading.Thread(target=publish)
    thread.start()
    live, sent, last = None, 0, None
    while live is None:
        began = time.monotonic()
        if began - asked > 120:
            fail("the rules are not live after two minutes")
        answer = ask(second, "POST", "/api/leads", {"workspaceId": source, "industry": "Published",
                     "email": f"lead-{number}-{sent}@example.com"}, key, 201)
        sent += 1
        if answer["destinationWorkspaceId"] == destination:
            live, last = time.monotonic() - asked, time.monotonic() - began
    thread.join()
    return saved, published["at"] - asked, live, last, len(document)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    url = os.environ["TEST_DATABASE_URL"]
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, DATABASE_URL=url)
        subprocess.run([binary, "migrate", "up"], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        key = subprocess.run([binary, "keys", "create", "--administrator", "--name", "bench"], env=environment, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.split()[0]
        nodes = [Server(binary, folder, DATABASE_URL=url) for _ in range(2)]
        try:
            for node in nodes:
                if not node.wait_for("is listening", 60):
                    fail("a node did not start:\n" + node.output)
            ids = [ask(nodes[0], "POST", "/api/workspaces", {"name": name}, key, 201)["id"] for name in ("Source", "East", "West")]
            for receiver in ids[1:]:
                ask(nodes[0], "POST", "/api/agreements", {"receivingWorkspaceId": receiver, "sendingWorkspaceId": ids[0]}, key, 201)
            rows = [measure(*nodes, key, ids[0], ids[1 + number % 2], options.rules, number) for number in range(options.rounds)]
        finally:
            for node in nodes:
                node.stop()
    print(f"publishing {options.rules:,} rules through the API of one node, {rows[0][4] / 1e6:.1f} MB of JSON, all of them changed")
    print()
    print("| round | draft saved | published | live on the other node, from the request to publish | that lead itself |")
    print("|---|---|---|---|---|")
    for number, row in enumerate(rows):
        print(f"| {number + 1} | " + " | ".join(f"{x:.2f} s" for x in row[:4]) + " |")
    print("| median | " + " | ".join(f"{statistics.median(r[i] for r in rows):.2f} s" for i in range(4)) + " |")


main()
