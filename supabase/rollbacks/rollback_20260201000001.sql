-- Takes back 20260201000001_switchyard_routing.sql: agreements, API keys, scheduled runs, the rule-set version and the
-- set-based functions go, with what they hold, and so do the later migrations, which stand on it. Leads, queue, claims, credits and log stay. Safe to run again.

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
DROP FUNCTION IF EXISTS switchyard.newest_results(timestamptz);

-- 20260805000001
DO $rollback$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260805000001';
    END IF;
    IF to_regclass('public.lead_routing_queue') IS NULL THEN
        RETURN;
    END IF;
CREATE OR REPLACE FUNCTION switchyard.guard_lead_state() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $f$
DECLARE
    v_old text := OLD.routing_status::text;
    v_new text := NEW.routing_status::text;
BEGIN
    IF current_user IN ('anon', 'authenticated') THEN
        RAISE EXCEPTION 'Routing columns are written by the routing functions only.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF v_old = v_new
        OR (v_old = 'pending' AND v_new IN ('routing', 'expired'))
        OR (v_old = 'routing' AND v_new IN ('routed', 'pending', 'failed'))
        OR (v_old = 'failed' AND v_new IN ('expired', 'pending'))
        -- A batch that holds the row lock passes through routing inside its transaction, and writes only the end.
        OR (v_old = 'pending' AND v_new IN ('routed', 'failed')
            AND current_setting('switchyard.deciding', true) = 'batch') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A lead cannot go from % to %.', v_old, coalesce(v_new, 'no state')
        USING ERRCODE = 'check_violation', TABLE = 'leads', SCHEMA = 'public', COLUMN = 'routing_status';
END
$f$;
COMMENT ON FUNCTION switchyard.guard_lead_state() IS 'Refuses every transition that the state machine does not have.';
END
$rollback$;
DROP FUNCTION IF EXISTS switchyard.is_unmatched(uuid);
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

DO $$
BEGIN
    IF to_regclass('public.lead_routing_rules') IS NOT NULL THEN
        DROP TRIGGER IF EXISTS switchyard_version ON public.lead_routing_rules;
        DROP POLICY IF EXISTS switchyard_owner_adds ON public.lead_routing_rules;
        DROP POLICY IF EXISTS switchyard_owner_changes ON public.lead_routing_rules;
        DROP POLICY IF EXISTS switchyard_owner_removes ON public.lead_routing_rules;
        IF (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.lead_routing_rules'::regclass) THEN
            REVOKE INSERT, UPDATE, DELETE ON public.lead_routing_rules FROM authenticated;
        END IF;
    END IF;
    IF to_regclass('public.workspaces') IS NOT NULL THEN
        DROP TRIGGER IF EXISTS switchyard_version ON public.workspaces;
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260201000001', '20260301000001', '20260401000001', '20260501000001', '20260601000001', '20260602000001', '20260602000002', '20260602000003', '20260603000001', '20260701000001');
    END IF;
END
$$;

-- 20260603000001
DROP TABLE IF EXISTS public.workspace_assignees;
-- 20260601000001
DROP FUNCTION IF EXISTS switchyard.ingest_decided(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.ingest_keyed_decided(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.settle_decided(bigint, uuid[], uuid[], uuid[], text[], text[], text[], text[], bytea[], bytea[], integer, uuid,
    uuid[], uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.settle_held(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[], bytea[], integer, uuid[],
    uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.hold_routing_state(smallint[], uuid[], uuid[], smallint[], text[], text[], uuid[], bytea[], uuid[], boolean,
    timestamptz);
DROP FUNCTION IF EXISTS switchyard.take_routing_state(smallint[], uuid[], uuid[], smallint[], bigint[], uuid[], bytea[], uuid[]);
DROP FUNCTION IF EXISTS switchyard.capacity_window(smallint, text, timestamptz);
DROP FUNCTION IF EXISTS switchyard.awaited_rules();
DROP FUNCTION IF EXISTS switchyard.claim_waiters(uuid, integer, uuid[]);
DROP FUNCTION IF EXISTS switchyard.waiting_for_capacity();
DROP FUNCTION IF EXISTS switchyard.return_lead(uuid, uuid, text, text);
DROP FUNCTION IF EXISTS switchyard.send_returned_lead(uuid, bigint, uuid, uuid, text, text, uuid, text, text);
DROP FUNCTION IF EXISTS switchyard.check_capacity() CASCADE; -- with its trigger
DO $$
BEGIN
    IF to_regclass('public.lead_routing_queue') IS NOT NULL THEN
        UPDATE public.lead_routing_queue SET next_retry_at = now() WHERE next_retry_at = 'infinity';
    END IF;
END
$$;
DROP INDEX IF EXISTS public.lead_routing_queue_waiters;
DROP TABLE IF EXISTS switchyard.routing_state;
DROP TABLE IF EXISTS switchyard.sticky_destinations;
DO $$
BEGIN
    IF to_regclass('public.lead_routing_rules') IS NOT NULL THEN
        DROP POLICY IF EXISTS switchyard_pool_adds ON public.lead_routing_rules;
        DROP POLICY IF EXISTS switchyard_pool_changes ON public.lead_routing_rules;
    END IF;
END
$$;
-- What people have set (distribution of rules, capacity of workspaces) stays, and nothing reads it.
ALTER TABLE IF EXISTS public.leads DROP COLUMN IF EXISTS assignee_id;
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
ALTER TABLE IF EXISTS public.lead_routing_queue DROP COLUMN IF EXISTS waiting_for;
ALTER TABLE IF EXISTS public.lead_attributions DROP COLUMN IF EXISTS returned_at;

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
-- 20260701000001
DROP TABLE IF EXISTS switchyard.alert_notifications;
DROP TABLE IF EXISTS switchyard.alerts;
DROP TABLE IF EXISTS switchyard.nodes;

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

DROP FUNCTION IF EXISTS switchyard.ingest_keyed_leads(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[],
    boolean);
DROP FUNCTION IF EXISTS switchyard.forget_idempotency_keys();
DROP TABLE IF EXISTS switchyard.idempotency_keys;
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
DROP TABLE IF EXISTS public.routing_agreements;
DROP TABLE IF EXISTS switchyard.api_keys;
DROP TABLE IF EXISTS switchyard.scheduled_runs;
DROP FUNCTION IF EXISTS switchyard.ingest_leads(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean);
DROP FUNCTION IF EXISTS switchyard.claim_waiting(integer, uuid, boolean);
DROP FUNCTION IF EXISTS switchyard.settle_claimed(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[], bytea[], integer);
DROP FUNCTION IF EXISTS switchyard.requeue_lead(uuid, text);
DROP FUNCTION IF EXISTS switchyard.enqueue_orphans(integer);
DROP FUNCTION IF EXISTS switchyard.routing_health();
DROP FUNCTION IF EXISTS switchyard.current_rule_set_version();
DROP FUNCTION IF EXISTS switchyard.bump_rule_set_version();
DROP TABLE IF EXISTS switchyard.rule_set_version;
DROP INDEX IF EXISTS public.lead_routing_queue_retries;
DROP INDEX IF EXISTS public.lead_routing_logs_created;
DROP INDEX IF EXISTS public.lead_routing_logs_expired;

COMMIT;
