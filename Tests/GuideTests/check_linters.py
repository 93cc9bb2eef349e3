"""What linters of PostgreSQL find in the schema is fixed, or explained in supabase/linters.tsv.

plpgsql_check reads the functions, squawk the migrations, pgrls and Supabase's splinter the policies. A tool that this machine
lacks is left out, with its name and how to get it. A line of the file that no finding meets any more fails as well.
"""
import collections
import fnmatch
import json
import os
import pathlib
import shutil
import subprocess

from harness import MIGRATIONS, ROOT

FILE = ROOT / "supabase" / "linters.tsv"
TOOLS = ROOT / ".build" / "linters" / "bin"
INSTALL = "python3 -m venv .build/linters && .build/linters/bin/pip install squawk-cli pgrls"

PLPGSQL_CHECK = """
WITH subjects AS (
    SELECT p.oid, 0::oid AS relation, NULL::name AS new, NULL::name AS old FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE l.lanname = 'plpgsql' AND p.prorettype <> 'trigger'::regtype AND p.pronamespace IN ('public'::regnamespace, 'switchyard'::regnamespace, 'auth'::regnamespace)
    UNION ALL
    SELECT t.tgfoid, t.tgrelid, t.tgnewtable, t.tgoldtable FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND p.pronamespace IN ('public'::regnamespace, 'switchyard'::regnamespace)
)
SELECT DISTINCT c.level || ' ' || c.message, s.oid::regproc FROM subjects s, LATERAL plpgsql_check_function_tb(s.oid, s.relation, fatal_errors := false,
    extra_warnings := true, performance_warnings := true, security_warnings := true, newtable := s.new, oldtable := s.old) c"""


def tool(name):
    return shutil.which(name) or shutil.which(name, path=str(TOOLS))


def output(*command):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def plpgsql_check(database):
    if database.run("SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'") == "0":
        return "install Debian's postgresql-15-plpgsql-check"
    database.run("CREATE SCHEMA linters; CREATE EXTENSION plpgsql_check SCHEMA linters")
    return [tuple(row) for row in database.rows("SET search_path = public, linters;" + PLPGSQL_CHECK)]


def squawk(_):
    if not (program := tool("squawk")):
        return INSTALL
    found = json.loads(output(program, "--pg-version=15", "--assume-in-transaction", "--reporter=json", *map(str, MIGRATIONS)))
    return [(f["rule_name"], pathlib.Path(f["file"]).name) for f in found]


def pgrls(database):
    if not (program := tool("pgrls")):
        return INSTALL
    found = json.loads(output(program, "lint", "--database-url", database.url, "--schemas", "public,switchyard", "--format", "json"))
    return [(f["rule_id"], f["location"]) for f in found["violations"]]


def splinter(database):
    if not (path := os.environ.get("SPLINTER_SQL")):
        return "set SPLINTER_SQL to splinter.sql of github.com/supabase/splinter"
    rows = database.run(f"BEGIN;\n\\i {path}\n", "-R", "\x1e", "-F", "\x1f").split("\x1e")
    found = [row.split("\x1f") for row in rows if row.count("\x1f") > 5]
    # No table has been used yet, so no index has.
    return [(row[0], ".".join(json.loads(row[8]).get(k) or "" for k in ("schema", "name"))) for row in found if row[0] != "unused_index"]


def run(h):
    print("# Linters: supabase/linters.tsv")
    accepted = [line.split("\t") for line in FILE.read_text().splitlines() if line and line[0] != "#"]
    h.check("each line has a tool, a finding, an object and a reason", all(len(line) == 4 and all(line) for line in accepted))
    for linter in (plpgsql_check, squawk, pgrls, splinter):
        name, found = linter.__name__, linter(h.migrated())
        if isinstance(found, str):
            print(f"left out: {name}: {found}")
            continue
        lines = [line for line in accepted if line[0] == name]
        meets = lambda finding, line: all(fnmatch.fnmatchcase(part, pattern) for part, pattern in zip(finding, line[1:3]))
        unexplained = collections.Counter(f for f in found if not any(meets(f, line) for line in lines))
        h.check(f"{name}: {len(found)} findings, each explained", not unexplained, "; ".join(f"{a} {b}" for a, b in list(unexplained)[:12]))
        stale = [line[1:3] for line in lines if not any(meets(f, line) for f in found)]
        h.check(f"{name}: each explanation has a finding", not stale, str(stale))
