-- Takes back 20260501000001_retry_herd.sql: retries wait the exact times again, and nobody is told of new leads. The claim
-- keeps its new form, in which the version before uses it as well; the rollback of 20260401000001 removes it. Safe to
-- run again.

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

DO $$
BEGIN
    IF to_regclass('public.lead_routing_queue') IS NOT NULL THEN
        DROP TRIGGER IF EXISTS switchyard_hint ON public.lead_routing_queue;
    END IF;
    IF to_regprocedure('switchyard.retry_delay(integer)') IS NOT NULL THEN
        CREATE OR REPLACE FUNCTION switchyard.retry_delay(p_attempt integer) RETURNS interval
        LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
        AS $f$
            SELECT CASE WHEN p_attempt <= 1 THEN interval '1 minute' WHEN p_attempt = 2 THEN interval '5 minutes'
                WHEN p_attempt = 3 THEN interval '15 minutes' ELSE interval '1 hour' END
        $f$;
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260501000001';
    END IF;
END
$$;

DROP FUNCTION IF EXISTS switchyard.hint_waiting();
ALTER TABLE IF EXISTS switchyard.scheduled_runs DROP COLUMN IF EXISTS claim;

COMMIT;
