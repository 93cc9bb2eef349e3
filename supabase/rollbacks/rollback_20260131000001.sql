-- Takes back 20260131000001_lead_routing_fixes.sql and all later migrations, which depend on it.
--
-- The guide's script of this name drops the log; this one keeps its rows in lead_routing_logs_before_rollback. Leads stay where they
-- are; what routing knew of them (state, attempts, claims, attributions, queue) is lost. Leads can be inserted as before, and the
-- migrations can be applied again. Safe to run again.

BEGIN;

-- The rows of the log are copied first, because that may take long and blocks no other transaction. Then leads is locked, before anything that its
-- triggers touch, so that this transaction never waits for a writer of leads that waits for it.
DO $$
BEGIN
    IF to_regclass('public.lead_routing_logs') IS NOT NULL THEN
        IF to_regclass('public.lead_routing_logs_before_rollback') IS NULL THEN
            CREATE TABLE public.lead_routing_logs_before_rollback (LIKE public.lead_routing_logs);
            ALTER TABLE public.lead_routing_logs_before_rollback ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY switchyard_service ON public.lead_routing_logs_before_rollback TO service_role USING (true) WITH CHECK (true);
            REVOKE ALL ON public.lead_routing_logs_before_rollback FROM PUBLIC, anon, authenticated;
        END IF;
        INSERT INTO public.lead_routing_logs_before_rollback SELECT * FROM public.lead_routing_logs;
        COMMENT ON TABLE public.lead_routing_logs_before_rollback IS
            'What lead_routing_logs held when rollback_20260131000001.sql was run; rows of several rollbacks may be together here. Nothing reads or writes it.';
        EXECUTE format('COMMENT ON COLUMN public.lead_routing_logs_before_rollback.id IS %L', 'Last filled '
            || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC.');
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version >= '20260131000001';
    END IF;
    IF to_regprocedure('switchyard.unschedule_by_cron()') IS NOT NULL THEN
        PERFORM switchyard.unschedule_by_cron();
    END IF;
    IF to_regclass('public.leads') IS NOT NULL THEN
        LOCK TABLE public.leads IN ACCESS EXCLUSIVE MODE;
        -- Left by an unfinished `switchyard migrate up --online`.
        DROP TRIGGER IF EXISTS switchyard_online_insert ON public.leads;
        DROP TRIGGER IF EXISTS switchyard_online_update ON public.leads;
        DROP TRIGGER IF EXISTS switchyard_online_delete ON public.leads;
    END IF;
END
$$;
DROP INDEX IF EXISTS public.switchyard_online_todo;

-- Policies and rights of rules; row-level security stays on or off as it is.
DO $$
DECLARE
    v_policy name;
BEGIN
    IF to_regclass('public.lead_routing_rules') IS NULL THEN
        RETURN;
    END IF;
    FOREACH v_policy IN ARRAY ARRAY['switchyard_owner_adds', 'switchyard_owner_changes', 'switchyard_owner_removes',
        'switchyard_pool_adds', 'switchyard_pool_changes'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON public.lead_routing_rules', v_policy);
    END LOOP;
    IF (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.lead_routing_rules'::regclass) THEN
        REVOKE INSERT, UPDATE, DELETE ON public.lead_routing_rules FROM authenticated;
    END IF;
    -- Members read every column again.
    IF (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.leads')) THEN
        REVOKE SELECT ON public.leads FROM authenticated;
        GRANT SELECT ON public.leads TO authenticated;
    END IF;
END
$$;

-- Everything in the schema switchyard but the ledger and what the base schema made; with the functions go their triggers. What people
-- have set in columns of the base schema (distribution of rules, capacity of workspaces) stays, and nothing reads it.
DO $$
DECLARE
    v_object text;
BEGIN
    FOR v_object IN
        SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = to_regnamespace('switchyard')
            AND p.proname NOT IN ('acting_workspace', 'visible_workspaces', 'refuse_workspace_delete')
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', v_object);
    END LOOP;
    FOR v_object IN
        SELECT c.oid::regclass::text FROM pg_catalog.pg_class c
        WHERE c.relnamespace = to_regnamespace('switchyard') AND c.relkind = 'r' AND NOT c.relispartition
            AND c.relname <> 'migrations'
    LOOP
        -- With the foreign keys of others of them.
        EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', v_object);
    END LOOP;
END
$$;
DROP TABLE IF EXISTS public.workspace_assignees;
DROP TABLE IF EXISTS public.routing_agreements;
DROP TABLE IF EXISTS public.lead_routing_logs CASCADE;
DROP TABLE IF EXISTS public.lead_routing_queue CASCADE;
DROP TABLE IF EXISTS public.lead_identity_claims;
DROP TABLE IF EXISTS public.lead_attributions;

DROP FUNCTION IF EXISTS public.acquire_routing_lock(uuid, uuid);
DROP FUNCTION IF EXISTS public.complete_routing(uuid, uuid, uuid, uuid);
DROP FUNCTION IF EXISTS public.fail_routing(uuid, text, uuid, integer);
DROP FUNCTION IF EXISTS public.release_stale_routing_locks();
DROP FUNCTION IF EXISTS public.generate_dedupe_hash(text, text, text);
DROP FUNCTION IF EXISTS public.check_cross_partner_duplicate(varchar, uuid);
DROP FUNCTION IF EXISTS public.mark_expired_leads();

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
    DROP COLUMN IF EXISTS routed_at,
    DROP COLUMN IF EXISTS assignee_id,
    DROP COLUMN IF EXISTS erased_at;
DROP TYPE IF EXISTS public.lead_routing_status;

COMMIT;
