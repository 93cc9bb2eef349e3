"""Two nodes of an old version become two of a new one, one after the other, while leads come in; and one goes back."""
import collections
import os
import pathlib
import subprocess
import time

import cluster as clusters
import nodes
import processes
import traffic

# Workspaces, agreements and rules by what every version so far has had.
WORLD = """
INSERT INTO workspaces (id, name) VALUES
    ('00000000-0000-4000-8000-000000000001', 'Source 1'), ('00000000-0000-4000-8000-000000000002', 'Source 2'),
    ('00000000-0000-4000-8000-000000000011', 'Destination 1'), ('00000000-0000-4000-8000-000000000012', 'Destination 2'),
    ('00000000-0000-4000-8000-000000000013', 'Destination 3');
INSERT INTO partners (workspace_id, name) SELECT id, 'Partner of ' || name FROM workspaces;
INSERT INTO routing_agreements (receiving_workspace_id, sending_workspace_id)
    SELECT d.id, s.id FROM workspaces d, workspaces s WHERE d.name LIKE 'Destination%' AND s.name LIKE 'Source%';
INSERT INTO lead_routing_rules (id, workspace_id, rule_name, priority, conditions, destination_workspace_id) VALUES
    ('00000000-0000-4000-9000-000000000001', NULL, 'Information', 10, '{"industries": ["Information"]}', '00000000-0000-4000-8000-000000000011'),
    ('00000000-0000-4000-9000-000000000002', NULL, 'Manufacturing', 10, '{"industries": ["Manufacturing"]}', '00000000-0000-4000-8000-000000000012'),
    ('00000000-0000-4000-9000-000000000003', NULL, 'Retail', 10, '{"industries": ["Retail Trade"]}', '00000000-0000-4000-8000-000000000013');
"""
SOURCES = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"]


class Node(nodes.Node):
    """A node that may be of another version in each of its lives."""

    def __init__(self, number, binary, folder, cluster):
        super().__init__(number, binary, folder, 0)
        self.url = cluster.url

    def begin(self, binary, seconds=60):
        """Starts it as that version; returns whether it answers within a while."""
        self.binary = binary
        self.start()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.is_running:
            if self.is_listening:
                return True
            time.sleep(0.05)
        return False


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.passed = self.failed = 0
        self.began = time.monotonic()
        self.cluster = clusters.Cluster(options.programs, folder / "postgres")
        self.cluster.start()

    def check(self, name, ok, detail=""):
        self.passed += bool(ok)
        self.failed += not ok
        print(("ok    " if ok else "FAIL  ") + name + (f"   {str(detail)[:1500]}" if detail and not ok else ""), flush=True)

    def say(self, words):
        print(f"# {time.monotonic() - self.began:5.1f} s  {words}", flush=True)

    def command(self, binary, *words):
        return self.nodes[0].__class__.command(self.with_binary(binary), *words, timeout=300)

    def with_binary(self, binary):
        node = self.nodes[0]
        copy = object.__new__(Node)
        copy.__dict__.update(node.__dict__, binary=binary)
        return copy

    def leave(self, words):
        """Lets a mixture run for a while, and checks that it routes."""
        before = sum(len(c.answers) for c in self.callers)
        time.sleep(self.options.seconds)
        added = sum(len(c.answers) for c in self.callers) - before
        self.check(f"{words}: leads are answered", added > self.options.seconds * self.options.rate * 0.25, f"{added} in {self.options.seconds} s")
        died = [n.last_words() for n in self.nodes if not n.is_running]
        self.check(f"{words}: both nodes run", not died, died)

    def replace(self, node, binary, words):
        self.say(words)
        node.end()
        self.check(f"{words}: the node starts", node.begin(binary), node.last_words())


def run(options, folder):
    r = Run(options, folder)
    old, new = os.path.abspath(options.old), os.path.abspath(options.new)
    r.nodes = [Node(n, old, folder, r.cluster) for n in (1, 2)]
    try:
        done = r.command(old, "migrate", "up")
        r.check("the old version migrates its schema", done.returncode == 0, done.stderr)
        r.cluster.run(WORLD)
        key = r.command(old, "keys", "create", "--administrator", "--name", "upgrade").stdout.strip()
        r.check("both nodes of the old version start", all([n.begin(old) for n in r.nodes]), [n.last_words() for n in r.nodes])
        ports = [n.port for n in r.nodes]
        r.callers = [traffic.Caller(n, ports, SOURCES, key, options.rate / 8) for n in range(8)]
        outsider = traffic.Outsider(r.cluster, SOURCES, 2)
        for each in [*r.callers, outsider]:
            each.start()
        r.say("leads come in")
        r.leave("old beside old")

        r.say("the schema, online")
        began = time.monotonic()
        done = r.command(new, "migrate", "up", "--online")
        r.check("the new version migrates online while the old nodes run", done.returncode == 0, done.stdout + done.stderr)
        print(f"      {time.monotonic() - began:.1f} s; {done.stdout.strip()}", flush=True)
        if options.broken:
            r.cluster.run(options.broken)
        r.leave("old beside old, on the new schema")
        r.replace(r.nodes[0], new, "node 1 becomes new")
        r.leave("new beside old")
        r.replace(r.nodes[1], new, "node 2 becomes new")
        r.leave("new beside new")
        r.replace(r.nodes[1], old, "node 2 goes back to the old version")
        r.leave("old beside new")
        r.replace(r.nodes[1], new, "node 2 becomes new again")
        r.leave("new beside new, again")
        r.say("the end")
        for each in [*r.callers, outsider]:
            each.over.set()
        for each in [*r.callers, outsider]:
            each.join(70)
        settle(r)
        afterwards(r, new, outsider)
    finally:
        for each in getattr(r, "callers", []):
            each.over.set()
        for node in r.nodes:
            node.end()
        r.check("every node ended cleanly at each SIGTERM", not sum((n.wrong for n in r.nodes), []),
                [n.wrong for n in r.nodes])
        r.cluster.close()
    return r.passed, r.failed


def settle(r):
    """Waits until nothing is due any more."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if r.cluster.run("SELECT count(*) FROM leads WHERE routing_status IN ('pending', 'routing')") == "0":
            return
        time.sleep(0.2)


def afterwards(r, new, outsider):
    answers = {}
    for caller in r.callers:
        answers.update(caller.answers)
    reasons = collections.Counter()
    for caller in r.callers:
        reasons.update(caller.reasons)
    refusals = sum((c.refusals for c in r.callers), [])
    r.check("every request that failed was repeated and then answered", not refusals, f"{len(refusals)}: {refusals[:4]}")
    r.check("no insert of the other program failed", not outsider.failures, outsider.failures[:3])
    stored = {row["id"]: row for row in r.cluster.rows(
        "SELECT id, email, routing_status, workspace_id, matched_rule_id, duplicate_of FROM leads")}
    lost = [e for e, a in answers.items() if a["id"] not in stored]
    r.check("every acknowledged lead is there", answers and not lost, f"{len(lost)} of {len(answers)}: {lost[:3]}")
    other = [(a, stored[a["id"]]) for a in answers.values() if a["id"] in stored and not a.get("isDuplicate") and a["status"] == "routed"
             and (stored[a["id"]]["routing_status"] != "routed" or stored[a["id"]]["workspace_id"] != a["destinationWorkspaceId"])]
    r.check("every acknowledged lead is in the workspace that its answer named", not other, other[:2])
    twice = r.cluster.rows("SELECT lower(email) AS email, count(*) FROM leads WHERE duplicate_of IS NULL GROUP BY 1 HAVING count(*) > 1")
    r.check("no e-mail address has two leads that are not duplicates", not twice, twice[:3])
    logged = r.cluster.rows("SELECT lead_id, count(*) FROM lead_routing_logs WHERE routing_result::text IN ('success', 'unmatched', 'fallback', 'duplicate') "
                            "GROUP BY 1 HAVING count(*) > 1")
    r.check("no lead was routed twice", not logged, logged[:3])
    unlogged = r.cluster.run("SELECT count(*) FROM leads l WHERE routing_status = 'routed' AND NOT EXISTS "
                             "(SELECT FROM lead_routing_logs g WHERE g.lead_id = l.id)")
    r.check("each routed lead has a log row", unlogged == "0", unlogged)
    waiting = [i for i in outsider.inserted if stored.get(i, {}).get("routing_status") != "routed"]
    r.check("leads that the other program inserted are routed too", outsider.inserted and not waiting, f"{len(waiting)} of {len(outsider.inserted)}")
    uncredited = r.cluster.run("SELECT count(*) FROM leads l WHERE routing_status = 'routed' AND matched_rule_id IS NOT NULL AND duplicate_of IS NULL "
                               "AND NOT EXISTS (SELECT FROM lead_attributions a WHERE a.lead_id = l.id)")
    r.check("each lead that a rule has routed is credited", uncredited == "0", uncredited)
    done = r.command(new, "migrate", "verify")
    r.check("verify passes", done.returncode == 0 and "✗" not in done.stdout, done.stdout[-1500:])
    print(f"      {len(answers)} leads of callers answered, {len(outsider.inserted)} of another program; {sum(c.repeats for c in r.callers)} "
          f"requests repeated ({', '.join(f'{n}: {w}' for n, w in reasons.items()) or 'none'}); longest until an answer "
          f"{max(c.longest for c in r.callers):.2f} s", flush=True)
