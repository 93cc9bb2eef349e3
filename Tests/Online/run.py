#!/usr/bin/env python3
"""`switchyard migrate --online` on an installation that another program reads and writes the whole time.

    Tests/Online/run.py --binary .build/release/switchyard --psql-url URL [--leads 2000000] [--rate 200] [--no-compare]

Makes databases named switchyard_online_*, and drops them. Prints one line per check and "N passed, N failed" at the end.
"""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "GuideTests"), str(HERE.parent / "EndToEnd")]

import harness as guide  # noqa: E402  (GuideTests)
import program  # noqa: E402
import walk  # noqa: E402
import wire  # noqa: E402

PRINTED = next(b for b in re.findall(r"```sql\n(.*?)```", (HERE.parent / "GuideTests" / "guide.md").read_text(), re.S)
               if "DROP TYPE" in b)
WORKSPACES = [f"00000000-0000-4000-8000-{n:012d}" for n in range(1, 9)]

# As an earlier system has left it: other types, other columns, no routing; one lead in twenty waits for a workspace, some
# have the e-mail or phone of an older one, some have no identity.
DRIFTED = """
CREATE TABLE workspaces (id uuid PRIMARY KEY, name varchar(80) NOT NULL, settings json);
CREATE TABLE leads (
    id uuid PRIMARY KEY, workspace_id uuid REFERENCES workspaces, email varchar(255) NOT NULL,
    phone varchar(40), full_name text NOT NULL DEFAULT '', created_at timestamp DEFAULT now());
CREATE TABLE user_workspaces (user_id uuid, workspace_id uuid);
INSERT INTO workspaces SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'W' || n FROM generate_series(1, 8) n;
INSERT INTO leads (id, workspace_id, email, phone, full_name, created_at)
SELECT ('11111111-1111-4111-8111-' || lpad(to_hex(n), 12, '0'))::uuid,
    CASE WHEN n % 20 <> 0 THEN ('00000000-0000-4000-8000-' || lpad((n % 8 + 1)::text, 12, '0'))::uuid END,
    CASE WHEN n % 97 = 0 THEN 'n/a' WHEN n % 31 = 0 THEN 'Twin' || n / 310 || '@Example.com' ELSE 'p' || n || '@example.com' END,
    CASE WHEN n % 97 <> 0 AND n % 3 = 0 THEN '+1 (555) ' || lpad((n / 6)::text, 8, '0') END, 'Name ' || n,
    CASE WHEN n % 1009 <> 0 THEN timestamp '2026-01-01' + (n::bigint * 7919 % 25000000) * interval '1 second' END
FROM generate_series(1, COUNT) n;
CREATE INDEX leads_by_workspace ON leads (workspace_id, created_at);
"""


class Online:
    """`switchyard migrate up --online` as a process, its lines with the time they came."""

    def __init__(self, binary, url, *arguments):
        env = {k: v for k, v in os.environ.items() if k == "SWITCHYARD_POSTGRES_BIN" or not k.startswith(("PG", "DATABASE_", "SWITCHYARD_", "SUPABASE_"))}
        self.process = subprocess.Popen([binary, "migrate", *arguments], env=dict(env, DATABASE_URL=url), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = []
        self.kill_at = None
        self.started = time.time()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.time(), line.rstrip()))
            if self.kill_at is not None and len(self.lines) >= self.kill_at:
                self.process.send_signal(signal.SIGKILL)

    def wait(self):
        self.process.wait()
        self.thread.join()
        self.seconds = time.time() - self.started
        return self.process.returncode

    @property
    def text(self):
        return "\n".join(line for _, line in self.lines)

    def cut(self, version="20260131000001"):
        """When the migration's own transaction began at the earliest, and ended at the latest."""
        for (when, line), (after, _) in zip(self.lines, self.lines[1:] + [(time.time(), "")]):
            if version in line and "short transaction" in line:
                return when, after
        return None


class Run:
    def __init__(self, options):
        self.options = options
        self.h = guide.Harness(options.psql_url)
        self.name = f"switchyard_online_{os.getpid()}"
        self.h.server.run(f"CREATE DATABASE {self.name} TEMPLATE template0 ENCODING 'UTF8'")
        self.h.made.append(self.name)
        self.url = wire.sibling(options.psql_url, self.name)
        self.db = guide.Database(self.url)
        self.programs = []

    def switchyard(self, *arguments):
        online = Online(self.options.binary, self.url, *arguments)
        online.wait()
        return online

    def start_program(self):
        count = self.options.leads

        def lead(chance):
            while True:
                n = chance.randrange(1, count + 1)
                if n % 31 and n % 97 and n % 3 and n % 20:
                    return "11111111-1111-4111-8111-%012x" % n

        self.program = program.Program(self.url, WORKSPACES, lead, rate=self.options.rate, seed=len(self.programs) + 1)
        self.programs.append(self.program)

    def no_one_waited(self, what, start, end=None):
        end = end or time.time()
        waits = self.program.between(start, end)
        longest = max(waits, default=(0, 0, "nothing"))
        rate = len(waits) / max(end - start, 0.001)
        self.h.check(f"{what}: no statement waited as long as a second, and none failed", waits and longest[0] < 1 and not self.program.failures,
                     f"longest {longest[0]:.3f} s ({longest[2]}), failures {self.program.failures[:3]}")
        ordered = sorted(w[0] for w in waits)
        print(f"      {what}: {end - start:.1f} s, {len(waits)} statements ({rate:.0f}/s), median {ordered[len(ordered) // 2] * 1000:.1f} ms, "
              f"99.9 % {ordered[int(len(ordered) * 0.999)] * 1000:.0f} ms, longest {longest[0] * 1000:.0f} ms ({longest[2]})", flush=True)

    def verified(self, what):
        done = self.switchyard("verify")
        self.h.check(f"{what}: verify passes", done.process.returncode == 0,
                     "\n".join(line for _, line in done.lines if "✗" in line) or done.text[-300:])

    def online(self, what, *arguments):
        start = time.time()
        done = self.switchyard(*arguments)
        self.h.check(f"{what}: succeeds", done.process.returncode == 0, done.text[-500:])
        self.no_one_waited(what, start)
        self.verified(what)
        return done


def interrupted(run):
    """Killed after every line that it prints, and run again each time, until it is through."""
    start, kills, reached, place = time.time(), 0, 0, 1
    while True:
        attempt = Online(run.options.binary, run.url, "up", "--online")
        attempt.kill_at = place
        code = attempt.wait()
        if code == 0:
            break
        if code != -signal.SIGKILL:
            run.h.check("an interrupted migration continues when it is started again", False, attempt.text[-500:])
            return
        kills += 1
        place += 3
        if kills > 60:
            break
    run.h.check(f"a migration that is killed {kills} times continues each time and completes", kills >= 8 and code == 0, attempt.text[-300:])
    run.no_one_waited("the interrupted migration", start)
    run.verified("the interrupted migration")


def printed_rollback(run):
    """The guide's script, with a limit on its waiting and repeated until it gets through, as docs/migration-guide.md has it."""
    start = time.time()
    tries = 0
    while True:
        tries += 1
        env = dict(os.environ, PGOPTIONS="-c lock_timeout=200ms -c client_min_messages=warning")
        done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", run.url], input=PRINTED, env=env, text=True,
                              capture_output=True)
        if done.returncode == 0 or tries > 100:
            break
        time.sleep(0.1)
    run.h.check(f"the guide's printed rollback succeeds ({tries} tries)", done.returncode == 0, done.stderr)
    time.sleep(1)
    run.no_one_waited("the printed rollback", start)


def unreleased(run):
    """A ledger that no release has is refused by everything that would use or change the schema, with what to do."""
    print("# A database of an unreleased version", flush=True)
    damages = {
        "a version that no release has": ("INSERT INTO switchyard.migrations VALUES ('20260301000001', 'idempotency_keys', '', now(), 0)",
                                          "20260301000001 idempotency_keys that this version does not have"),
        "another text": ("UPDATE switchyard.migrations SET checksum = 'x' WHERE version = '20260131000001'",
                         "20260131000001 lead_routing_fixes with another text than this version's"),
    }
    ledger = "SELECT string_agg(m::text, ' ' ORDER BY version) FROM switchyard.migrations m"
    whole = run.db.run("SELECT string_agg(format('(%L, %L, %L, %L, %L)', version, name, checksum, applied_at, duration_ms), ', ') FROM switchyard.migrations m")
    for words, (sql, found) in damages.items():
        run.db.run(sql)
        before = run.db.run(ledger)
        for arguments in (("migrate", "up"), ("migrate", "up", "--online"), ("migrate", "plan"),
                          ("migrate", "down", "--to", "20260101000002", "--yes"), ("keys", "list"), ("serve",)):
            done = subprocess.run([run.options.binary, *arguments], env=dict(os.environ, DATABASE_URL=run.url, PORT="0"), text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
            run.h.check(f"{words}: {' '.join(arguments)} is refused, with the finding and the remedy",
                        done.returncode == 1 and "an unreleased version" in done.stderr and found in done.stderr
                        and "createdb" in done.stderr and "docs/operations.md" in done.stderr, done.stdout[-200:] + done.stderr[-600:])
        run.h.equal(f"{words}: nothing was changed", run.db.run(ledger), before)
        run.db.run(f"DELETE FROM switchyard.migrations; INSERT INTO switchyard.migrations VALUES {whole}")
    newer = "INSERT INTO switchyard.migrations VALUES ('29990101000001', 'later', '', now(), 0)"
    run.db.run(newer)
    done = run.switchyard("up")
    run.h.check("the ledger of a newer release is accepted", done.process.returncode == 0, done.text[-300:])
    run.db.run("DELETE FROM switchyard.migrations WHERE version = '29990101000001'")


def same_as_plain(run, cut):
    """The leads as they are now, in the shape they had before, migrated plainly: what comes of them is the same."""
    h = run.h
    plain = run.h.empty()
    plain.run(DRIFTED.replace("COUNT", "1") + "DELETE FROM leads")
    out = subprocess.Popen(["psql", "-X", "-q", "-d", run.url, "-c",
                            "COPY (SELECT id, workspace_id, email, phone, full_name, created_at FROM leads) TO STDOUT"], stdout=subprocess.PIPE)
    subprocess.run(["psql", "-X", "-q", "-d", plain.url, "-c", "COPY leads FROM STDIN"], stdin=out.stdout, check=True)
    start = time.time()
    plain.migrate("-1")
    print(f"      the plain migration of the same leads: {time.time() - start:.1f} s", flush=True)
    # Where no time of creation is known the expiry counts from the time of the migration. Leads without a workspace are kept by the
    # command (`--existing keep`), and the files of SQL alone know no such choice.
    columns = ("id, workspace_id, source_workspace_id, routing_status::text, dedupe_hash, lead_expires_at IS NULL AS no_expiry, "
               "CASE WHEN created_at IS NOT NULL AND coalesce(source_workspace_id, workspace_id) IS NOT NULL THEN lead_expires_at END AS expiry, routing_attempts, matched_rule_id, routed_at")
    kept = ("SELECT id, lead_expires_at = 'infinity' AS is_kept FROM leads "
            "WHERE source_workspace_id IS NULL AND workspace_id IS NULL AND routing_status = 'pending'")
    for table, sql in (("online_kept", kept), ("online_leads", f"SELECT {columns} FROM leads"), ("online_claims", "SELECT identity, lead_id, workspace_id FROM lead_identity_claims"),
                       ("online_queue", "SELECT lead_id, workspace_id, attempt_number FROM lead_routing_queue")):
        plain.run(f"CREATE TABLE {table} AS {sql} LIMIT 0")
        out = subprocess.Popen(["psql", "-X", "-q", "-d", run.url, "-c", f"COPY ({sql}) TO STDOUT"], stdout=subprocess.PIPE)
        subprocess.run(["psql", "-X", "-q", "-d", plain.url, "-c", f"COPY {table} FROM STDIN"], stdin=out.stdout, check=True)
    late = {i for when, i in run.program.added + run.program.touched if when > cut[0] - 0.5}
    new = {i for when, i in run.program.added if when > cut[1] + 0.5}
    plain.run("CREATE TABLE late (id uuid)")
    subprocess.run(["psql", "-X", "-q", "-d", plain.url, "-c", "COPY late FROM STDIN"], input="\n".join(sorted(late)) + "\n", text=True, check=True)
    h.check("some leads were added or changed after the migration's own transaction, but fewer than half", 0 < len(late) < run.options.leads / 2, str(len(late)))
    # One that came late is a new lead, and expires as new ones do.
    h.equal("leads without a workspace are kept, and expire never", plain.rows(
        "SELECT count(*) > 0, bool_and(is_kept) FROM online_kept WHERE id NOT IN (SELECT id FROM late)"), [["t", "t"]])
    h.equal("every other lead is what the plain migration makes of it", plain.rows(
        f"SELECT count(*), min(o::text), min(p::text) FROM (SELECT * FROM online_leads WHERE id NOT IN (SELECT id FROM late)) o "
        f"FULL JOIN (SELECT {columns} FROM leads WHERE id NOT IN (SELECT id FROM late)) p USING (id) WHERE o IS DISTINCT FROM p"), [["0", "", ""]])
    h.equal("the claims equal those of the plain migration: the oldest lead has them", plain.rows(
        "SELECT count(*), min(o::text), min(p::text) FROM online_claims o "
        "FULL JOIN lead_identity_claims p USING (identity) WHERE (o.lead_id, o.workspace_id) IS DISTINCT FROM (p.lead_id, p.workspace_id) "
        "AND coalesce(o.lead_id NOT IN (SELECT id FROM late), true) AND coalesce(p.lead_id NOT IN (SELECT id FROM late), true)"), [["0", "", ""]])
    h.equal("the queue equals that of the plain migration", plain.rows(
        "SELECT count(*), min(o::text), min(p::text) FROM online_queue o FULL JOIN lead_routing_queue p USING (lead_id) "
        "WHERE lead_id NOT IN (SELECT id FROM late) AND (o.workspace_id, o.attempt_number) IS DISTINCT FROM (p.workspace_id, p.attempt_number)"),
        [["0", "", ""]])
    plain.run("CREATE TABLE new (id uuid)")
    subprocess.run(["psql", "-X", "-q", "-d", plain.url, "-c", "COPY new FROM STDIN"], input="\n".join(sorted(new)) + "\n", text=True, check=True)
    h.equal("leads added after the migration wait in the queue, with their hash", plain.rows(
        "SELECT count(*) FROM new n JOIN online_leads o USING (id) LEFT JOIN online_queue q ON q.lead_id = n.id "
        "WHERE o.routing_status <> 'pending' OR q.lead_id IS NULL OR o.dedupe_hash IS NULL"), [["0"]])
    plain.run("DROP TABLE online_kept, online_leads, online_claims, online_queue, late, new")

    def schema(url):
        dump = subprocess.run(["pg_dump", "-s", "-d", url], text=True, capture_output=True, check=True).stdout
        lines = (line.strip().rstrip(",") for line in dump.split("\n"))
        return sorted(line for line in lines if line and not line.startswith(("--", "\\")) and "switchyard.migrations" not in line)

    ledger = {"applied_at timestamp with time zone NOT NULL", "checksum text NOT NULL", "version text NOT NULL", "duration_ms bigint NOT NULL",
              "ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);"}
    ours, theirs = schema(run.url), schema(plain.url)
    difference = [x for x in set(ours) ^ set(theirs) if x not in ledger]
    h.check("the schema equals that of the plain migration", not difference, str(difference[:6]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--psql-url", required=True)
    parser.add_argument("--leads", type=int, default=50_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--no-compare", action="store_true")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    run = Run(options)
    h = run.h
    try:
        start = time.time()
        run.db.run(DRIFTED.replace("COUNT", str(options.leads)) + "; ANALYZE")
        print(f"# {options.leads} leads, made in {time.time() - start:.0f} s; another program at {options.rate} transactions a second", flush=True)
        run.start_program()
        time.sleep(3)
        run.no_one_waited("before anything", time.time() - 3)
        print("# Online", flush=True)
        first = run.online("the migration", "up", "--online")
        print("\n".join("      | " + line for _, line in first.lines if "of about" not in line), flush=True)
        again = run.switchyard("--online")
        h.check("migrate --online, run again, has nothing to do", "up to date" in again.text and again.process.returncode == 0, again.text)
        h.equal("the online migration leaves no objects of its own", run.db.rows(
            "SELECT relname FROM pg_class WHERE relname LIKE '%online%' UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'online%' "
            "UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE '%online%'"), [])
        run.program.stop()
        h.check("the other program kept its rate", run.program.transactions > options.rate * run.program.seconds * 0.8,
                f"{run.program.transactions / run.program.seconds:.0f} transactions a second")
        if not options.no_compare:
            print("# Compared with the plain migration", flush=True)
            same_as_plain(run, first.cut())
        print("# Roll back and migrate again", flush=True)
        run.start_program()
        printed_rollback(run)
        if options.leads > 200_000:
            run.online("the migration after the printed rollback", "up", "--online")
        else:
            interrupted(run)
        start = time.time()
        done = run.switchyard("down", "--to", "20260101000002", "--yes")
        h.check("the repository's rollback succeeds", done.process.returncode == 0, done.text[-500:])
        run.no_one_waited("our rollback", start)
        run.online("the migration after our rollback", "--online")
        run.program.stop()
        h.check("no statement of the other program failed during the whole run", not any(p.failures for p in run.programs),
                str([p.failures[:3] for p in run.programs]))
        unreleased(run)
        if options.leads <= 200_000:
            walk.run(h, options.binary, options.psql_url, DRIFTED)
    finally:
        for each in run.programs:
            each.stop()
        h.close()
    print(f"{h.passed} passed, {h.failed} failed")
    sys.exit(1 if h.failed else 0)


main()
