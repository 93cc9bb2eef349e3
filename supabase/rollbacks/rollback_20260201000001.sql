-- Takes back 20260201000001_switchyard_routing.sql: agreements, API keys, scheduled runs, the rule-set version and the
-- set-based functions go, with what they hold, and so do the later migrations, which stand on it. Leads, queue, claims, credits and log stay. Safe to run again.

BEGIN;

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
        DELETE FROM switchyard.migrations WHERE version IN ('20260201000001', '20260301000001', '20260401000001', '20260501000001', '20260602000001', '20260602000002', '20260602000003');
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
