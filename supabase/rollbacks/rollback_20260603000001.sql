-- Takes back 20260603000001_people.sql: who gets the leads of a workspace is forgotten; leads keep the ids. Safe to run again.

BEGIN;

DROP TABLE IF EXISTS public.workspace_assignees;
DO $$
BEGIN
    IF to_regclass('switchyard.rule_set_tables') IS NOT NULL THEN
        DELETE FROM switchyard.rule_set_tables WHERE table_name = 'public.workspace_assignees';
        UPDATE switchyard.rule_set_version SET version = version + 1;
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260603000001';
    END IF;
END
$$;

COMMIT;
