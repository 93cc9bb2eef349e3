-- Takes back 20260809000001_lean_ingest.sql. Ingest keeps its new form, which does what the old one did; the rollbacks of its own
-- migrations remove it. Safe to run again.

BEGIN;

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260809000001';
    END IF;
END
$$;

COMMIT;
