-- Takes back 20260702000002_upkeep.sql: nothing is dropped for its age any more, and pg_cron runs nothing of ours. Autovacuum
-- settings stay, for they do no harm. Safe to run again.

BEGIN;

DO $$
BEGIN
    IF to_regprocedure('switchyard.unschedule_by_cron()') IS NOT NULL THEN
        PERFORM switchyard.unschedule_by_cron();
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260702000002');
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.schedule_by_cron();
DROP FUNCTION IF EXISTS switchyard.unschedule_by_cron();
DROP FUNCTION IF EXISTS switchyard.run_from_cron(text);
DROP FUNCTION IF EXISTS switchyard.prune();
DROP FUNCTION IF EXISTS switchyard.set_vacuum_settings();
DROP FUNCTION IF EXISTS switchyard.drop_old_log_partitions();
DROP TABLE IF EXISTS switchyard.retention;

COMMIT;
