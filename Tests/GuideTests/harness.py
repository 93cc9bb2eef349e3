"""Scratch databases, psql, and checks: what the other files of this folder stand on.

Only psql and Python's standard library are needed. A database is cloned from a migrated template, so one costs about
50 ms.
"""
import itertools
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIGRATIONS = sorted((ROOT / "supabase" / "migrations").glob("*.sql"))
ROLLBACKS = ROOT / "supabase" / "rollbacks"
VERIFY = ROOT / "supabase" / "verify.sql"


class Refused(Exception):
    """The server refused a statement; `state` is its SQLSTATE."""

    def __init__(self, text):
        super().__init__(text.strip())
        found = re.search(r"ERROR:  ([0-9A-Z]{5}):", text)
        self.state = found and found[1]


class Database:
    """A database that statements are run in by psql, each call in a session of its own."""

    def __init__(self, url):
        self.url = url

    def process(self, *arguments):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-d", self.url]
        environment = dict(os.environ, PGOPTIONS="-c client_min_messages=warning")
        return subprocess.Popen(command + list(arguments), env=environment, text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, sql, *arguments):
        """Runs statements as they would be piped into psql; returns what is printed, without the last newline."""
        process = self.process(*arguments)
        output, errors = process.communicate(sql)
        if process.returncode != 0:
            raise Refused(errors)
        return output.rstrip("\n")

    def file(self, path, *arguments):
        return self.run("", "-f", str(path), *arguments)

    def rows(self, sql):
        output = self.run(sql)
        return [line.split("|") for line in output.split("\n")] if output else []

    def refuses(self, sql, state=None):
        try:
            self.run(sql)
        except Refused as refusal:
            return state is None or refusal.state == state
        return False

    def migrate(self, *arguments):
        for path in MIGRATIONS:
            self.file(path, *arguments)

    def failed_checks(self):
        return [row for row in (line.split("|") for line in self.file(VERIFY).split("\n")) if row[1] != "t"]

    def at_once(self, statements):
        """Runs each statement in a session of its own, all let go at the same instant; returns what each printed."""
        gate = self.process()
        gate.stdin.write("SELECT pg_advisory_lock(4711);\n\\echo closed\n")
        gate.stdin.flush()
        while "closed" not in gate.stdout.readline():
            pass
        sessions = [self.process() for _ in statements]
        results = [None] * len(statements)

        def work(place):
            output, errors = sessions[place].communicate(
                f"SELECT 'gate' FROM pg_advisory_lock_shared(4711);\n{statements[place]}\n")
            results[place] = output.replace("gate\n", "", 1).strip() if sessions[place].returncode == 0 else "error " + errors

        threads = [threading.Thread(target=work, args=(place,)) for place in range(len(statements))]
        for thread in threads:
            thread.start()
        while int(self.run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                           "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")) < len(statements):
            pass
        gate.communicate("SELECT pg_advisory_unlock(4711);\n")
        for thread in threads:
            thread.join()
        return results


class Harness:
    """Counts checks, and makes and drops scratch databases."""

    def __init__(self, url):
        self.server = Database(url)
        self.passed = self.failed = 0
        self.made = []
        self.numbers = itertools.count(1)
        self.template = None

    def check(self, text, ok, detail=""):
        ok = bool(ok)
        self.passed += ok
        self.failed += not ok
        print(("ok    " if ok else "FAIL  ") + text + (f"  ({detail[:600]})" if detail and not ok else ""), flush=True)

    def equal(self, text, got, wanted):
        self.check(text, got == wanted, f"{got!r} instead of {wanted!r}")

    def empty(self, template=None):
        name = f"switchyard_guide_{os.getpid()}_{next(self.numbers)}"
        self.server.run(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'} ENCODING 'UTF8'")
        self.made.append(name)
        parts = urllib.parse.urlsplit(self.server.url)
        return Database(f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else ""))

    def migrated(self):
        if self.template is None:
            database = self.empty()
            database.migrate("-1")
            database.run(WORLD)
            self.template = self.made[-1]
        return self.empty(self.template)

    def close(self):
        for name in self.made:
            self.server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def workspace(number):
    return f"00000000-0000-4000-8000-{number:012d}"


def lead(number):
    return f"00000000-0000-7000-9000-{number:012d}"


A, B, C, CLOSED = (workspace(n) for n in range(1, 5))
NOBODY = workspace(999)
OWNER, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"

WORLD = f"""
INSERT INTO workspaces (id, name, is_active) VALUES ('{A}', 'A', true), ('{B}', 'B', true), ('{C}', 'C', true), ('{CLOSED}', 'Closed', false);
INSERT INTO partners (id, workspace_id, name) VALUES ('{workspace(11)}', '{A}', 'Partner of A');
INSERT INTO users (id) VALUES ('{OWNER}'), ('{OTHER}');
INSERT INTO user_workspaces (user_id, workspace_id) VALUES ('{OWNER}', '{A}'), ('{OTHER}', '{C}');
"""


def ingest(leads, version="switchyard.current_rule_set_version()", repeat=False):
    """A call of ingest_decided for dictionaries with id, source, and what else matters."""

    def array(values, kind):
        items = ", ".join("NULL" if v is None else "'" + str(v).replace("'", "''") + "'" for v in values)
        return f"ARRAY[{items}]::{kind}[]"

    def column(name, kind="text", default=None):
        return array([l.get(name, default) for l in leads], kind)

    def literal(value):
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"

    empty = array([None] * len(leads), "text")
    claims = [f"switchyard.lead_claims({', '.join(literal(l.get(name)) for name in ('email', 'phone', 'company'))})" for l in leads]
    first, second = (f"ARRAY[{', '.join(f'({c})[{k}]' for c in claims)}]::bytea[]" for k in (1, 2))
    hashes = "ARRAY[" + ", ".join(f"encode(({c})[1], 'hex')" for c in claims) + "]::text[]"
    destinations = array([l.get("destination", l["source"]) for l in leads], "uuid")
    return (f"SELECT * FROM switchyard.ingest_decided({version}, {column('id', 'uuid')}, {column('source', 'uuid')}, {destinations}, "
            f"{column('rule', 'uuid')}, {column('result', default='success')}, {column('reason', default='why')}, {column('email')}, "
            f"{column('phone')}, {empty}, {empty}, {column('company')}, {empty}, {empty}, {empty}, {column('location')}, {empty}, "
            f"{empty}, {column('metadata')}, {hashes}, {first}, {second}, {str(repeat).lower()}, NULL, NULL, NULL);")
