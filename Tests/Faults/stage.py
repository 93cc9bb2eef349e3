"""What the faults have in common: a cluster, nodes on it, leads, and what is asked of a node in trouble."""

import os
import time

import harness

A, B = (f"00000000-0000-4000-8000-{n:012d}" for n in (1, 2))
WORLD = f"""
INSERT INTO workspaces (id, name) VALUES ('{A}', 'Sender'), ('{B}', 'Receiver');
INSERT INTO routing_agreements (receiving_workspace_id, sending_workspace_id) VALUES ('{B}', '{A}');
INSERT INTO lead_routing_rules (workspace_id, rule_name, priority, conditions, destination_workspace_id)
    VALUES ('{A}', 'Retail', 10, '{{"industries": ["Retail"]}}', '{B}');
"""


def until(condition, seconds=20, step=0.05):
    """Waits for a condition; the last word on it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(step)
    return bool(condition())


def lead(name, **more):
    return {"email": f"{name}@example.com", "companyIndustry": "Retail", "sourceId": name, **more}


class Stage:
    """One database with its schema, and nodes on it."""

    def __init__(self, options, check, directory, cluster, url=None):
        self.check = check
        self.binary = os.path.abspath(options.binary)
        self.directory = directory
        self.cluster = cluster
        self.url = url or cluster.url
        self.nodes = []
        self.directory.mkdir(exist_ok=True)
        done = self.command("migrate", "up")
        if done.returncode:
            raise RuntimeError(done.stderr)
        cluster.run(WORLD)
        self.key = self.command("keys", "create", "--workspace", A, "--name", "k").stdout.strip()
        self.admin = self.command("keys", "create", "--administrator", "--name", "a").stdout.strip()

    def command(self, *arguments, **environment):
        environment.setdefault("DATABASE_URL", self.url)
        return harness.run(self.binary, *arguments, cwd=str(self.directory), **environment)

    def node(self, wait=True, binary=None, arguments=(), **environment):
        folder = self.directory / f"node{len(self.nodes)}"
        folder.mkdir()
        environment.setdefault("DATABASE_URL", self.url)
        node = harness.Server(binary or self.binary, str(folder), arguments=arguments, SWITCHYARD_DEMO="false", **environment)
        self.nodes.append(node)
        if wait and not node.wait_for("is listening", 30):
            raise RuntimeError("a node did not start: " + node.output[-800:])
        return node

    def close(self):
        for node in self.nodes:
            node.stop()

    def post(self, node, name, timeout=60, **more):
        try:
            return node.request("POST", "/api/leads", lead(name, **more), self.key, {"Idempotency-Key": name}, timeout=timeout)
        except OSError as error:
            return 0, {}, repr(error)

    def ready(self, node):
        try:
            status, _, value = node.request("GET", "/readyz", timeout=60)
            return status, value.get("detail", "")
        except OSError as error:
            return 0, repr(error)

    def recovers(self, what, node, name, seconds=30):
        """The node takes leads and says so, without being restarted."""
        begun = time.monotonic()
        good = until(lambda: self.post(node, name)[0] == 201, seconds, 0.2)
        took = time.monotonic() - begun
        self.check(f"{what}: leads are accepted again without a restart", good, f"{self.post(node, name)} " + node.output[-600:])
        self.check(f"{what}: the node is ready again", until(lambda: self.ready(node)[0] == 200, 10, 0.2), str(self.ready(node)))
        print(f"        taken again after {took:.1f} s")

    def says(self, what, answer, *words):
        """An answer is a 503 with Retry-After whose text holds the words."""
        status, headers, value = answer
        detail = value.get("detail", "") if isinstance(value, dict) else str(value)
        self.check(f"{what}: 503 with the reason and Retry-After",
                   status == 503 and "Retry-After" in headers and all(w in detail for w in words), f"{status} {value}")
        print(f"        “{detail}”")

    def says_not_ready(self, what, node, *words):
        status, detail = self.ready(node)
        self.check(f"{what}: /readyz gives the reason", status == 503 and all(w in detail for w in words), f"{status} {detail}")

    def doctor_says(self, what, *words, **environment):
        done = self.command("doctor", **environment)
        text = done.stdout + done.stderr
        self.check(f"{what}: doctor gives the reason", done.returncode == 1 and all(w in text for w in words), text[-700:])
        for line in text.split("\n"):
            if line.startswith(("✗", "Error:", "error:", "    →")):
                print(f"        {line[:230]}")
