#!/usr/bin/env python3
"""The primary dies under load, and routing goes on by itself. Run by script/test failover and script/test managed.

Plain: two servers with synchronous streaming, promoted by hand as a tool would. Managed: pg_auto_failover decides.
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "EndToEnd"), str(HERE.parent / "Chaos")]

import harness  # noqa: E402
import managed  # noqa: E402
import processes  # noqa: E402
from clients import Clients  # noqa: E402
from members import Member, until  # noqa: E402

A, B = (f"00000000-0000-4000-8000-{n:012d}" for n in (1, 2))
WORLD = f"""
INSERT INTO workspaces (id, name) VALUES ('{A}', 'Sender'), ('{B}', 'Receiver');
INSERT INTO routing_agreements (receiving_workspace_id, sending_workspace_id) VALUES ('{B}', '{A}');
INSERT INTO lead_routing_rules (workspace_id, rule_name, priority, conditions, destination_workspace_id)
    VALUES ('{A}', 'Retail', 10, '{{"industries": ["Retail"]}}', '{B}');
"""
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'switchyard'"
LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'switchyard hints'"
# Transactions that could still write, of whatever session.
WRITING = "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL"


class Run:
    """Nodes and clients on a pair of servers, under either failover manager."""

    def __init__(self, options, directory, ports):
        self.check = harness.Checks()
        self.binary = os.path.abspath(options.binary)
        self.directory = directory
        self.hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.url = f"postgresql://postgres@{self.hosts}/postgres?connect_timeout=2&target_session_attrs=read-write"
        self.nodes = []
        self.figures = []

    def command(self, *arguments):
        return harness.run(self.binary, *arguments, cwd=str(self.directory), DATABASE_URL=self.url)

    def begin(self, primary):
        """Schema, world, three nodes and the clients."""
        done = self.command("migrate", "up")
        self.check("the schema is migrated", done.returncode == 0, done.stderr[-300:])
        primary.query(WORLD)
        key = self.command("keys", "create", "--workspace", A, "--name", "k").stdout.strip()
        for number in range(3):
            folder = self.directory / f"node{number}"
            folder.mkdir()
            # The last one names two hosts and nothing else.
            url = self.url if number < 2 else f"postgresql://postgres@{self.hosts}/postgres?connect_timeout=2"
            self.nodes.append(harness.Server(self.binary, str(folder), DATABASE_URL=url, SWITCHYARD_DEMO="false"))
        self.check("three nodes listen", all(n.wait_for("is listening") for n in self.nodes), self.nodes[0].output[-400:])
        self.clients = Clients(self.nodes, key)
        self.clients.start()
        self.goes_on("at first")

    def goes_on(self, when, more=200, seconds=60):
        before = self.clients.count
        self.check(f"leads are acknowledged {when}", until(lambda: self.clients.count >= before + more, seconds),
                   f"{self.clients.count - before} more; {self.clients.answers} " + self.nodes[0].output[-600:])

    def resumes(self, what, instant, seconds):
        """Measures from an instant to the first acknowledgement of what was sent after it."""
        until(lambda: self.clients.first_after(instant) is not None, seconds)
        took = self.clients.first_after(instant)
        self.check(f"{what}: leads are acknowledged again", took is not None,
                   f"not within {seconds} s; {self.clients.answers} " + self.nodes[0].output[-600:])
        if took is not None:
            self.figures.append(f"{what}: first acknowledged lead after {took:.1f} s")

    def end(self, primary):
        """Stops the clients and compares their ledger with the database."""
        clients, check = self.clients, self.check
        clients.stop()
        rows = primary.query("SELECT source_id, id, workspace_id, routing_status FROM leads") or ""
        stored = {}
        for line in rows.split("\n"):
            if line:
                name, *rest = line.split("|")
                stored.setdefault(name, []).append(rest)
        lost = [n for n, told in clients.acknowledged.items() if [r[0] for r in stored.get(n, [])] != [told[0]]]
        check(f"each of {clients.count} acknowledged leads is stored once, under its acknowledged id", not lost, str(lost[:3]))
        wrong = [n for n in clients.acknowledged if [r[1:] for r in stored.get(n, [])] != [[B, "routed"]]]
        check("each acknowledged lead is routed to its one destination", not wrong, str([(n, stored.get(n)) for n in wrong[:3]]))
        check("each stored lead was sent, and is stored once",
              all(n in clients.sent and len(r) == 1 for n, r in stored.items()))
        count = lambda sql: primary.query(sql)  # noqa: E731
        check("no lead is a duplicate of itself", count("SELECT count(*) FROM leads WHERE duplicate_of IS NOT NULL") == "0")
        check("no identity was routed twice: each lead has a claim of its own", count(
            "SELECT count(*) FROM leads l WHERE NOT EXISTS (SELECT FROM lead_identity_claims c WHERE c.lead_id = l.id)") == "0")
        check("each lead is credited once", count(
            "SELECT count(*) FROM leads l WHERE (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id) <> 1") == "0")
        check("clients got no answer other than 201, 409 and 503", not clients.wrong, str(clients.wrong[:3]))
        for number, node in enumerate(self.nodes):
            check(f"node {number} ran until the end and exits with 0", node.process.poll() is None and node.stop() == 0, node.output[-500:])
        for figure in self.figures:
            print(f"        {figure}")
        print(f"        {clients.count} leads acknowledged; answers {clients.answers}")


def plain(options, directory):
    first, second = (Member(options.programs, directory, name) for name in ("first", "second"))
    run = None
    try:
        first.create()
        first.start("synchronous_standby_names=*", "synchronous_commit=on")
        second.copy(first)
        second.start()
        run = Run(options, directory, (first.port, second.port))
        run.check("the standby is synchronous", until(lambda: first.query("SELECT sync_state FROM pg_stat_replication") == "sync"))
        run.begin(first)
        run.check("nodes listen for hints on the primary", until(lambda: first.query(LISTENING) == "3"), str(first.query(LISTENING)))

        print("# The primary is killed")
        first.kill()
        killed = time.monotonic()
        status, _, value = run.nodes[0].request("GET", "/readyz", timeout=60)
        run.check("a node without a primary says that it is not ready", status == 503 and "database" in value.get("detail", ""), f"{status} {value}")
        second.promote()
        run.resumes("primary killed, standby promoted", killed, 40)
        run.goes_on("by the new primary")

        print("# The old primary comes back as a standby, first in the list of hosts")
        first.copy(second)
        first.start()
        run.goes_on("while it comes back")
        second.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'switchyard%'")
        run.goes_on("after every session was ended")
        run.check("no node uses the standby", first.query(SESSIONS) == "0" and first.query(LISTENING) == "0",
                  f"{first.query(SESSIONS)} {first.query(LISTENING)}")
        run.check("nodes listen for hints on the new primary", until(lambda: second.query(LISTENING) == "3"), str(second.query(LISTENING)))

        print("# Switched back: the primary goes read-only under live sessions, the standby is promoted")
        second.query("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf();")
        run.check("nothing is written any more", until(lambda: second.query(WRITING) == "0"))
        end = second.query("SELECT pg_current_wal_flush_lsn()")
        run.check("the standby has replayed all of the write-ahead log", until(lambda: first.query(f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == "t"))
        switched = time.monotonic()
        first.promote()
        run.resumes("sessions on a server made read-only, standby promoted", switched, 40)
        run.goes_on("by the first server again")
        run.check("no node is left on the read-only server", until(lambda: second.query(SESSIONS) == "0", 20), str(second.query(SESSIONS)))
        run.check("nodes listen for hints on the first server again", until(lambda: first.query(LISTENING) == "3" and second.query(LISTENING) == "0"),
                  f"{first.query(LISTENING)} {second.query(LISTENING)}")
        run.end(first)
        return run.check.close()
    finally:
        for node in run.nodes if run else []:
            node.stop()
        for member in (first, second):
            member.close()


def by_autofailover(options, directory):
    pair = managed.Pair(options.programs, directory)
    run = None
    try:
        pair.start()
        a, b = pair.members
        run = Run(options, directory, (a.port, b.port))
        run.check("pg_auto_failover has a primary and a secondary", pair.states() == {"a": "primary", "b": "secondary"}, str(pair.states()))
        run.check("the secondary is synchronous", until(
            lambda: a.query("SELECT sync_state FROM pg_stat_replication") in ("sync", "quorum"), 60), str(a.query("SELECT sync_state FROM pg_stat_replication")))
        run.begin(a)
        print("# The primary and its keeper are killed")
        a.kill()
        killed = time.monotonic()
        run.resumes("primary and keeper killed", killed, 180)
        run.goes_on("by the new primary")
        print("# The keeper is started again, and its server comes back as a secondary")
        a.run()
        run.check("pg_auto_failover has a pair again", until(lambda: pair.states() == {"a": "secondary", "b": "primary"}, 120, 0.3), str(pair.states()))
        b.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'switchyard%'")
        run.goes_on("after every session was ended")
        run.check("no node uses the secondary", a.query(SESSIONS) == "0", str(a.query(SESSIONS)))
        run.end(b)
        return run.check.close()
    finally:
        for node in run.nodes if run else []:
            node.stop()
        pair.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--managed", action="store_true")
    options = parser.parse_args()
    if options.managed and managed.PROGRAM is None:
        print("left out: pg_autoctl is not installed; script/setup --failover installs it with apt-get")
        print("0 passed, 1 failed")
        return 1
    directory = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-failover-"))
    directory.chmod(0o755)
    try:
        return (by_autofailover if options.managed else plain)(options, directory)
    finally:
        processes.end_all()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
