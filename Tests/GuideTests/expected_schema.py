"""What `switchyard migrate verify` expects to find: the lists in supabase/verify.sql, made from the declared schema."""
import harness

BEGIN = "-- Made from supabase/schemas by script/expected-schema; do not edit before the next such line.\n"
END = "-- End of what script/expected-schema makes.\n"

# Months of the log come and go. The trigger is left out where an installation's leads have a foreign key to workspaces.
LISTS = r"""
SET search_path = pg_catalog;
WITH tables AS (
    SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'switchyard'::regnamespace) AND c.relkind IN ('r', 'p')
        AND c.relname !~ '^lead_routing_logs_[0-9]{4}_[0-9]{2}$' AND c.oid::regclass::text <> 'switchyard.migrations'
)
SELECT 'tables', format('(%L, %L, %L, %L, %L, %L)', t.name,
    (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT coalesce(array_agg(k.conname::text ORDER BY k.conname), '{}') FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype NOT IN ('n', 't')),
    (SELECT coalesce(array_agg(POLICY ORDER BY p.polname), '{}') FROM pg_policy p WHERE p.polrelid = t.oid),
    (SELECT coalesce(array_agg(g.role_name || ' ' || g.privileges ORDER BY g.role_name COLLATE "C"), '{}') FROM (GRANTS) g))
FROM tables t
UNION ALL
SELECT 'functions', format('(%L, %s, %L)', p.oid::regprocedure, CASE WHEN has_function_privilege('authenticated', p.oid, 'EXECUTE') THEN 'true' ELSE 'false' END,
    FUNCTION)
FROM pg_proc p WHERE p.pronamespace IN ('public'::regnamespace, 'switchyard'::regnamespace)
UNION ALL
SELECT 'indexes', format('(%L)', i.indexrelid::regclass)
FROM pg_index i JOIN tables t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
UNION ALL
SELECT 'triggers', format('(%L, %L, %L)', t.name, g.tgname, TRIGGER)
FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid
WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgname <> 'switchyard_refuse_delete'
ORDER BY 1, 2
"""
NAMES = {"tables": "expected_tables (table_name, columns, types, constraints, policies, grants)",
         "functions": "expected_functions (signature, is_open, digest)", "indexes": "expected_indexes (index_name)",
         "triggers": "expected_triggers (table_name, trigger_name, definition)"}
# The first row of VALUES says what type a column of them has.
TYPES = {"tables": "(NULL::text, NULL::text[], NULL::text[], NULL::text[], NULL::text[], NULL::text[])"}
# What verify.sql computes of each object: the text between two of these comments there is used here as well.
SHARED = {"POLICY": "a policy p", "GRANTS": "the grants of table t", "FUNCTION": "a function p", "TRIGGER": "a trigger g"}


def shared(name):
    """The expression of verify.sql that describes an object, so that both sides of the comparison are made alike."""
    text = harness.VERIFY.read_text()
    begin, end = f"/* {SHARED[name]} */", f"/* end of {SHARED[name]} */"
    return text[text.index(begin) + len(begin):text.index(end)].strip()


def lists(database):
    """The generated lines of verify.sql, for a database that was made from the declared schema."""
    query = LISTS
    for name in SHARED:
        query = query.replace(name, shared(name))
    rows = [line.split("|", 1) for line in database.run(query).split("\n")]
    parts = []
    for kind, name in NAMES.items():
        values = [row for k, row in rows if k == kind]
        if kind in TYPES:
            values.insert(0, TYPES[kind])
        parts.append(f"{name} AS (\n    VALUES\n" + ",\n".join("        " + v for v in values) + "\n),\n")
    return BEGIN + "".join(parts) + END


def declared(h):
    """A database that was made from supabase/schemas, file by file in the order of their names, as Supabase does it."""
    database = h.empty()
    for path in sorted((harness.ROOT / "supabase" / "schemas").glob("*.sql")):
        database.file(path)
    return database


def parts(text):
    """verify.sql as (before, the generated lines, after)."""
    start, end = text.index(BEGIN), text.index(END) + len(END)
    return text[:start], text[start:end], text[end:]
