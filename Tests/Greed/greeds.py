"""Ways to be greedy: what one tenant does, from processes of its own, while another posts single leads.

Each is a function of a `Tenant`, called again and again by some threads until the time is over; it returns the status of its answer.
"""

import http.client
import json
import os
import random
import socket
import sys
import threading
import time


class Tenant:
    """The greedy tenant: its key, and what was prepared for it."""

    def __init__(self, facts):
        self.port, self.key, self.workspace = facts["port"], facts["key"], facts["workspace"]
        self.rules, self.leads, self.sink = facts["rules"], facts["leads"], facts["workspace"]
        self.seconds = facts["seconds"]
        self.end = time.monotonic() + self.seconds
        self.local = threading.local()

    def send(self, method, path, body=None, key=None, kind="application/json"):
        """One request on the thread's own connection; the status, 0 without an answer."""
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.seconds + 5)
        headers = {"Authorization": f"Bearer {key or self.key}"}
        if body is not None:
            headers["Content-Type"] = kind
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            connection.close()
            self.local.connection = None
            return 0

    def email(self):
        return f"greedy-{random.getrandbits(60):x}@greedy.example"

    def pause(self, seconds):
        time.sleep(max(0, min(seconds, self.end - time.monotonic())))


def unknown_keys(t):
    return t.send("POST", "/api/leads", {f"emial_{n}_{'x' * 30}": n for n in range(20_000)})


def deep_json(t):
    return t.send("POST", "/api/leads", '{"metadata":' + "[" * 900_000 + "]" * 900_000 + "}")


def many_fields(t):
    metadata = {f"field{n}": "v" * 20 for n in range(20_000)}
    return t.send("POST", "/api/leads", {"email": t.email(), "metadata": metadata})


def combining_characters(t):
    marks = "a" + "\u0301\u0323\u0308" * 60_000
    return t.send("POST", "/api/leads", {"email": t.email(), "firstName": marks, "companyName": marks, "metadata": {"x": marks}})


def patterns(t):
    where = {"any": [{"field": "companyName", "op": "matches", "value": "a{0,490}b"} for _ in range(50)]}
    status = t.send("POST", "/api/rules", {"name": f"Patterns {random.random()}", "priority": 900, "conditions": {"where": where},
                                          "destinationWorkspaceId": t.sink})
    for _ in range(6):
        t.send("POST", "/api/leads", {"email": t.email(), "companyName": "a" * 190})
    return status


def new_rules(t):
    where = {"all": [{"field": "city", "op": "equals", "value": f"Town {n}"} for n in range(20)]}
    return t.send("POST", "/api/rules", {"name": f"Rule {random.random()}", "conditions": {"where": where},
                                         "destinationWorkspaceId": t.sink})


def edits(t):
    return t.send("PATCH", f"/api/rules/{random.choice(t.rules)}", {"priority": random.randrange(1000)})


def lint(t):
    return t.send("GET", "/api/rules/lint")


def simulate(t):
    return t.send("POST", "/api/rules/simulate", {"draft": "published", "days": 90, "limit": 100_000})


def simulate_file(t):
    rows = "".join(f"s{n}@x.example,Industry {n % 50},Town {n % 90}\n" for n in range(40_000))
    return t.send("POST", "/api/rules/simulate?draft=published", "email,industry,city\n" + rows, kind="text/csv")


def explain(t):
    return t.send("GET", f"/api/leads/{random.choice(t.leads)}/explain")


def statistics(t):
    return t.send("GET", "/api/stats?by=" + random.choice(["day", "rule", "industry", "region"]) + "&from=2020-01-01")


def drafts(t):
    where = {"any": [{"field": "city", "op": "equals", "value": f"Town {n}"} for n in range(100)]}
    rules = [{"name": f"Draft {n}", "priority": n, "destination": t.sink, "conditions": {"where": where}} for n in range(150)]
    return t.send("PUT", f"/api/rule-sets/{t.workspace}/draft?check=true", {"rules": rules, "goldenLeads": []})


def giant_batches(t):
    return t.send("POST", "/api/leads", {"leads": [{"email": t.email(), "industry": "Software"} for _ in range(1000)]})


def single_posts(t):
    return t.send("POST", "/api/leads", {"email": t.email(), "industry": "Software"})


def same_identity(t):
    return t.send("POST", "/api/leads", {"leads": [{"email": "same@greedy.example", "phone": "+1 212 555 0100"} for _ in range(1000)]})


def key_guessing(t):
    return t.send("GET", "/api/leads", key=f"swy_live_{random.getrandbits(230):x}")


def cursors(t):
    return t.send("GET", "/api/leads?limit=200&" + random.choice(["isDuplicate=true", "status=routed", "email=nobody@x.example"]))


def slow_bodies(t):
    """A hundred connections that send a byte of their body now and then."""
    sockets = connect(t, 100)
    head = f"POST /api/leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {t.key}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    for s in sockets:
        say(s, head.encode())
    while time.monotonic() < t.end:
        for s in sockets:
            say(s, b" ")
        t.pause(0.2)
    return close(sockets)


def idle_connections(t):
    sockets = connect(t, 800)
    t.pause(t.seconds)
    return close(sockets)


def unread_streams(t):
    """Streams that send leads and never read an answer."""
    sockets = connect(t, 8)
    head = f"POST /api/leads/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {t.key}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    for s in sockets:
        say(s, head.encode())
        s.settimeout(0.05)
    while time.monotonic() < t.end:
        for s in sockets:
            lines = "".join(json.dumps({"email": t.email()}) + "\n" for _ in range(200)).encode()
            say(s, b"%x\r\n%s\r\n" % (len(lines), lines))
        t.pause(0.01)
    return close(sockets)


def left_requests(t):
    """Requests for analyses whose client does not wait for the answer."""
    sockets = connect(t, 4)
    for s, path in zip(sockets, ["/api/rules/lint", "/api/stats?from=2020-01-01", f"/api/leads/{t.leads[0]}/explain", "/api/rules/lint"]):
        say(s, f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {t.key}\r\n\r\n".encode())
    t.pause(0.02)
    return close(sockets)


def connect(t, count):
    found = []
    for _ in range(count):
        s = socket.socket()
        s.settimeout(2)
        try:
            s.connect(("127.0.0.1", t.port))
        except OSError:
            s.close()
            break
        found.append(s)
    return found


def say(s, data):
    try:
        s.sendall(data)
    except OSError:
        pass


def close(sockets):
    for s in sockets:
        s.close()
    return 1 if sockets else 0


# Each with its number of threads.
GREEDS = [
    (unknown_keys, 4), (deep_json, 4), (many_fields, 4), (combining_characters, 4), (patterns, 2), (new_rules, 4), (edits, 4),
    (lint, 8), (simulate, 8), (simulate_file, 3), (explain, 8), (statistics, 8), (drafts, 4), (giant_batches, 2), (single_posts, 8),
    (same_identity, 2), (key_guessing, 8), (cursors, 8), (slow_bodies, 1), (idle_connections, 1), (unread_streams, 1), (left_requests, 2),
]


def main():
    """Is greedy in one way for some seconds; prints how many answers had which status."""
    # The clients share the machine with the server: what is measured is the server, so they step back.
    os.nice(15)
    facts = json.load(sys.stdin)
    tenant = Tenant(facts)
    greed, threads = next((g, n) for g, n in GREEDS if g.__name__ == facts["greed"])
    counts, lock = {}, threading.Lock()

    def work():
        while time.monotonic() < tenant.end:
            status = greed(tenant)
            with lock:
                counts[status] = counts.get(status, 0) + 1
            if status == 0:
                tenant.pause(0.05)

    running = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(max(0, tenant.end + 2 - time.monotonic()))
    with lock:
        print(json.dumps(counts), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
