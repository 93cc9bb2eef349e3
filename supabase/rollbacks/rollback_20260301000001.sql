-- Takes back 20260301000001_idempotency_keys.sql: the keys go; leads stay. Safe to run again.

BEGIN;

-- 20260806000001, 20260806000002
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260806000001', '20260806000002', '20260808000002', '20260809000001', '20260810000001');
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.ingest_within_caps(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[],
    smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], integer[], integer[]);
DROP FUNCTION IF EXISTS switchyard.take_within_caps(smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], bigint[]);
-- 20260807000001
DROP FUNCTION IF EXISTS switchyard.erase_leads(uuid[], uuid, text, text, text, boolean);
DROP FUNCTION IF EXISTS switchyard.find_person(text, text, uuid, bigint, bigint);
DROP FUNCTION IF EXISTS switchyard.without_person(jsonb, text[], text[]);
DROP TABLE IF EXISTS switchyard.erasures;
ALTER TABLE IF EXISTS public.leads DROP COLUMN IF EXISTS erased_at;
DO $$
BEGIN
    IF to_regprocedure('switchyard.refuse_log_change()') IS NOT NULL THEN
        CREATE OR REPLACE FUNCTION switchyard.refuse_log_change() RETURNS trigger
        LANGUAGE plpgsql SET search_path = ''
        AS $f$
        BEGIN
            RAISE EXCEPTION 'The routing log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
        END
        $f$;
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260807000001';
    END IF;
END
$$;

-- 20260803000001
DROP TABLE IF EXISTS switchyard.waiting_reviews;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260803000001';
    END IF;
END
$$;

-- 20260702000001, 20260702000002
DO $$
BEGIN
    IF to_regprocedure('switchyard.unschedule_by_cron()') IS NOT NULL THEN
        PERFORM switchyard.unschedule_by_cron();
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260702000001', '20260702000002', '20260804000001', '20260808000001');
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
DROP FUNCTION IF EXISTS switchyard.gather_statistics();
DROP FUNCTION IF EXISTS switchyard.rebuild_statistics(date);
DROP FUNCTION IF EXISTS switchyard.add_statistics(timestamptz, timestamptz, xid8, xid8);
DROP FUNCTION IF EXISTS switchyard.whole_xid(xid, xid8);
DROP FUNCTION IF EXISTS switchyard.statistics_place();
DROP TABLE IF EXISTS switchyard.routing_totals;
DROP TABLE IF EXISTS switchyard.routing_statistics;
DROP FUNCTION IF EXISTS switchyard.follow_statistics();
DROP TABLE IF EXISTS switchyard.statistics_watermark;
DROP TABLE IF EXISTS switchyard.statistics_horizons;

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
