#!/usr/bin/env python3
"""Everything through pgbouncer in transaction mode, where clients share sessions. Run by script/test pooler."""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "EndToEnd"), str(HERE.parent / "Chaos")]

import bouncer as bouncers  # noqa: E402
import cluster as clusters  # noqa: E402
import harness  # noqa: E402
import processes  # noqa: E402

A, B = (f"00000000-0000-4000-8000-{n:012d}" for n in (1, 2))
WORLD = f"""
INSERT INTO workspaces (id, name) VALUES ('{A}', 'Sender'), ('{B}', 'Receiver');
INSERT INTO routing_agreements (receiving_workspace_id, sending_workspace_id) VALUES ('{B}', '{A}');
INSERT INTO lead_routing_rules (workspace_id, rule_name, priority, conditions, destination_workspace_id)
    VALUES ('{A}', 'Retail', 10, '{{"industries": ["Retail"]}}', '{B}');
"""


class Run:
    """The cluster, the pooler in front of it, and two nodes behind that."""

    def __init__(self, options, directory):
        self.check = harness.Checks()
        self.binary = os.path.abspath(options.binary)
        self.directory = directory
        self.cluster = clusters.Cluster(options.programs, directory / "postgres")
        self.cluster.start()
        self.pooler = bouncers.Bouncer(self.cluster)
        self.pooler.start()
        self.nodes = []

    def command(self, *arguments, **environment):
        environment.setdefault("DATABASE_URL", self.pooler.url)
        return harness.run(self.binary, *arguments, cwd=str(self.directory), **environment)

    def start_node(self, **environment):
        number = len(self.nodes)
        folder = self.directory / f"node{number}"
        folder.mkdir()
        node = harness.Server(self.binary, str(folder), DATABASE_URL=self.pooler.url, SWITCHYARD_DEMO="false", **environment)
        self.nodes.append(node)
        return node

    def count(self, query):
        return int(self.cluster.run(query))

    def until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.05)
        return False


def lead(number, **more):
    return {"email": f"p{number}@example.com", "companyIndustry": "Retail", "sourceId": f"n{number}", **more}


def commands(run):
    print("# The command line")
    check = run.check
    done = run.command("migrate", "up")
    check("the schema is migrated through the pooler", done.returncode == 0, done.stderr[-300:])
    done = run.command("migrate", "verify")
    check("migrate verify passes through the pooler", done.returncode == 0, done.stdout[-300:])
    run.cluster.run(WORLD)
    done = run.command("doctor")
    check("doctor detects the pooler", "pooler: in transaction mode" in done.stdout, done.stdout + done.stderr)
    done = run.command("doctor", DATABASE_URL=run.cluster.url)
    check("doctor reports no pooler on a direct connection", "pooler: none" in done.stdout, done.stdout + done.stderr)
    done = run.command("doctor", DATABASE_URL=run.cluster.url, DATABASE_POOLER="transaction")
    check("with DATABASE_POOLER=transaction, doctor reports a pooler on a direct connection", "pooler: in transaction mode" in done.stdout, done.stdout + done.stderr)
    run.key = run.command("keys", "create", "--workspace", A, "--name", "k").stdout.strip()
    run.admin = run.command("keys", "create", "--administrator", "--name", "a").stdout.strip()
    file = run.directory / "leads.csv"
    file.write_text("email,industry\n" + "".join(f"file{n}@example.com,Retail\n" for n in range(1200)))
    done = run.command("import", str(file), "--workspace", A)
    check("a file is imported", done.returncode == 0 and run.count("SELECT count(*) FROM leads WHERE email LIKE 'file%'") == 1200,
          done.stdout + done.stderr)
    done = run.command("jobs", "run", "cleanupStaleRoutingLocks")
    check("a scheduled function runs", done.returncode == 0, done.stderr)


def service(run):
    print("# The server")
    check = run.check
    first = run.start_node()
    second = run.start_node(DATABASE_DIRECT_URL=run.cluster.url)
    check("two nodes listen", all(n.wait_for("is listening") for n in run.nodes), first.output[-500:])
    check("the node behind the pooler logs that it polls instead of listening", first.wait_for("does not forward notifications", 10))
    check("the node with DATABASE_DIRECT_URL listens without the pooler", run.until(lambda: run.count(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'switchyard hints' AND query LIKE 'LISTEN%'") == 1))
    status, _, value = first.request("POST", "/api/leads", lead(1), run.key)
    check("a lead is routed", status == 201 and value["destinationWorkspaceId"] == B, f"{status} {value}")
    status, _, value = second.request("POST", "/api/leads", lead(1), run.key)
    check("the other node recognises a duplicate", value.get("isDuplicate") is True, f"{status} {value}")
    answers = [n.request("POST", "/api/leads", lead(2), run.key, {"Idempotency-Key": "k1"}) for n in run.nodes]
    check("an idempotency key is valid on both nodes", answers[0][2]["id"] == answers[1][2]["id"], str(answers))
    status, _, value = first.request("POST", "/api/leads", {"leads": [lead(n) for n in range(100, 400)]}, run.key)
    check("a batch is routed", status in (200, 201, 207) and run.count(
        "SELECT count(*) FROM leads WHERE source_id ~ '^n[123]..$' AND routing_status = 'routed'") == 300, f"{status} {str(value)[:300]}")
    run.cluster.run(f"INSERT INTO leads (workspace_id, email, company_industry) "
                    f"SELECT '{A}', 'w' || n || '@example.com', 'Retail' FROM generate_series(1, 700) n;")
    check("leads that another program inserts are picked up", run.until(lambda: run.count(
        "SELECT count(*) FROM leads WHERE email LIKE 'w%' AND routing_status = 'routed'") == 700))
    failures, threads = [], []

    def post(node, start):
        for n in range(start, start + 60):
            status, _, value = node.request("POST", "/api/leads", lead(n), run.key)
            if status != 201:
                failures.append((status, value))

    for index in range(12):
        threads.append(threading.Thread(target=post, args=(run.nodes[index % 2], 1000 + 100 * index)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check("twelve clients at once share three sessions", not failures and run.count(
        "SELECT count(*) FROM leads WHERE source_id ~ '^n[12]...$' AND routing_status = 'routed'") == 720, str(failures[:2]))
    status, _, _ = first.request("POST", "/api/routing/pause", {"workspaceId": A}, run.admin)
    status_b, _, value = second.request("POST", "/api/leads", lead(3), run.key)
    check("a pause holds on the other node", status == 200 and value.get("status") == "pending", f"{status} {status_b} {value}")
    second.request("POST", "/api/routing/resume", {"workspaceId": A}, run.admin)
    check("after the pause ends, the lead is routed", run.until(lambda: run.count("SELECT count(*) FROM leads WHERE source_id = 'n3' AND routing_status = 'routed'") == 1))


def strangers(run):
    print("# Sessions that other clients of the pool get")
    settings = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")
    plain = [run.cluster.run(f"SELECT boot_val FROM pg_settings WHERE name = '{name}';") for name in settings[:3]]
    plain.append(run.cluster.run("SHOW TimeZone;"))
    met = {tuple(run.pooler.psql(f"SHOW {name}") for name in settings) for _ in range(8)}
    run.check("shared sessions have no settings of Switchyard", met == {tuple(plain)}, f"{met} instead of {plain}")
    left = {run.pooler.psql("SELECT count(*) FROM pg_prepared_statements") for _ in range(8)}
    run.check("no prepared statement is left behind", left == {"0"}, str(left))
    listening = {run.pooler.psql("SELECT count(*) FROM pg_listening_channels()") for _ in range(8)}
    run.check("no session listens", listening == {"0"}, str(listening))
    run.check("there are three sessions at most", run.count(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'switchyard hints'") <= 4)


def losses(run):
    print("# Losses")
    acknowledged, wrong, stopping = {}, [], threading.Event()

    def post(index):
        node, n = run.nodes[index % 2], 10_000 * (index + 1)
        while not stopping.is_set():
            n += 1
            for _ in range(40):
                try:
                    status, _, value = node.request("POST", "/api/leads", lead(n), run.key, {"Idempotency-Key": f"x{n}"}, timeout=40)
                except OSError as error:
                    wrong.append(repr(error))
                    break
                if status == 201:
                    acknowledged[f"n{n}"] = value["id"]
                    break
                if status != 503:
                    wrong.append(f"{status} {value}")
                    break
                time.sleep(0.2)

    threads = [threading.Thread(target=post, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()

    def goes_on(what):
        before = len(acknowledged)
        run.check(f"leads are acknowledged after {what}", run.until(lambda: len(acknowledged) >= before + 50, 40), f"{len(acknowledged) - before} more")

    goes_on("the start")
    run.pooler.kill()
    time.sleep(0.3)
    run.pooler.start()
    goes_on("the pooler was killed")
    run.cluster.restart("immediate")
    goes_on("PostgreSQL crashed behind it")
    run.cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid();")
    goes_on("all sessions were ended")
    stopping.set()
    for thread in threads:
        thread.join()
    stored = dict(line.split("|") for line in run.cluster.run(
        "SELECT source_id, id FROM leads WHERE source_id ~ '^n[0-9]{5}$'").split("\n") if line)
    missing = [key for key, id in acknowledged.items() if stored.get(key) != id]
    run.check(f"each of {len(acknowledged)} acknowledged leads is stored under its acknowledged id", not missing, str(missing[:3]))
    run.check("no lead is stored twice", run.count("SELECT count(*) FROM (SELECT source_id FROM leads WHERE source_id ~ '^n[0-9]{5}$' "
                                      "GROUP BY 1 HAVING count(*) > 1) x") == 0)
    run.check("no lead is a duplicate of itself", run.count(
        "SELECT count(*) FROM leads WHERE source_id ~ '^n[0-9]{5}$' AND duplicate_of IS NOT NULL") == 0)
    run.check("clients got only 201, or 503 and then 201", not wrong, str(wrong[:3]))
    for node in run.nodes:
        run.check("a node ends with 0", node.stop() == 0, node.output[-400:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--programs", required=True)
    options = parser.parse_args()
    if bouncers.version() is None:
        print("left out: pgbouncer is not installed; script/setup --tests installs it with apt-get")
        print("0 passed, 0 failed")
        return 0
    directory = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-pooler-"))
    directory.chmod(0o755)
    run = None
    try:
        run = Run(options, directory)
        print(bouncers.version())
        for part in (commands, service, strangers, losses):
            part(run)
        return run.check.close()
    finally:
        if run:
            for node in run.nodes:
                node.stop()
            run.pooler.kill()
            run.cluster.close()
        processes.end_all()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
