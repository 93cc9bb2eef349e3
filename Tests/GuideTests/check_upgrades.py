"""Installations that are there already: drifted, half-applied, migrated twice, two at once."""
import re

from harness import A, B, MIGRATIONS, WORLD, Refused, ingest, lead

DRIFTED = f"""
CREATE TABLE workspaces (id uuid PRIMARY KEY, name varchar(80) NOT NULL, settings json);
CREATE TABLE leads (
    id uuid PRIMARY KEY, workspace_id uuid REFERENCES workspaces, email varchar(255) NOT NULL,
    phone varchar(40), full_name text NOT NULL DEFAULT '', created_at timestamp NOT NULL DEFAULT now());
CREATE TABLE user_workspaces (user_id uuid, workspace_id uuid);
INSERT INTO workspaces VALUES ('{A}', 'A'), ('{B}', 'B');
INSERT INTO leads (id, workspace_id, email, phone, created_at) VALUES
    ('{lead(1)}', '{A}', 'Ada@Example.com', '+1 (555) 010-0199', '2026-01-01'),
    ('{lead(2)}', '{B}', 'ada@example.com', NULL, '2026-01-02'),
    ('{lead(3)}', NULL, 'bob@example.com', '555-010-0199', now()::timestamp),
    ('{lead(4)}', NULL, 'n/a', NULL, '2020-01-01');
"""


def run(h):
    print("# Existing installations")
    db = h.empty()
    db.run(DRIFTED)
    db.migrate()
    h.equal("leads with a workspace are routed, others pending", sorted(db.rows("SELECT id, routing_status FROM leads")),
            [[lead(1), "routed"], [lead(2), "routed"], [lead(3), "pending"], [lead(4), "pending"]])
    h.equal("expiry is 90 days after creation", db.run("SELECT bool_and(lead_expires_at = created_at + interval '90 days') FROM leads"), "t")
    h.equal("the duplicate hash is filled, except for a lead without an identity", db.run(
        "SELECT string_agg((dedupe_hash = generate_dedupe_hash(email, phone, company_name))::text, ' ' ORDER BY id) FROM leads"),
        "true true true")
    h.equal("the oldest lead has the claims", db.rows("SELECT lead_id, count(*) FROM lead_identity_claims GROUP BY 1 ORDER BY 1"),
            [[lead(1), "2"], [lead(3), "1"]])
    h.equal("pending leads are in the queue", db.rows("SELECT lead_id FROM lead_routing_queue ORDER BY 1"), [[lead(3)], [lead(4)]])
    h.equal("types are as they were", db.run("SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = 'leads'::regclass AND attname IN ('email', 'phone', 'full_name', 'created_at')"),
            "character varying(255), character varying(40), text, timestamp without time zone")
    h.equal("row-level security of adopted tables stays off", db.run(
        "SELECT bool_or(relrowsecurity) FROM pg_class WHERE oid IN ('leads'::regclass, 'workspaces'::regclass)"), "f")
    h.equal("verify passes", db.failed_checks(), [])
    h.equal("a waiting lead without a workspace is claimed", db.run(
        "SELECT unnest(switchyard.hold_turn(10, false))"), lead(3))
    before = db.run("SELECT string_agg(l::text, ' ' ORDER BY id) FROM leads l") + db.run("SELECT string_agg(c::text, ' ' ORDER BY identity) FROM lead_identity_claims c")
    db.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{lead(5)}', '{A}', 'new@example.com')")
    db.migrate("-1")
    db.migrate()
    h.equal("a second and third run leave a waiting lead with a workspace waiting", db.run(
        f"SELECT routing_status FROM leads WHERE id = '{lead(5)}'"), "pending")
    db.run(f"DELETE FROM leads WHERE id = '{lead(5)}'")
    h.equal("a second and third run change nothing else", db.run("SELECT string_agg(l::text, ' ' ORDER BY id) FROM leads l")
            + db.run("SELECT string_agg(c::text, ' ' ORDER BY identity) FROM lead_identity_claims c"), before)

    print("# Half-applied")
    halves = {
        "the column alone, nullable": "CREATE TYPE lead_routing_status AS ENUM ('pending','routing','routed','failed','expired'); "
            "ALTER TABLE leads ADD COLUMN routing_status lead_routing_status",
        "the column with its default": "CREATE TYPE lead_routing_status AS ENUM ('pending','routing','routed','failed','expired'); "
            "ALTER TABLE leads ADD COLUMN routing_status lead_routing_status; UPDATE leads SET routing_status = 'routed' WHERE workspace_id IS NOT NULL; "
            "ALTER TABLE leads ADD COLUMN routing_attempts integer",
        "the type alone": "CREATE TYPE lead_routing_status AS ENUM ('pending','routing','routed','failed','expired')",
        "hash without claims": "ALTER TABLE leads ADD COLUMN dedupe_hash varchar(64)",
    }
    for name, sql in halves.items():
        db = h.empty()
        db.run(DRIFTED + sql)
        db.migrate()
        h.equal(f"{name}: status", [r[0] for r in db.rows("SELECT routing_status FROM leads ORDER BY id")],
                ["routed", "routed", "pending", "pending"])
        h.equal(f"{name}: verify passes", db.failed_checks(), [])
    statements = 0
    text = MIGRATIONS[2].read_text()
    marks = [m for m in ("-- 3. Tables", "-- 4. Backfill", "-- 5. Indexes", "-- 6. Who", "-- 7. Triggers", "-- 8. One", "-- 9. The")]
    for mark in marks:
        db = h.empty()
        db.run(DRIFTED)
        db.file(MIGRATIONS[0]), db.file(MIGRATIONS[1])
        db.run(text[:text.index(mark)])
        db.migrate()
        statements += 1
        h.check(f"a run that stopped before \"{mark[3:]}\" can be completed", db.failed_checks() == [] and db.run(
            "SELECT string_agg(routing_status::text, ' ' ORDER BY id) FROM leads") == "routed routed pending pending", str(db.failed_checks()))
    db = h.empty()
    db.run("CREATE TABLE leads (id bigint PRIMARY KEY)")
    db.file(MIGRATIONS[0])
    try:
        db.file(MIGRATIONS[1])
        h.check("a lead key of another type is refused", False)
    except Exception as refusal:
        h.check("a lead key of another type is refused, with a hint", "uuid" in str(refusal) and "HINT" in str(refusal))

    print("# The user of a request")
    db = h.migrated()
    asked = {
        """'{"sub":"11111111-1111-4111-8111-111111111111"}'""": ("request.jwt.claims", "11111111-1111-4111-8111-111111111111"),
        "'11111111-1111-4111-8111-111111111111'": ("request.jwt.claim.sub", "11111111-1111-4111-8111-111111111111"),
        "'22222222-2222-4222-8222-222222222222'": ("request.jwt.claims.sub", "22222222-2222-4222-8222-222222222222"),
        "'test-user-id'": ("request.jwt.claims.sub", ""),
        "'{broken'": ("request.jwt.claims", ""),
        "'[1]'": ("request.jwt.claims", ""),
        "''": ("request.jwt.claims", ""),
        """'{"sub":"nobody","switchyard_workspace_id":"x"}'""": ("request.jwt.claims", ""),
    }
    for value, (setting, wanted) in asked.items():
        h.equal(f"{setting} = {value}", db.run(f"BEGIN; SET LOCAL ROLE authenticated; SET LOCAL {setting} TO {value}; "
                "SELECT auth.uid(); SELECT count(*) FROM leads; COMMIT").split("\n"), [wanted, "0"])

    print("# Two databases of one cluster at once")
    one, two = h.empty(), h.empty()
    processes = [d.process("-1", *[x for path in MIGRATIONS for x in ("-f", str(path))]) for d in (one, two)]
    outputs = [p.communicate() for p in processes]
    h.check("both are migrated", all(p.returncode == 0 for p in processes), str([o[1] for o in outputs]))
    h.equal("verify passes in both databases", [one.failed_checks(), two.failed_checks()], [[], []])

    print("# An owner without superuser rights, on a server that grants everything to PUBLIC")
    role = db.run("SELECT 'switchyard_guide_owner_' || pg_backend_pid()")
    owned = h.empty()
    owned.run(f"CREATE ROLE {role} NOLOGIN CREATEROLE; GRANT CREATE, USAGE ON SCHEMA public TO {role}; "
              f"DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END $$; "
              f"ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT ALL ON TABLES TO anon, authenticated, service_role; "
              f"ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role")
    try:
        if int(owned.run("SHOW server_version_num")) >= 160000:
            # Since PostgreSQL 16 CREATEROLE alone is no right to roles that another has made.
            try:
                owned.run(f"SET ROLE {role};\n\\i {MIGRATIONS[0]}\n")
                hint = None
            except Refused as refusal:
                hint = refusal.state == "42501" and re.search(r"As an administrator: (GRANT .*?;)", str(refusal))
            h.check("an owner that may not grant itself the roles gets the statement for an administrator", hint, str(hint))
            owned.run(hint[1])
        for path in MIGRATIONS:
            owned.run(f"SET ROLE {role};\n\\i {path}\n")
        h.equal("an owner without superuser rights can migrate, and verify passes", owned.failed_checks(), [])
        h.equal("default privileges give members no right to write", owned.run(
            "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee IN ('anon', 'authenticated') AND privilege_type <> 'SELECT' "
            "AND table_schema IN ('public', 'switchyard') AND table_name NOT IN ('lead_routing_rules', 'routing_agreements', 'workspace_assignees', 'rule_set_drafts')"), "0")
        h.equal("an owner without superuser rights can route", owned.run(f"SET ROLE {role}; {WORLD} {ingest([dict(id=lead(1), source=A, destination=B, email='a@example.com')])} "
                                       "SELECT routing_status FROM leads"), "routed")
    finally:
        owned.run(f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}")

    print("# An owner that makes the three roles itself")
    made = h.empty()
    names = "anon", "authenticated", "service_role"
    # The roles belong to the whole server: those of the other databases stand aside.
    h.server.run("".join(f"ALTER ROLE {n} RENAME TO switchyard_guide_{n};" for n in names) + f"CREATE ROLE {role} LOGIN CREATEROLE")
    try:
        h.server.run(f"ALTER DATABASE {h.made[-1]} OWNER TO {role}")
        # SET SESSION AUTHORIZATION, so that what the owner may become is decided by its own memberships.
        become = f"SET SESSION AUTHORIZATION {role};"
        for path in MIGRATIONS:
            made.run(f"{become}\n\\i {path}\n")
        h.equal("verify passes", made.failed_checks(), [])
        claims = f"""SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '{{"switchyard_workspace_id":"{A}"}}';"""
        h.equal("its requests read as authenticated", made.run(
            f"{become} {WORLD} {ingest([dict(id=lead(1), source=A, destination=A, email='a@example.com')])} "
            f"BEGIN; {claims} SELECT count(*) FROM leads; COMMIT").split("\n")[-1], "1")
        h.equal("and it sees every row itself", made.run(f"{become} SELECT count(*) FROM leads"), "1")
    finally:
        made.run(f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}")
        made.run("".join(f"DROP OWNED BY {n}; DROP ROLE IF EXISTS {n};" for n in names) + f"DROP ROLE {role};"
                 + "".join(f"ALTER ROLE switchyard_guide_{n} RENAME TO {n};" for n in names))
