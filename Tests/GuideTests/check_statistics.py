"""Statistics: every log row is counted once, whatever was committed when; retention; the schedule by pg_cron."""
from harness import A, B, C, MIGRATIONS, OTHER, OWNER, ROLLBACKS, ingest, lead

TOTALS = ("SELECT direction, workspace_id, sum(routed), sum(unmatched), sum(duplicates), sum(retried), sum(failed), sum(expired), sum(waited), sum(returned) "
          "FROM switchyard.routing_statistics WHERE dimension = 'all' GROUP BY 1, 2 ORDER BY 1, 2")
# The same figures from the log itself.
LOGGED = ("SELECT direction, w, count(*) FILTER (WHERE r IN ('success', 'fallback')), count(*) FILTER (WHERE r = 'unmatched'), "
          "count(*) FILTER (WHERE r = 'duplicate'), count(*) FILTER (WHERE r = 'retry'), count(*) FILTER (WHERE r = 'failed'), "
          "count(*) FILTER (WHERE r = 'expired'), count(*) FILTER (WHERE r = 'waiting'), count(*) FILTER (WHERE r = 'returned') FROM (SELECT 'out' AS direction, source_workspace_id AS w, routing_result AS r "
          "FROM lead_routing_logs UNION ALL SELECT 'in', destination_workspace_id, routing_result FROM lead_routing_logs "
          "WHERE routing_result IN ('success', 'fallback', 'returned')) x GROUP BY 1, 2 ORDER BY 1, 2")
# What is kept of all workspaces together, and what it should be: nothing too much and nothing missing.
SUMS = ("sum(routed), sum(unmatched), sum(duplicates), sum(retried), sum(failed), sum(expired), sum(waited), sum(returned), sum(latency_ms), "
        + ", ".join(f"sum(latency_counts[{n}])" for n in range(1, 9)))
KEPT_TOTALS = f"SELECT dimension, day, direction, key, {SUMS} FROM switchyard.routing_totals GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
SUMMED_TOTALS = KEPT_TOTALS.replace("routing_totals", "routing_statistics")
GATHER = "SELECT switchyard.gather_statistics()"


def send(numbers, **more):
    return ingest([dict(id=lead(n), source=A, destination=B, email=f"s{n}@example.com", location='{"country":"US","state":"ca"}') | more
                   for n in numbers])


def run(h):
    print("# Statistics")
    db = h.migrated()
    db.run(send(range(1, 6)))
    db.run(GATHER), db.run(GATHER), db.run(GATHER)
    h.equal("log rows from before the first run are counted", db.rows(TOTALS), db.rows(LOGGED))
    h.equal("another run counts them no second time", db.run(GATHER), "0")
    db.run(send(range(6, 9)) + send([9], email="s1@example.com") + send([10, 11], result="unmatched", destination=A)
           + send([12], result="retry"))
    db.run(f"SELECT switchyard.return_lead('{lead(2)}', '{B}', 'wrong number', 'harness');"
           f"INSERT INTO lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, routing_result) VALUES ('{lead(10)}', '{A}', '{A}', 'waiting')")
    h.equal("the next run counts the new log rows", db.run(GATHER), "9")
    h.equal("a returned lead counts for the sender and for the destination", db.rows("SELECT direction, workspace_id, returned FROM switchyard.routing_statistics "
        "WHERE dimension = 'all' AND returned > 0 ORDER BY 1"), [["in", B, "1"], ["out", A, "1"]])
    h.equal("the statistics agree with the log", db.rows(TOTALS), db.rows(LOGGED))
    h.equal("places are counted under keys in capitals", db.rows("SELECT direction, key, routed FROM switchyard.routing_statistics WHERE dimension = 'place' ORDER BY 1".replace("key,", "replace(key, '|', '/'),")),
            [["in", "US/CA", "8"], ["out", "US/CA", "8"]])
    h.equal("only the sender's figures name the credited partner", db.rows(
        "SELECT DISTINCT workspace_id, direction FROM switchyard.routing_statistics WHERE dimension = 'partner'"), [[A, "out"]])
    h.equal("latency is counted for each routed lead", db.run(
        "SELECT bool_and((SELECT sum(c) FROM unnest(latency_counts) c) = routed) FROM switchyard.routing_statistics"), "t")

    first, second = db.process(), db.process()
    for process, numbers in ((first, [20, 21]), (second, [22])):
        process.stdin.write("BEGIN;\n" + send(numbers) + "\n\\echo written\n")
        process.stdin.flush()
        while "written" not in process.stdout.readline():
            pass
    second.communicate("COMMIT;\n")
    during = db.run(GATHER)
    h.equal("rows committed while an older transaction is open are not counted yet", during, "0")
    db.run(send([23]))
    db.run(GATHER)
    first.communicate("COMMIT;\n")
    db.run(GATHER)
    h.equal("those rows are counted once after the older transaction has ended", db.rows(TOTALS), db.rows(LOGGED))

    statements = [send(range(100 + 10 * n, 110 + 10 * n)) for n in range(6)] + [GATHER + ";" + GATHER for _ in range(6)]
    db.at_once(statements)
    db.run(GATHER)
    h.equal("six writers and six counters at the same time: each row is counted once", db.rows(TOTALS), db.rows(LOGGED))
    h.equal("the totals are the sums over all workspaces", db.rows(KEPT_TOTALS), db.rows(SUMMED_TOTALS))
    kept = db.rows("SELECT * FROM switchyard.routing_statistics ORDER BY 1, 2, 3, 4, 5")
    db.run("SELECT switchyard.rebuild_statistics((now() AT TIME ZONE 'UTC')::date)")
    h.equal("a rebuilt day has exactly the same figures", db.rows("SELECT * FROM switchyard.routing_statistics ORDER BY 1, 2, 3, 4, 5"), kept)
    db.run("UPDATE switchyard.routing_statistics SET routed = routed + 1; SELECT switchyard.rebuild_statistics((now() AT TIME ZONE 'UTC')::date)")
    h.equal("a rebuild corrects wrong figures", db.rows(TOTALS), db.rows(LOGGED))
    h.equal("the totals follow a change by hand", db.rows(KEPT_TOTALS), db.rows(SUMMED_TOTALS))
    db.run("UPDATE switchyard.routing_statistics SET day = day - 1 WHERE dimension = 'all'; DELETE FROM switchyard.routing_statistics WHERE dimension = 'place'")
    h.equal("the totals follow moved and deleted rows", db.rows(KEPT_TOTALS), db.rows(SUMMED_TOTALS))
    db.run("TRUNCATE switchyard.routing_totals")
    db.file(next(file for file in MIGRATIONS if "operations" in file.name))
    h.equal("the migration, applied again, restores emptied totals", db.rows(KEPT_TOTALS), db.rows(SUMMED_TOTALS))
    db.run("DELETE FROM switchyard.routing_statistics WHERE day < (now() AT TIME ZONE 'UTC')::date; SELECT switchyard.rebuild_statistics((now() AT TIME ZONE 'UTC')::date)")

    copy = h.empty(h.made[-1])
    copy.run(send([300]))
    for _ in range(3):
        copy.run(GATHER)
    h.equal("in a copy of the database everything is counted anew", copy.rows(TOTALS), copy.rows(LOGGED))

    def seen(user):
        return db.run(f"BEGIN; SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '{{\"sub\":\"{user}\"}}'; "
                      "SELECT string_agg(DISTINCT workspace_id::text, ' ') FROM switchyard.routing_statistics; COMMIT")
    h.equal("a member sees the figures of its workspace", seen(OWNER), A)
    h.equal("a member of another workspace sees none of them", seen(OTHER), "")
    h.check("a member cannot change statistics", db.refuses("SET ROLE authenticated; DELETE FROM switchyard.routing_statistics", "42501"))
    h.check("a member cannot read the totals over all workspaces", db.refuses("SET ROLE authenticated; SELECT FROM switchyard.routing_totals", "42501"))
    h.check("a member cannot gather statistics", db.refuses("SET ROLE authenticated; SELECT switchyard.gather_statistics()", "42501"))
    db.run("SET ROLE service_role; SELECT switchyard.gather_statistics(), switchyard.prune()")
    h.check("service_role can gather statistics and prune", True)

    print("# Retention")
    db.run("CREATE TABLE switchyard.lead_routing_logs_2024_01 PARTITION OF lead_routing_logs FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2024-02-01 00:00+00'); "
           f"INSERT INTO lead_routing_logs (lead_id, source_workspace_id, routing_result, created_at) VALUES ('{lead(1)}', '{A}', 'expired', '2024-01-15 12:00+00')")
    old = "SELECT count(*) FROM lead_routing_logs WHERE created_at < '2024-02-01'"
    for _ in range(3):
        db.run(GATHER + "; SELECT switchyard.prune()")
    h.equal("by default every month is kept", db.run(old), "1")
    db.run("UPDATE switchyard.retention SET log_months = 12; UPDATE switchyard.statistics_watermark SET rebuild_before = '2024-06-01'; SELECT switchyard.prune()")
    h.equal("a month that is not counted yet is kept", db.run(old), "1")
    for _ in range(3):
        db.run(GATHER)
    db.run("SELECT switchyard.prune()")
    h.equal("with a limit, older months are dropped as a whole", db.run(old), "0")
    h.equal("the figures of a dropped month stay", db.run("SELECT expired FROM switchyard.routing_statistics WHERE day = '2024-01-15' AND dimension = 'all'"), "1")
    db.run("SELECT switchyard.rebuild_statistics('2024-01-15')")
    h.equal("a rebuild of a day without log rows keeps its figures", db.run("SELECT expired FROM switchyard.routing_statistics WHERE day = '2024-01-15' AND dimension = 'all'"), "1")
    h.equal("partitions for this month and the next three exist", db.run(
        "SELECT count(*) FROM generate_series(0, 3) n WHERE to_regclass('switchyard.lead_routing_logs_' || to_char(now() AT TIME ZONE 'UTC' + n * interval '1 month', 'YYYY_MM')) IS NULL"), "0")
    db.run(f"INSERT INTO switchyard.idempotency_keys SELECT '{A}', sha256(n::text::bytea), sha256(''), gen_random_uuid(), now() - interval '25 hours' * n FROM generate_series(0, 3) n; "
           "INSERT INTO switchyard.scheduled_runs (name, due_at) VALUES ('x', now() - interval '31 days'), ('x', now()); SELECT switchyard.prune()")
    h.equal("idempotency keys are deleted after a day, scheduled runs after thirty days", db.rows(
        "SELECT (SELECT count(*) FROM switchyard.idempotency_keys), (SELECT count(*) FROM switchyard.scheduled_runs)"), [["1", "1"]])
    h.check("a retention of less than a month is refused", db.refuses("UPDATE switchyard.retention SET log_months = 0", "23514"))
    h.equal("an autovacuum setting that was set before stays", db.run(
        "ALTER TABLE leads SET (autovacuum_vacuum_scale_factor = 0.5); SELECT switchyard.set_vacuum_settings(); "
        "SELECT reloptions @> ARRAY['autovacuum_vacuum_scale_factor=0.5'] FROM pg_class WHERE oid = 'leads'::regclass").split("\n")[-1], "t")

    print("# The schedule without a node")
    db.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{lead(900)}', '{A}', 'stale@example.com'), ('{lead(901)}', '{A}', 'old@example.com'); "
           f"SELECT acquire_routing_lock('{lead(900)}', gen_random_uuid()); UPDATE leads SET routing_locked_at = now() - interval '6 minutes' WHERE id = '{lead(900)}'; "
           f"UPDATE leads SET lead_expires_at = now() WHERE id = '{lead(901)}'")
    h.check("schedule_by_cron is refused without pg_cron", db.refuses("SELECT switchyard.schedule_by_cron()", "42704"))
    h.equal("run_from_cron releases stale locks", db.run("SELECT switchyard.run_from_cron('cleanupStaleRoutingLocks')"), "1")
    h.equal("run_from_cron runs once per due time", db.run("SELECT switchyard.run_from_cron('cleanupStaleRoutingLocks')"), "0")
    h.equal("run_from_cron expires leads", db.run("SELECT switchyard.run_from_cron('markExpiredLeads')"), "1")
    h.equal("both runs are recorded in scheduled_runs", db.rows("SELECT name, node, affected, due_at <= now() FROM switchyard.scheduled_runs WHERE node = 'pg_cron' ORDER BY 1"),
            [["cleanupStaleRoutingLocks", "pg_cron", "1", "t"], ["markExpiredLeads", "pg_cron", "1", "t"]])
    db.run("DELETE FROM switchyard.scheduled_runs; INSERT INTO switchyard.scheduled_runs (name, due_at, node) "
           "VALUES ('cleanupStaleRoutingLocks', date_bin('10 minutes', now(), '2000-01-01 00:00+00'), 'a node'); "
           f"UPDATE leads SET lead_expires_at = now() + interval '1 day' WHERE id = '{lead(900)}'; SELECT acquire_routing_lock('{lead(900)}', gen_random_uuid()); "
           f"UPDATE leads SET routing_locked_at = now() - interval '6 minutes' WHERE id = '{lead(900)}'")
    h.equal("run_from_cron does nothing for a due time that a node has claimed", db.run("SELECT switchyard.run_from_cron('cleanupStaleRoutingLocks')"), "0")
    h.check("run_from_cron refuses an unknown name", db.refuses("SELECT switchyard.run_from_cron('x')", "22023"))
    cron(h, db)

    db.file(ROLLBACKS / "rollback_20261130000003.sql")
    db.file(ROLLBACKS / "rollback_20261130000003.sql")
    h.equal("the rollback removes the tables of statistics and retention", db.run("SELECT count(*) FROM pg_class WHERE relname ~ 'statistics|retention' AND relnamespace = 'switchyard'::regnamespace"), "0")
    db.migrate()
    h.equal("verify passes after migrating again", db.failed_checks(), [])


# What pg_cron offers, as far as it is used: where the extension itself is not installed.
STAND_IN = """
CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid bigserial PRIMARY KEY, schedule text, command text, jobname text UNIQUE);
CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO cron.job (jobname, schedule, command) VALUES ($1, $2, $3)
    ON CONFLICT (jobname) DO UPDATE SET schedule = excluded.schedule, command = excluded.command RETURNING jobid $$;
CREATE FUNCTION cron.unschedule(bigint) RETURNS boolean LANGUAGE sql AS $$ DELETE FROM cron.job WHERE jobid = $1 RETURNING true $$;
"""


def cron(h, db):
    db.run(STAND_IN)
    for _ in range(2):
        db.run("SELECT switchyard.schedule_by_cron()")
    h.equal("the guide's query finds the job", db.rows("SELECT schedule, command FROM cron.job WHERE jobname LIKE '%stale%'"),
            [["2-59/10 * * * *", "SELECT switchyard.run_from_cron('cleanupStaleRoutingLocks')"]])
    h.equal("the job for expiry runs at 02:05 UTC", db.rows("SELECT schedule FROM cron.job WHERE jobname LIKE '%expire%'"), [["5 2 * * *"]])
    db.run("SET cron.timezone = 'America/New_York'; SELECT switchyard.schedule_by_cron()")
    h.check("the job's schedule is in the time zone of pg_cron", db.run("SELECT schedule FROM cron.job WHERE jobname LIKE '%expire%'") in ("5 21 * * *", "5 22 * * *"))
    db.run("SET ROLE service_role; SELECT 1")
    h.equal("unschedule_by_cron removes both jobs", db.run("SELECT switchyard.unschedule_by_cron()"), "2")
    h.equal("no pg_cron job is left", db.run("SELECT count(*) FROM cron.job"), "0")
