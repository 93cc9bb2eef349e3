-- Takes back 20260808000001_statistics_totals.sql: the statistics of all workspaces together are summed whenever somebody
-- looks. Safe to run again.

BEGIN;

DROP TABLE IF EXISTS switchyard.routing_totals;
DROP FUNCTION IF EXISTS switchyard.follow_statistics() CASCADE;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260808000001';
    END IF;
END
$$;

COMMIT;
