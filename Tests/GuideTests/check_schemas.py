"""The declared schema and the migrations make the same database; verify.sql is current; each rollback takes back its migration."""
import collections
import re

import expected_schema
from harness import MIGRATIONS, ROLLBACKS, ROOT, VERIFY

CATALOGUE = ROOT / "Tests" / "GuideTests" / "catalogue.sql"
SCHEMAS = sorted((ROOT / "supabase" / "schemas").glob("*.sql"))

# Changes of one database alone, each with the object that the comparison has to name.
CHANGES = [
    ("the body of a function", "DO $$ BEGIN EXECUTE replace(pg_get_functiondef('complete_routing'::regproc), 'v_outcome = ''routed''', "
     "'v_outcome = ''routed'' AND true'); END $$", "function public.complete_routing"),
    ("a comment in the body of a function", "DO $$ BEGIN EXECUTE replace(pg_get_functiondef('switchyard.hold_turn'::regproc), "
     "'-- One index probe', '-- A probe'); END $$", "function switchyard.hold_turn"),
    ("the volatility of a function", "ALTER FUNCTION switchyard.retry_delay(integer) STABLE", "function switchyard.retry_delay"),
    ("a setting of a function", "ALTER FUNCTION switchyard.hold_turn SET jit = on", "function switchyard.hold_turn"),
    ("who may run a function", "GRANT EXECUTE ON FUNCTION mark_expired_leads() TO authenticated", "function public.mark_expired_leads"),
    ("the owner of a function", "ALTER FUNCTION mark_expired_leads() OWNER TO service_role", "function public.mark_expired_leads"),
    ("the default of a column", "ALTER TABLE leads ALTER routing_attempts SET DEFAULT 1", "column public.leads.routing_attempts"),
    ("NOT NULL", "ALTER TABLE lead_attributions ALTER workspace_id DROP NOT NULL", "column public.lead_attributions.workspace_id"),
    ("the type of a column", "ALTER TABLE switchyard.nodes ALTER version TYPE varchar(9)", "column switchyard.nodes.version"),
    ("a column", "ALTER TABLE switchyard.nodes ADD x int", "column switchyard.nodes.x"),
    ("a constraint", "ALTER TABLE switchyard.retention DROP CONSTRAINT retention_log_months_check", "constraint switchyard.retention"),
    ("an index", "DROP INDEX idx_leads_dedupe_hash", "index public.idx_leads_dedupe_hash"),
    ("a policy", "ALTER POLICY switchyard_members ON lead_routing_queue USING (true)", "policy public.lead_routing_queue.switchyard_members"),
    ("row-level security", "ALTER TABLE switchyard.alerts DISABLE ROW LEVEL SECURITY", "table switchyard.alerts"),
    ("who may read a table", "GRANT SELECT ON switchyard.alerts TO authenticated", "table switchyard.alerts"),
    ("a trigger", "ALTER TABLE leads DISABLE TRIGGER switchyard_0_guard", "trigger public.leads.switchyard_0_guard"),
    ("a comment", "COMMENT ON COLUMN leads.routed_at IS 'x'", "column public.leads.routed_at"),
    ("a type", "ALTER TYPE lead_routing_status ADD VALUE 'x'", "type public.lead_routing_status"),
    ("a view", "CREATE VIEW v AS SELECT 1 AS x", "view public.v"),
]


def catalogue(database):
    text = database.run("", "-R", "\x1e", "-F", "\x1f", "-f", str(CATALOGUE))
    return dict(row.split("\x1f", 1) for row in text.split("\x1e") if row)


def difference(one, other):
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def definitions(paths):
    """How often each function is defined, by name: none is overloaded."""
    found = collections.Counter()
    for path in paths:
        found.update(re.findall(r"^\s*CREATE (?:OR REPLACE )?FUNCTION ([\w.]+)", path.read_text(), re.M))
    return found


def run(h):
    print("# The declared schema")
    migrated, declared = h.migrated(), expected_schema.declared(h)
    by_migrations, by_declaration = catalogue(migrated), catalogue(declared)
    h.check("there is a catalogue to compare", len(by_declaration) > 600, str(len(by_declaration)))
    differing = difference(by_migrations, by_declaration)
    h.check(f"supabase/schemas and supabase/migrations make the same {len(by_declaration)} objects", not differing, "\n".join(
        f"{name}\nmigrations: {by_migrations.get(name)}\nschemas: {by_declaration.get(name)}" for name in differing[:3]) or str(differing))
    tables = "SELECT * FROM switchyard.rule_set_tables ORDER BY 1"
    h.equal("schemas and migrations keep the history of the same tables", declared.rows(tables), migrated.rows(tables))
    for words, paths in (("schemas", SCHEMAS), ("migrations", MIGRATIONS)):
        twice = [f"{name} {n}" for name, n in definitions(paths).items() if n > 1]
        h.check(f"supabase/{words} defines each function once", not twice, str(twice))

    template = h.made[-1]
    for words, sql, name in CHANGES:
        changed = h.empty(template)
        changed.run(sql)
        now = catalogue(changed)
        seen = [difference(by_migrations, now), difference(now, by_declaration)]
        h.check(f"the comparison finds a change of {words}", all(any(d.startswith(name) for d in s) for s in seen), str(seen))

    print("# verify.sql")
    h.check("the lists in verify.sql match the declared schema (if not, run script/expected-schema)",
            expected_schema.parts(VERIFY.read_text())[1] == expected_schema.lists(declared))
    h.equal("verify.sql passes in a database made from the declared schema", declared.failed_checks(), [])
    missing(h, migrated)

    print("# Rollbacks")
    stages = [h.empty()]
    for path in MIGRATIONS:
        stages.append(h.empty(h.made[-1]))
        stages[-1].file(path)
    database = h.empty(h.made[-1])
    for place in range(len(MIGRATIONS), 2, -1):
        path = ROLLBACKS / f"rollback_{MIGRATIONS[place - 1].name[:14]}.sql"
        if place > 3:
            for _ in range(2):
                database.file(path)
            h.equal(f"{path.name} takes back what its migration made", difference(*(settled(catalogue(d)) for d in (database, stages[place - 1]))), [])
        else:
            whole = h.empty(h.made[-2])
            for each in (database, whole):
                each.file(path)
                h.equal(f"{path.name} takes back {'its migration' if each is database else 'all of them at once'}", [
                    d for d in difference(*(settled(catalogue(d)) for d in (each, stages[2]))) if "lead_routing_logs_before_rollback" not in d], [])
    early = ROLLBACKS / f"rollback_{MIGRATIONS[3].name[:14]}.sql"
    h.check("a rollback is refused while later migrations depend on its migration", h.migrated().refuses(early.read_text(), "2BP01"))


def settled(catalogue):
    """A catalogue without the vacuum settings of tables, which stay."""
    return {name: re.sub(r"\nwith .*", "", text) if name.startswith("table ") else text for name, text in catalogue.items()}


def missing(h, database):
    """Whatever is dropped, verify.sql runs and says so."""
    drops = [f"DROP TABLE {t} CASCADE" for t, in database.rows(
        "SELECT c.oid::regclass FROM pg_class c WHERE relnamespace IN ('public'::regnamespace, 'switchyard'::regnamespace) AND relkind IN ('r', 'p') "
        "AND relname !~ '[0-9]$' AND relname <> 'migrations' ORDER BY 1")]
    drops += [f"ALTER TABLE {t} DROP COLUMN {c} CASCADE" for t, c in database.rows(
        "SELECT attrelid::regclass, quote_ident(attname) FROM pg_attribute WHERE attrelid IN ('leads'::regclass, 'lead_routing_queue'::regclass, "
        "'switchyard.rule_set_version'::regclass) AND attnum > 0 AND NOT attisdropped")]
    drops += [f"DROP FUNCTION {f} CASCADE" for f, in database.rows(
        "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'switchyard'::regnamespace OR proname LIKE '%routing%' ORDER BY 1")]
    drops += ["DROP SCHEMA switchyard CASCADE", "DROP TYPE lead_routing_status CASCADE", "DROP SCHEMA auth CASCADE"]
    script = "".join(f"BEGIN;\n{drop};\n\\i {VERIFY}\n\\echo ----\nROLLBACK;\n" for drop in drops)
    try:
        answers = database.run(script).split("----")[:-1]
    except Exception as refusal:
        return h.check("verify.sql runs whatever is missing", False, str(refusal))
    unseen = [drop for drop, answer in zip(drops, answers)
              if all(line.split("|")[1] == "t" for line in answer.strip().split("\n")) and "auth" not in drop]
    h.check(f"verify.sql runs and reports each missing object ({len(drops)} objects)", len(answers) == len(drops) and not unseen, str(unseen))
