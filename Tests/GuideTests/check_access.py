"""Every cell of supabase/access.tsv about the database is tried, and nothing of the database is missing from it.

What a role may do is not read from the catalogue: each reader tries each verb on each object, in a transaction that is taken
back. `run.py --only access` with ACCESS_OBSERVED=FILE writes the rows as they were seen, for a reviewer to compare.
"""
import collections
import json
import os
import re
import subprocess

import access
from access import READERS, TENANTS
from harness import A, B, C, MIGRATIONS, ROLLBACKS, ROOT, Refused, ingest, lead, workspace

OWNER = "switchyard_guide_owner"
USERS = {(reader, w): f"{n}{place}000000-0000-4000-8000-000000000000" for n, reader in ((3, "member"), (4, "viewer")) for place, w in enumerate((A, B))}
STRANGER = "55000000-0000-4000-8000-000000000000"


# Each adds an object, or takes one away, without a line in the file.
UNNAMED = [
    ("ALTER TABLE leads ADD x int", "column public.leads.x is not named"), ("CREATE TABLE x (y int)", "table public.x is not named"),
    ("CREATE VIEW x AS SELECT 1 AS y", "view public.x is not named"), ("CREATE SEQUENCE x", "sequence public.x is not named"),
    ("CREATE FUNCTION switchyard.x(int, text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'", "function switchyard.x(integer, text[]) is not named"),
    ("CREATE SCHEMA x", "schema x is not named"), ("DROP TABLE switchyard.nodes", "table switchyard.nodes does not exist"),
]
# Each opens one thing; the cells that must differ then, as (object, reader).
OPENED = [
    ("GRANT SELECT (duplicate_of) ON leads TO authenticated", {("public.leads", r) for r in TENANTS}),
    ("ALTER POLICY switchyard_members ON partners USING (true)", {("public.partners", r) for r in (*TENANTS, "operator")}),
    ("ALTER POLICY switchyard_members ON switchyard.test_leads USING (workspace_id <> ALL (ARRAY(SELECT switchyard.visible_workspaces())))",
     {("switchyard.test_leads", r) for r in (*TENANTS, "operator")}),
    ("GRANT INSERT ON lead_attributions TO authenticated; CREATE POLICY x ON lead_attributions FOR INSERT TO authenticated WITH CHECK (true)",
     {("public.lead_attributions", r) for r in (*TENANTS, "operator")}),
    ("ALTER POLICY switchyard_receiver_ends ON routing_agreements USING (sending_workspace_id = (SELECT switchyard.acting_workspace()))",
     {("public.routing_agreements", "key")}),
    ("GRANT EXECUTE ON FUNCTION switchyard.routing_health() TO anon", {("switchyard.routing_health()", "anon")}),
    ("GRANT USAGE ON SEQUENCE lead_routing_logs_id_seq TO authenticated", {("public.lead_routing_logs_id_seq", r) for r in (*TENANTS, "operator")}),
    ("GRANT TRUNCATE ON switchyard.nodes TO service_role", {("switchyard.nodes", "service_role")}),
    ("ALTER TABLE switchyard.operator_log DISABLE TRIGGER USER", {("switchyard.operator_log", "administrator")}),
    ("GRANT CREATE ON SCHEMA public TO authenticated", {("public", r) for r in (*TENANTS, "operator")}),
]


def world(h, superuser, change=""):
    """A database of two workspaces with rows in every table that a tenant may see, owned by an ordinary role or by a superuser."""
    database = h.empty()
    name = h.made[-1]
    if not superuser:
        for role in ("anon", "authenticated", "service_role"):
            h.server.run(f"GRANT {role} TO {OWNER}")
        h.server.run(f"ALTER DATABASE {name} OWNER TO {OWNER}")
    become = "SELECT;" if superuser else f"SET SESSION AUTHORIZATION {OWNER};"
    for path in MIGRATIONS:
        database.run("", "-1", "-c", become, "-f", str(path))
    rules = {w: workspace(80 + n) for n, w in enumerate((A, B))}
    sql = become + f"INSERT INTO workspaces (id, name) VALUES ('{A}', 'A'), ('{B}', 'B'), ('{C}', 'C');"
    for n, w in enumerate((A, B)):
        other = (B, A)[n]
        people = [USERS[reader, w] for reader in ("member", "viewer")]
        sql += (
            "".join(f"INSERT INTO users (id, email) VALUES ('{u}', '{u}@example.com');"
                    f"INSERT INTO user_workspaces (user_id, workspace_id, role) VALUES ('{u}', '{w}', '{r}');" for u, r in zip(people, ("member", "viewer")))
            + f"INSERT INTO partners (id, workspace_id, name) VALUES ('{workspace(90 + n)}', '{w}', 'Partner {n}');"
            f"INSERT INTO lead_routing_rules (id, workspace_id, rule_name, destination_workspace_id) VALUES ('{rules[w]}', '{w}', 'Rule {n}', '{w}');"
            f"INSERT INTO routing_agreements VALUES ('{w}', '{C}'), ('{C}', '{w}');"
            f"INSERT INTO workspace_assignees (workspace_id, name) VALUES ('{w}', 'Assignee {n}');"
            f"INSERT INTO switchyard.golden_leads (id, workspace_id, position, content) VALUES ('{workspace(95 + n)}', '{w}', 1, '{{}}');"
            f"INSERT INTO switchyard.rule_set_drafts (owner, document, based_on, updated_by) VALUES ('{w}', '{{}}', 1, 'x');"
            f"INSERT INTO switchyard.test_leads (id, workspace_id, status, reason, content) VALUES ('{lead(60 + n)}', '{w}', 'routed', 'x', '{{}}');"
            f"INSERT INTO switchyard.routing_statistics (day, workspace_id, direction, dimension, key) VALUES ('2026-01-0{n + 1}', '{w}', 'in', 'all', '');")
    sql += f"INSERT INTO users (id) VALUES ('{STRANGER}'); INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('Platform', '{C}');"
    # Rows of the logs that nobody may change: what stops a change is a trigger on rows.
    sql += (f"INSERT INTO lead_routing_logs (lead_id, routing_result, created_at) VALUES ('{lead(1)}', 'success', '2001-01-01');"
            "INSERT INTO switchyard.operator_log (actor, action, workspace_id) VALUES ('x', 'pause', '00000000-0000-0000-0000-000000000000');"
            f"INSERT INTO switchyard.erasures VALUES ('{lead(99)}', now(), 'x', 'lead', NULL, 'routed', false);")
    database.run(sql)
    # A lead that went from A to B, waiting ones, a duplicate, and one of C alone.
    database.run(become + ingest([
        {"id": lead(1), "source": A, "destination": B, "rule": rules[A], "email": "one@example.com"},
        {"id": lead(2), "source": A, "result": "queued", "email": "two@example.com"}, {"id": lead(3), "source": B, "result": "queued", "email": "three@example.com"},
        {"id": lead(4), "source": A, "destination": A, "email": "four@example.com"}, {"id": lead(5), "source": C, "result": "unmatched", "email": "five@example.com"}]))
    database.run(become + ingest([{"id": lead(6), "source": B, "result": "unmatched", "email": "four@example.com"}])
                 + "INSERT INTO lead_attributions SELECT id, source_workspace_id FROM leads ON CONFLICT DO NOTHING;" + change)
    return database


def become(reader, w, superuser):
    """The statements by which a transaction acts for a reader."""
    if reader in ("anon", "service_role", "administrator"):
        role = {"administrator": "NONE" if superuser else OWNER}.get(reader, reader)
        return f"SET LOCAL ROLE {role};"
    claims = {"role": "authenticated", "sub": USERS.get((reader, w), STRANGER)}
    if reader == "key":
        claims = {"role": "authenticated", "switchyard_workspace_id": w}
    return f"SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '{json.dumps(claims)}';"


def attempts(database, statements):
    """What each (role, statement) printed, or its SQLSTATE; each in a transaction of its own that is taken back."""
    script = "\\set ON_ERROR_STOP off\n\\set VERBOSITY verbose\nSET client_min_messages = error; SET lock_timeout = '5s'; SET statement_timeout = '20s';\n"
    script += "".join(f"\\echo @@\nBEGIN; {role}\n{statement};\nROLLBACK;\n" for role, statement in statements)
    output = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-d", database.url], input=script, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    answers = []
    for part in output.split("@@\n")[1:]:
        error = re.search(r"(?:ERROR|FATAL):  ([0-9A-Z]{5}):", part)
        answers.append((error[1], "") if error else (None, part.strip()))
    return answers


class Tries:
    """Collects attempts with what is made of their answers, and runs them in one session."""

    def __init__(self):
        self.statements = []
        self.judges = []

    def add(self, role, statement, judge):
        self.statements.append((role, statement))
        self.judges.append(judge)

    def run(self, database):
        answers = attempts(database, self.statements)
        if len(answers) != len(self.statements):
            raise Refused(f"{len(answers)} answers to {len(self.statements)} attempts")
        for judge, (state, printed) in zip(self.judges, answers):
            judge(state, printed)


# How many rows, and a digest of them.
DIGEST = "SELECT count(*) || ' ' || coalesce(md5(string_agg(x::text, '' ORDER BY x::text)), '')"


def content(table, column, where="true"):
    """Reads a column; prints how many rows there are and a digest of them."""
    return f"{DIGEST} FROM (SELECT {column} FROM {table} WHERE {where} OFFSET 0) x"


def observe(database, rows, superuser):
    """What every reader was able to do: for each row and reader the set of what was seen, one entry for each workspace and column."""
    seen = collections.defaultdict(set)
    tries = Tries()
    special = {(t, c) for t, c in database.rows("SELECT a.attrelid::regclass::text, a.attname FROM pg_attribute a WHERE a.attidentity <> '' OR a.attgenerated <> ''")}
    owner = Owner(database)
    names = dict(database.rows("SELECT format('%I.%I', n.nspname, c.relname), c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"))
    catalogue = {(kind, name): (columns or "").split() for kind, name, columns in database.rows(access.CATALOGUE)}
    for place, row in enumerate(rows):
        for (kind, name), all_columns in catalogue.items():
            if kind != row.kind or not access.names(row, name):
                continue
            columns = all_columns if row.columns == ["*"] else row.columns
            for reader in READERS:
                for w in (A, B) if reader in TENANTS else (A,):
                    role = become(reader, w, superuser)
                    bound = lambda predicate: bind(predicate or "false", reader, w)
                    note = lambda letter, scope, key=(place, reader): seen[key].add((letter, scope))
                    if kind in ("table", "view"):
                        plain = [c for c in columns if (names[name], c) not in special]
                        for column in columns:
                            judge_read(owner, tries, note, role, name, column, bound(row.own))
                            if kind == "table":
                                judge_change(owner, tries, note, "u", role, name, column, bound(row.written),
                                            f"UPDATE {name} SET {column} = {column if column in plain else 'DEFAULT'}", column in plain)
                        if kind == "table":
                            judge_change(owner, tries, note, "d", role, name, ", ".join(columns), bound(row.written), f"DELETE FROM {name}")
                            tries.add(role, f"TRUNCATE {name}", lambda state, _, note=note: note("t", "-" if state == "42501" else "all"))
                            judge_insert(owner, tries, note, role, name, [c for c in all_columns if (names[name], c) not in special], bound(row.written))
                    elif kind == "sequence":
                        for letter, sql in (("r", f"SELECT last_value FROM {name}"), ("u", f"SELECT nextval('{name}')")):
                            tries.add(role, sql, lambda state, _, note=note, letter=letter: note(letter, "-" if state == "42501" else "all"))
                    elif kind == "schema":
                        tries.add(role, f"SELECT '{name}.nothing'::regclass", lambda state, _, note=note: note("g", "-" if state == "42501" else "all"))
                        tries.add(role, f"CREATE TABLE {name}.nothing ()", lambda state, _, note=note: note("c", "-" if state == "42501" else "all"))
                    else:
                        schema, call = name.split("(", 1)
                        arguments = ", ".join(f"(SELECT NULL::{t})" for t in call[:-1].split(", ") if t)
                        # A function that ran may itself be refused something, with a message of its own.
                        tries.add(role, f"DO $try$ BEGIN PERFORM {schema}({arguments}); EXCEPTION WHEN insufficient_privilege THEN "
                                        f"IF SQLERRM ~ '^permission denied for (function {schema.split('.')[1]}|schema)' THEN RAISE; END IF; END $try$",
                                  lambda state, _, note=note: note("x", "-" if state == "42501" else "all"))
    owner.process.communicate()
    tries.run(database)
    return seen, len(tries.statements)


class Owner:
    """A session that sees all, for what a reader is expected to see; each question is asked once."""

    def __init__(self, database):
        self.process = database.process()
        self.answers = {}

    def ask(self, sql):
        if sql not in self.answers:
            self.process.stdin.write(f"{sql};\n\\echo @@\n")
            self.process.stdin.flush()
            lines = []
            while (line := self.process.stdout.readline()) not in ("@@\n", ""):
                lines.append(line)
            self.answers[sql] = "".join(lines).strip()
        return self.answers[sql]


def bind(predicate, reader, w):
    """A predicate of the file for a reader: :u is a person, :k the workspace of a key, :w the workspace of either."""
    values = {":w": w if reader in TENANTS else None, ":k": w if reader == "key" else None, ":u": None if reader == "key" else USERS.get((reader, w), STRANGER)}
    return re.sub(r"(?<!:):[wku]\b", lambda found: f"'{values[found[0]]}'::uuid" if values[found[0]] else "NULL::uuid", predicate)


def judge_read(owner, tries, note, role, table, column, own):
    wanted, whole = owner.ask(content(table, column, own)), owner.ask(content(table, column))

    def judge(state, printed):
        if state == "42501" or (state is None and printed == "0" != whole):
            note("r", "-")
        elif state:
            note("r", state)
        else:
            note("r", "all" if printed == whole else "own" if printed == wanted else "other rows")
    tries.add(role, content(table, column), judge)


def judge_change(owner, tries, note, letter, role, table, column, own, sql, keeps=True):
    """Changes or deletes all that the reader may; `keeps` unless the values of the column become others."""
    wanted, whole = owner.ask(content(table, column, own)), owner.ask(content(table, column))

    def judge(state, printed):
        if state is None and whole == "0" and "_logs_2" in table:
            return  # a trigger on rows refuses, and this month has none
        same = (lambda one, other: one == other) if keeps else (lambda one, other: one.split(" ")[0] == other.split(" ")[0])
        if state == "42501" or (state is None and printed == "0" != whole):
            note(letter, "-")
        elif state:
            # Let through, and stopped by a constraint.
            note(letter, "some" if "authenticated" in role else "all")
        else:
            note(letter, "all" if same(printed, whole) else "own" if same(printed, wanted) else "other rows")
    tries.add(role, f"WITH x AS ({sql} RETURNING {column}) {DIGEST} FROM x", judge)


def judge_insert(owner, tries, note, role, table, columns, own):
    """Inserts a copy of an own row, and of another's."""
    results = {}
    for whose, where in (("own", own), ("other", f"({own}) IS NOT TRUE")):
        row = owner.ask(f"SELECT to_jsonb(t) FROM {table} t WHERE {where} LIMIT 1")
        sql = f"INSERT INTO {table} DEFAULT VALUES"
        if row:
            names = ", ".join(columns)
            sql = f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, $json${row}$json$)"
        elif whose == "own":
            results[whose] = None
            continue

        def judge(state, _, whose=whose):
            results[whose] = state != "42501"
            if whose == "other":
                note("a", "all" if results["other"] else "own" if results["own"] else "-")
        tries.add(role, sql, judge)


def cell(marks):
    """The marks of one reader as the text of a cell, and what does not fit into one."""
    by_letter = collections.defaultdict(set)
    for letter, scope in marks:
        by_letter[letter].add(scope)
    mixed = {l: s for l, s in by_letter.items() if len(s) > 1}
    text = []
    for scope in ("own", "all", "some", "other rows"):
        letters = "".join(l for l in "raudtgcx" if scope in by_letter[l])
        if letters:
            text.append(f"{scope} {letters}")
    return "; ".join(text) or "-", mixed


def differing(rows, seen):
    """The cells that are not as the file says, with what was seen instead."""
    found = []
    for place, row in enumerate(rows):
        for reader in READERS:
            text, mixed = cell(seen[place, reader])
            if text != row.cells[reader] or mixed:
                found.append((row.name, reader, f"{row.kind} {row.name} {' '.join(row.columns)[:60]}: {reader} has {text!r}, the file says {row.cells[reader]!r}"
                              + (f" {mixed}" if mixed else "")))
    return found


def written(rows, seen):
    """The lines of the file as they were seen."""
    return "".join("\t".join([r.kind, r.name, " ".join(r.columns), r.own, r.written if r.written != r.own else "",
                              *(cell(seen[place, reader])[0] for reader in READERS)]) + "\n" for place, r in enumerate(rows))


def run(h):
    print("# The matrix of access: supabase/access.tsv")
    h.server.run(f"DROP ROLE IF EXISTS {OWNER}; CREATE ROLE {OWNER} CREATEROLE")
    rows, first = access.read(), len(h.made)
    databases = {False: world(h, False), True: world(h, True)}
    problems = access.unnamed(rows, databases[False])
    h.check("every table, column, view, sequence, function and schema is named", not problems, "; ".join(problems[:20]))
    unforced = "SELECT oid::regclass FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'switchyard'::regnamespace) " \
        "AND relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY 1"
    h.equal("row-level security is on and forced for every table", databases[False].run(unforced), "")
    h.equal("and the check finds one where it is not", change(h, first, "ALTER TABLE partners NO FORCE ROW LEVEL SECURITY").run(unforced), "partners")
    for superuser, database in databases.items():
        seen, count = observe(database, rows, superuser)
        wrong = differing(rows, seen)
        if os.environ.get("ACCESS_OBSERVED") and not superuser:
            with open(os.environ["ACCESS_OBSERVED"], "w") as file:
                file.write(written(rows, seen))
        for _, _, text in wrong[:40]:
            print("      " + text)
        h.check(f"{len(seen)} cells, {count} attempts, in a database of {'a superuser' if superuser else 'an ordinary owner'}: as the file says",
                not wrong and len(seen) == len(rows) * len(READERS), f"{len(wrong)} differ")

    for sql, problem in UNNAMED:
        found = access.unnamed(rows, change(h, first, sql))
        h.check(f"the matrix finds: {sql[:60]}", found == [problem], str(found))
    affected = {name for _, cells in OPENED for name, _ in cells}
    some = [r for r in rows if r.name in affected]
    opened = world(h, False, ";".join(sql for sql, _ in OPENED))
    found = {(name, reader) for name, reader, _ in differing(some, observe(opened, some, False)[0])}
    for sql, cells in OPENED:
        h.equal(f"the matrix finds: {sql[:60]}", sorted(found & {(n, r) for n in {n for n, _ in cells} for r in READERS}), sorted(cells))

    print("# An installation of a superuser, given to an ordinary owner")
    given = databases[True]
    for _ in range(2):
        given.file(ROOT / "supabase" / "change_owner.sql", "-v", f"owner={OWNER}")
    h.equal("nothing of ours stays with the superuser", given.run(
        "SELECT coalesce(string_agg(DISTINCT o.name, ' '), '') FROM (SELECT relowner AS owner, oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'p', 'S', 'v') "
        "AND relnamespace IN ('public'::regnamespace, 'switchyard'::regnamespace) UNION ALL SELECT proowner, oid::regprocedure::text FROM pg_proc "
        "WHERE pronamespace IN ('public'::regnamespace, 'switchyard'::regnamespace, 'auth'::regnamespace) UNION ALL SELECT typowner, typname FROM pg_type WHERE typtype = 'e' "
        "AND typnamespace = 'public'::regnamespace UNION ALL SELECT nspowner, nspname FROM pg_namespace WHERE nspname IN ('switchyard', 'auth')) o "
        f"WHERE o.owner <> '{OWNER}'::regrole"), "")
    wrong = differing(rows, observe(given, rows, False)[0])
    h.check("and every cell is as the file says", not wrong, "; ".join(text for _, _, text in wrong[:5]))
    h.equal("verify.sql passes", given.failed_checks(), [])
    lines = given.run("SELECT count(*) FROM lead_routing_logs")
    given.run("", "-c", f"SET SESSION AUTHORIZATION {OWNER}", "-f", str(ROLLBACKS / "rollback_20260131000001.sql"))
    h.equal("an ordinary owner rolls back, and keeps the log", given.run(f"SET ROLE {OWNER}; SELECT count(*) FROM lead_routing_logs_before_rollback"), lines)

    for name in h.made[first:]:
        h.server.run(f"DROP DATABASE {name} WITH (FORCE)")
    del h.made[first:]
    h.server.run(f"DROP OWNED BY {OWNER}; DROP ROLE {OWNER}")


def change(h, first, sql):
    """A copy of the first database, changed."""
    database = h.empty(h.made[first])
    database.run(sql)
    return database
