-- Takes back 20260810000001_short_claims.sql. Claims keep their short key, and ingest its new form, which do what the old ones did;
-- the rollback of 20260131000001 removes the table, and the functions with it. Safe to run again.

BEGIN;

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260810000001';
    END IF;
END
$$;

COMMIT;
