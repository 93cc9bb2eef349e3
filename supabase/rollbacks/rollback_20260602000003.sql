-- Takes back 20260602000003_auto_rollback.sql: publications stay, whatever becomes of leads; what was taken back stays so.
-- The operators' log keeps its rows, and goes on allowing what they say. Safe to run again.

BEGIN;

DROP FUNCTION IF EXISTS switchyard.roll_back_failing(text, timestamptz);
DROP FUNCTION IF EXISTS switchyard.failing_publications(timestamptz);
DROP TABLE IF EXISTS switchyard.rule_set_rollbacks;
DROP INDEX IF EXISTS switchyard.rule_set_versions_published;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260602000003';
    END IF;
END
$$;

COMMIT;
