-- Takes back 20260301000001_idempotency_keys.sql: the keys go; leads stay. Safe to run again.

BEGIN;

DROP FUNCTION IF EXISTS switchyard.ingest_keyed_leads(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[],
    boolean);
DROP FUNCTION IF EXISTS switchyard.forget_idempotency_keys();
DROP TABLE IF EXISTS switchyard.idempotency_keys;

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260301000001';
    END IF;
END
$$;

COMMIT;
