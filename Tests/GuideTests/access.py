"""supabase/access.tsv: how it is read, and whether it names everything that the catalogue has."""
import collections

from harness import ROOT

FILE = ROOT / "supabase" / "access.tsv"
READERS = ["anon", "operator", "member", "viewer", "key", "administrator", "service_role"]
# Those that belong to a workspace.
TENANTS = ["member", "viewer", "key"]
ANSWERS = ["no key", "missing scope", "key", "key of another", "service-role key"]

# Every object that a role could touch, whatever its schema, with its columns.
CATALOGUE = """
SELECT CASE WHEN c.relkind = 'S' THEN 'sequence' WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, format('%I.%I', n.nspname, c.relname),
    (SELECT string_agg(a.attname, ' ' ORDER BY a.attname) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'S')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL
SELECT 'function', format('%I.%I(%s)', n.nspname, p.proname,
    (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY o) FROM unnest(p.proargtypes) WITH ORDINALITY x(t, o))), NULL
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
UNION ALL
SELECT 'schema', nspname, NULL FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
ORDER BY 1, 2"""

Row = collections.namedtuple("Row", "kind name columns own written cells")


def read(path=FILE):
    """The rows about the database; a cell is what a reader may do."""
    rows = []
    for line in path.read_text().splitlines():
        if line and line[0] != "#" and not line.startswith(("kind\t", "route\t")):
            kind, name, columns, own, written, *cells = line.split("\t")
            rows.append(Row(kind, name, columns.split(), own, written or own, dict(zip(READERS, cells, strict=True))))
    return rows


def names(row, name):
    """Whether a row is about an object; a * at its end stands for the months of the log."""
    return name.startswith(row.name[:-1]) if row.name.endswith("*") else name == row.name


def unnamed(rows, database):
    """What the file does not name, names twice, or names although it is not there."""
    problems, used = [], set()
    for kind, name, columns in database.rows(CATALOGUE):
        found = [r for r in rows if r.kind == kind and names(r, name)]
        used.update(r.name for r in found)
        if not found:
            problems.append(f"{kind} {name} is not named")
        elif kind in ("table", "view"):
            have = columns.split()
            named = collections.Counter(c for r in found for c in (have if r.columns == ["*"] else r.columns))
            problems += [f"column {name}.{c} is not named" for c in have if c not in named]
            problems += [f"column {name}.{c} does not exist" for c in named if c not in have]
            problems += [f"column {name}.{c} is named {n} times" for c, n in named.items() if n > 1]
            # What a tenant may touch is decided column by column, so that a column added later is.
            problems += [f"{name}: name its columns instead of *" for r in found
                         if r.columns == ["*"] and any(r.cells[reader] != "-" for reader in READERS[:5])]
        elif len(found) > 1:
            problems.append(f"{kind} {name} is named {len(found)} times")
    return problems + [f"{r.kind} {r.name} does not exist" for r in rows if r.name not in used]
