"""supabase/migrations by Supabase's own command line, as far as it can be had here: split and sent as it does it."""
import re

import supabase_tool
import wire
from harness import A, B, MIGRATIONS, WORLD, ingest, lead

FOLDER = MIGRATIONS[0].parent

# A project as Supabase makes it: three roles, a schema auth of another owner, and an owner without superuser rights.
PROJECT = """
CREATE SCHEMA extensions;
CREATE SCHEMA auth AUTHORIZATION {auth};
SET ROLE {auth};
CREATE TABLE auth.users (id uuid PRIMARY KEY, email varchar(255));
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('request.jwt.claim', true), ''), nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('request.jwt.claim.role', true), '') $$;
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, {owner};
RESET ROLE;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
"""


def words(statement):
    """A statement without comments and quoted text, for looking at its words."""
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", statement, flags=re.S)
    text = re.sub(r"(\$\w*\$).*?\1", "''", text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"'(?:[^']|'')*'", "''", text)).strip()


def run(h):
    print("# By Supabase's command line")
    h.equal("statements are split as Supabase's tool splits them", supabase_tool.split(
        "SELECT ';'; -- one; two\nSELECT $a$ ; $b$ ; $a$; /* ; /* ; */ ; */ SELECT \";\"; CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;"
        " CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 'it''s; so';;"),
        ["SELECT ';'", "-- one; two\nSELECT $a$ ; $b$ ; $a$", "/* ; /* ; */ ; */ SELECT \";\"",
         "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END", "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)",
         "SELECT 'it''s; so'"])
    names = sorted(path.name for path in FOLDER.iterdir())
    h.check("Supabase's tool accepts every file name", all(re.fullmatch(r"\d{14}_[a-z0-9_]+\.sql", n) for n in names)
            and len({n[:14] for n in names}) == len(names) and not names[0].endswith("_init.sql"), str(names))
    largest = max(path.stat().st_size for path in MIGRATIONS)
    h.check("no file is longer than Supabase's tool reads at once", largest < 256 * 1024, str(largest))
    alone, meta = [], []
    for path in MIGRATIONS:
        for statement in supabase_tool.split(path.read_text()):
            said = words(statement)
            if re.match(r"(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|SAVEPOINT|VACUUM|CREATE DATABASE|ALTER SYSTEM)\b|.*\bCONCURRENTLY\b", said, re.I):
                alone.append(f"{path.name}: {said[:80]}")
            if "\\" in said:
                meta.append(f"{path.name}: {said[:80]}")
    h.equal("no statement ends its file's transaction or must run outside one", alone, [])
    h.equal("no statement is for psql alone", meta, [])

    pid = h.server.run("SELECT pg_backend_pid()")
    owner, auth = f"switchyard_guide_project_{pid}", f"switchyard_guide_auth_{pid}"
    h.server.run(f"CREATE ROLE {owner} NOLOGIN CREATEROLE CREATEDB BYPASSRLS; CREATE ROLE {auth} NOLOGIN; "
                 "DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP "
                 "IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', r); END IF; END LOOP; END $$; "
                 f"GRANT anon, authenticated, service_role TO {owner}")
    project = h.empty()
    name = h.made[-1]
    h.server.run(f"ALTER DATABASE {name} OWNER TO {owner}")
    tool = None
    try:
        project.run(PROJECT.format(owner=owner, auth=auth))
        tool = supabase_tool.Tool(project.url, "supabase")
        tool.run(f"SET SESSION AUTHORIZATION {owner}")
        h.equal("db push applies every file to a new project", tool.push(FOLDER), names)
        h.equal("verify passes", project.failed_checks(), [])
        h.equal("the migration history has each file with its statements", tool.run(
            "SELECT count(*), min(cardinality(statements)) > 0 FROM supabase_migrations.schema_migrations"), [[str(len(names)), "t"]])
        h.equal("no setting outlasts its file", tool.run("SHOW lock_timeout"), [["0"]])
        h.equal("a second push has nothing to do", tool.push(FOLDER), [])
        tool.run("TRUNCATE supabase_migrations.schema_migrations")
        h.equal("a second push succeeds if the history is empty", tool.push(FOLDER), names)
        h.equal("verify passes after the second push", project.failed_checks(), [])
        h.equal("leads are routed", project.run(WORLD + ingest([dict(id=lead(1), source=A, destination=B, email="a@example.com")])
                                                + "SELECT routing_status FROM leads").split("\n")[-1], "routed")
        before = tool.run("SELECT count(*) FROM supabase_migrations.schema_migrations")
        try:
            tool.apply(FOLDER / "20990101000001_broken.sql", "CREATE TABLE half (x int);\nINSERT INTO half VALUES (1);\nSELECT 1 / 0;")
            h.check("a file that fails is refused", False)
        except wire.Refused as refusal:
            h.check("a file that fails is refused", refusal.state == "22012", str(refusal))
        h.equal("a file that fails leaves nothing: each file is one transaction", [tool.run("SELECT to_regclass('half') IS NULL"),
                tool.run("SELECT count(*) FROM supabase_migrations.schema_migrations")], [[["t"]], before])
    finally:
        if tool:
            tool.close()
        h.server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        h.made.remove(name)
        h.server.run(f"DROP OWNED BY {owner}; DROP ROLE {owner}, {auth}")
