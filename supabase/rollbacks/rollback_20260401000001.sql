-- Takes back 20260401000001_routing_pauses.sql: pauses end, and what operators did is forgotten; leads stay. Safe to run again.

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

-- 20260802000001
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260802000001';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.held_leads(uuid[], boolean);
DROP FUNCTION IF EXISTS switchyard.hold_turn(integer, boolean, uuid[], timestamptz[]);
-- 20260803000001
DROP TABLE IF EXISTS switchyard.waiting_reviews;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260803000001';
    END IF;
END
$$;

-- The version rises with every statement again.
DO $$
BEGIN
    IF to_regprocedure('switchyard.bump_rule_set_version()') IS NOT NULL THEN
        CREATE OR REPLACE FUNCTION switchyard.bump_rule_set_version() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
        AS $f$
        BEGIN
            UPDATE switchyard.rule_set_version SET version = version + 1;
            RETURN NULL;
        END
        $f$;
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260602000001', '20260602000002', '20260602000003');
    END IF;
END
$$;

-- 20260602000003
DROP FUNCTION IF EXISTS switchyard.roll_back_failing(text, timestamptz);
DROP FUNCTION IF EXISTS switchyard.failing_publications(timestamptz);
DROP TABLE IF EXISTS switchyard.rule_set_rollbacks;
-- 20260602000002
DROP FUNCTION IF EXISTS switchyard.return_rule_set(uuid, bigint);
DROP FUNCTION IF EXISTS switchyard.replace_golden_leads(uuid, uuid[], jsonb);
DROP FUNCTION IF EXISTS switchyard.replace_rules(uuid, jsonb);
DROP TABLE IF EXISTS switchyard.golden_leads;
DROP TABLE IF EXISTS switchyard.rule_set_drafts;
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

-- 20260602000001
DROP FUNCTION IF EXISTS switchyard.record_rule_set_change() CASCADE; -- with its triggers
DROP FUNCTION IF EXISTS switchyard.lock_rule_set_version() CASCADE;
DROP FUNCTION IF EXISTS switchyard.keep_rule_set_history(text, text[], text, text[]);
DROP FUNCTION IF EXISTS switchyard.mend_rule_set_history();
DROP FUNCTION IF EXISTS switchyard.write_rule_set_history(text, text, text[], jsonb[], uuid[]);
DROP FUNCTION IF EXISTS switchyard.next_rule_set_version(uuid[]);
DROP TABLE IF EXISTS switchyard.rule_set_history;
DROP TABLE IF EXISTS switchyard.rule_set_versions;
DROP TABLE IF EXISTS switchyard.rule_set_tables;
ALTER TABLE IF EXISTS switchyard.rule_set_version DROP COLUMN IF EXISTS changed_by, DROP COLUMN IF EXISTS changed_at;

DO $$
BEGIN
    IF to_regclass('public.lead_routing_queue') IS NOT NULL THEN
        DROP TRIGGER IF EXISTS switchyard_hint ON public.lead_routing_queue;
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.hint_waiting();
DROP FUNCTION IF EXISTS switchyard.claim_turn(integer, boolean);
DROP FUNCTION IF EXISTS switchyard.claim_due(integer, boolean);
DROP FUNCTION IF EXISTS switchyard.pause_routing(uuid, text, text);
DROP FUNCTION IF EXISTS switchyard.resume_routing(uuid, text);
DROP INDEX IF EXISTS public.lead_routing_queue_sources;
DROP INDEX IF EXISTS public.lead_routing_queue_turns;
DROP TABLE IF EXISTS switchyard.routing_pauses;
DROP TABLE IF EXISTS switchyard.operator_log;

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260401000001', '20260501000001');
    END IF;
END
$$;

COMMIT;
