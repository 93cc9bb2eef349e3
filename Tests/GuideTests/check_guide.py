"""The guide, as printed: every SQL statement in it is run, and its rollback followed by inserts and a second migration."""
import re

from harness import A, MIGRATIONS, Refused, ROLLBACKS, ROOT, lead

GUIDE = (ROOT / "Tests" / "GuideTests" / "guide.md").read_text()

# Printed with values that stand for something: no server can take them as they are.
PLACEHOLDERS = {"'a1b2c3d4e5f6...'", "'workspace-id'"}
# pg_cron is not ours to bring.
ELSEWHERE = {"cron.job"}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.S)


def printed_rollback():
    return next(b for b in blocks("sql") if "DROP TYPE" in b)


def statements():
    """Every statement of the guide but the rollback: sql blocks, psql -c in quotes, and what follows a bare psql."""
    for block in blocks("sql"):
        if "DROP TYPE" not in block:
            yield from split(block)
    for block in blocks("bash"):
        for command in re.findall(r"""psql \$\w+ -c (?:"(.*?)")""", block, re.S):
            yield command.replace("\\$", "$")
        for line in re.findall(r"^psql \$DATABASE_URL\n(.*)", block, re.S | re.M):
            yield from split(re.sub(r"^\\i .*$", "", line, flags=re.M))


def split(text):
    text = re.sub(r"--.*$", "", text, flags=re.M)
    return [s.strip() + ";" for s in text.split(";") if s.strip()]


def run(h):
    print("# The guide as printed")
    db = h.migrated()
    db.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{lead(1)}', '{A}', 'ada@example.com')")
    count = 0
    for statement in statements():
        count += 1
        name = " ".join(statement.split())[:70]
        if any(e in statement for e in ELSEWHERE):
            h.check(f"fails because pg_cron is not installed: {name}", db.refuses(statement, "42P01"))
        elif any(p in statement for p in PLACEHOLDERS) and "'workspace-id'" in statement:
            h.check(f"fails until its placeholder is replaced: {name}", db.refuses(statement, "22P02"))
            filled = statement.replace("workspace-id", A)
            h.equal(f"runs with its placeholder replaced: {name}", db.run(filled), "")
        else:
            try:
                db.run("", "-c", statement)
                h.check(f"runs: {name}", True)
            except Refused as refusal:
                h.check(f"runs: {name}", False, str(refusal))
    h.check("found the guide's statements", count >= 20, str(count))

    alone = h.empty()
    objects = """SELECT (SELECT count(*) FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'switchyard')))
        + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'switchyard')"""
    fixes = next(path for path in MIGRATIONS if path.name.startswith("20260131000001"))
    answer = alone.run(f"\\set ON_ERROR_STOP 0\n\\i {fixes}\nSHOW default_transaction_read_only;\nSHOW lock_timeout;\n")
    h.equal("the printed \\i without the base schema does nothing, though psql goes on after an error", alone.run(objects), "0")
    h.equal("… and leaves the session as it was", answer.split(), ["off", "0"])

    functions = db.rows("SELECT DISTINCT routine_name FROM information_schema.routines WHERE routine_schema = 'public' "
                        "AND routine_name LIKE '%routing%'")
    h.check("the guide's listing shows its routing functions", {"acquire_routing_lock", "complete_routing", "fail_routing",
            "release_stale_routing_locks"} <= {f[0] for f in functions}, str(functions))

    for label, again in (("once", 1), ("twice", 2)):
        db = h.migrated()
        db.run(f"INSERT INTO leads (workspace_id, email) VALUES ('{A}', 'ada@example.com')")
        for _ in range(again):
            try:
                db.run(printed_rollback())
                h.check(f"the printed rollback succeeds, {label}", True)
            except Refused as refusal:
                h.check(f"the printed rollback succeeds, {label}", False, str(refusal))
    h.equal("after the printed rollback, leads has no routing column", db.run(
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'leads' AND column_name LIKE 'routing%'"), "0")
    db.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{lead(2)}', '{A}', 'bob@example.com'), ('{lead(3)}', NULL, 'eve@example.com'); "
           f"UPDATE leads SET email = 'carl@example.com' WHERE id = '{lead(2)}'; DELETE FROM leads WHERE email = 'ada@example.com'")
    h.check("after the printed rollback, leads can be inserted, changed and deleted", True)
    missing = {row[0] for row in db.failed_checks()}
    h.check("verify names the missing objects", {"column leads.routing_status", "type lead_routing_status", "table public.lead_routing_queue",
            "function public.acquire_routing_lock", "index idx_routing_logs_lead", "trigger switchyard_0_guard on public.leads"} <= missing,
            str(missing))
    db.migrate("-1")
    h.equal("migrating again brings everything back", db.failed_checks(), [])
    h.equal("leads inserted after the rollback get the states that the guide names", sorted(db.rows("SELECT id, routing_status FROM leads")),
            [[lead(2), "routed"], [lead(3), "pending"]])

    print("# Our own rollback")
    db = h.migrated()
    db.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{lead(1)}', '{A}', 'ada@example.com'); "
           f"UPDATE leads SET lead_expires_at = now() WHERE id = '{lead(1)}'; SELECT mark_expired_leads()")
    for _ in range(2):
        db.file(ROLLBACKS / "rollback_20260131000001.sql")
    h.equal("the repository's rollback keeps the routing log", db.run("SELECT routing_result FROM lead_routing_logs_before_rollback"), "expired")
    h.check("the comment of the kept log says what it holds", "before_rollback" not in db.run(
        "SELECT obj_description('lead_routing_logs_before_rollback'::regclass)") and db.run(
        "SELECT obj_description('lead_routing_logs_before_rollback'::regclass) LIKE '%held when%'") == "t")
    h.equal("the repository's rollback leaves no routing function in the schema switchyard", db.run(
        "SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'switchyard'::regnamespace"),
        "acting_workspace refuse_workspace_delete visible_workspaces")
    db.run(f"INSERT INTO leads (workspace_id, email) VALUES ('{A}', 'bob@example.com')")
    db.migrate("-1")
    h.equal("migrating again brings everything back", db.failed_checks(), [])
    for version in ("20261130000003", "20261130000002", "20261130000001"):
        db.file(ROLLBACKS / f"rollback_{version}.sql")
    db.run(f"INSERT INTO leads (workspace_id, email) VALUES ('{A}', 'eve@example.com')")
    db.migrate()
    h.equal("migrating again restores everything after a rollback of the later migrations", db.failed_checks(), [])
