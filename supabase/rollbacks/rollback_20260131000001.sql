-- Takes back 20260131000001_lead_routing_fixes.sql, and the later ones, which stand on it.
--
-- The guide's script of this name drops the log; this one keeps what it held in lead_routing_logs_before_rollback.
-- Leads stay where they are; what routing knew of them (status, attempts, claims, credits, queue) goes. Afterwards leads
-- can be inserted as before, and the migrations can be applied again. Safe to run again.

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

-- 20260803000001
DROP TABLE IF EXISTS switchyard.waiting_reviews;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260803000001', '20260805000001');
    END IF;
END
$$;

-- What the log held is kept first, because it may take long: nobody waits for it. Then leads, before anything that its
-- triggers touch: whoever writes a lead meanwhile waits for us, and we for nobody who waits for us.
DO $$
BEGIN
    IF to_regclass('public.lead_routing_logs') IS NOT NULL THEN
        IF to_regclass('public.lead_routing_logs_before_rollback') IS NULL THEN
            CREATE TABLE public.lead_routing_logs_before_rollback (LIKE public.lead_routing_logs);
            ALTER TABLE public.lead_routing_logs_before_rollback ENABLE ROW LEVEL SECURITY;
            REVOKE ALL ON public.lead_routing_logs_before_rollback FROM PUBLIC, anon, authenticated;
        END IF;
        INSERT INTO public.lead_routing_logs_before_rollback SELECT * FROM public.lead_routing_logs;
        COMMENT ON TABLE public.lead_routing_logs_before_rollback IS
            'What lead_routing_logs held when rollback_20260131000001.sql was run; rows of several rollbacks may be together here. Nothing reads or writes it.';
        EXECUTE format('COMMENT ON COLUMN public.lead_routing_logs_before_rollback.id IS %L', 'Last filled '
            || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC.');
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260131000001';
    END IF;
END
$$;

DO $$
BEGIN
    IF to_regclass('public.leads') IS NOT NULL THEN
        LOCK TABLE public.leads IN ACCESS EXCLUSIVE MODE;
        -- What an unfinished `switchyard migrate up --online` has left.
        DROP TRIGGER IF EXISTS switchyard_online_insert ON public.leads;
        DROP TRIGGER IF EXISTS switchyard_online_update ON public.leads;
        DROP TRIGGER IF EXISTS switchyard_online_delete ON public.leads;
    END IF;
END
$$;
DROP INDEX IF EXISTS public.switchyard_online_todo;
DROP FUNCTION IF EXISTS switchyard.online_follow();
DROP FUNCTION IF EXISTS switchyard.online_backfill(integer);
DROP FUNCTION IF EXISTS switchyard.online_enqueue(integer);
DROP TABLE IF EXISTS switchyard.online_state;
DROP TABLE IF EXISTS switchyard.online_source_is_new;

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

-- 20260201000001
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

-- 20260131000001
DROP TABLE IF EXISTS public.lead_routing_logs CASCADE;
DROP TABLE IF EXISTS public.lead_routing_queue CASCADE; -- and with its row type the triggers on leads
DROP TABLE IF EXISTS public.lead_identity_claims;
DROP TABLE IF EXISTS public.lead_attributions;

DROP FUNCTION IF EXISTS public.acquire_routing_lock(uuid, uuid);
DROP FUNCTION IF EXISTS public.complete_routing(uuid, uuid, uuid, uuid);
DROP FUNCTION IF EXISTS public.fail_routing(uuid, text, uuid, integer);
DROP FUNCTION IF EXISTS public.release_stale_routing_locks();
DROP FUNCTION IF EXISTS public.generate_dedupe_hash(text, text, text);
DROP FUNCTION IF EXISTS public.check_cross_partner_duplicate(varchar, uuid);
DROP FUNCTION IF EXISTS public.mark_expired_leads();
DROP FUNCTION IF EXISTS switchyard.complete_routings(uuid[], uuid[], uuid[], uuid);
DROP FUNCTION IF EXISTS switchyard.fail_routings(uuid[], text[], uuid, integer);
DROP FUNCTION IF EXISTS switchyard.acquire_routing_locks(uuid[], uuid);
DROP FUNCTION IF EXISTS switchyard.settle_leads(bigint, uuid[], uuid[], uuid[], text[], text[], text[], text[], bytea[], bytea[], integer, uuid);
DROP FUNCTION IF EXISTS switchyard.claim_identities(uuid[], uuid[], bytea[], bytea[]);
DROP FUNCTION IF EXISTS switchyard.retry_delay(integer);
DROP FUNCTION IF EXISTS switchyard.ensure_log_partitions(integer);
DROP FUNCTION IF EXISTS switchyard.refuse_log_change();
-- CASCADE: triggers that somebody has put back after the queue was gone.
DROP FUNCTION IF EXISTS switchyard.complete_lead_columns() CASCADE;
DROP FUNCTION IF EXISTS switchyard.guard_lead_state() CASCADE;
DROP FUNCTION IF EXISTS switchyard.is_unmatched(uuid);
DROP FUNCTION IF EXISTS switchyard.follow_lead_state() CASCADE;
DROP FUNCTION IF EXISTS switchyard.lead_claims(text, text, text);
DROP FUNCTION IF EXISTS switchyard.lead_identity(text, text);
DROP FUNCTION IF EXISTS switchyard.normalised_identity(text, text);
DROP FUNCTION IF EXISTS switchyard.lower_by_character(text);

ALTER TABLE IF EXISTS public.leads
    DROP COLUMN IF EXISTS routing_status,
    DROP COLUMN IF EXISTS routing_locked_by,
    DROP COLUMN IF EXISTS routing_locked_at,
    DROP COLUMN IF EXISTS routing_attempts,
    DROP COLUMN IF EXISTS routing_error,
    DROP COLUMN IF EXISTS routing_last_attempted_at,
    DROP COLUMN IF EXISTS dedupe_hash,
    DROP COLUMN IF EXISTS lead_expires_at,
    DROP COLUMN IF EXISTS matched_rule_id,
    DROP COLUMN IF EXISTS duplicate_of,
    DROP COLUMN IF EXISTS routed_at;
DROP TYPE IF EXISTS public.lead_routing_status;

COMMIT;
