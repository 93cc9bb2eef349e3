-- Takes back 20261130000001_rule_sets.sql: agreements, people, pauses, golden leads, drafts and the history of the rules are lost.
-- Rules and workspaces stay, with their distribution and capacity, which nothing reads any more. Safe to run again.

BEGIN;

DO $$
DECLARE
    v_policy name;
BEGIN
    IF to_regclass('switchyard.routing_state') IS NOT NULL OR to_regclass('switchyard.retention') IS NOT NULL THEN
        RAISE EXCEPTION 'The migrations 20261130000002_routing.sql and 20261130000003_operations.sql depend on this one.'
            USING ERRCODE = 'dependent_objects_still_exist',
                HINT = 'Run rollback_20261130000003.sql and rollback_20261130000002.sql first, or `switchyard migrate down --to 20260131000001 --yes`.';
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20261130000001';
    END IF;
    IF to_regclass('public.lead_routing_rules') IS NOT NULL THEN
        FOREACH v_policy IN ARRAY ARRAY['switchyard_owner_adds', 'switchyard_owner_changes', 'switchyard_owner_removes',
            'switchyard_pool_adds', 'switchyard_pool_changes'] LOOP
            EXECUTE format('DROP POLICY IF EXISTS %I ON public.lead_routing_rules', v_policy);
        END LOOP;
        IF (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.lead_routing_rules'::regclass) THEN
            REVOKE INSERT, UPDATE, DELETE ON public.lead_routing_rules FROM authenticated;
        END IF;
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.roll_back_failing, switchyard.failing_publications;
DROP TABLE IF EXISTS switchyard.rule_set_rollbacks;
DROP FUNCTION IF EXISTS switchyard.return_rule_set, switchyard.replace_golden_leads, switchyard.replace_rules;
DROP TABLE IF EXISTS switchyard.rule_set_drafts, switchyard.golden_leads;
-- With their triggers on rules, golden leads, people and drafts.
DROP FUNCTION IF EXISTS switchyard.check_rule_quotas, switchyard.check_golden_lead_quota, switchyard.check_assignee_quota,
    switchyard.check_draft_quota CASCADE;
DROP FUNCTION IF EXISTS switchyard.refuse_beyond_quota, switchyard.quotas_of, switchyard.has_quotas;
DROP TABLE IF EXISTS switchyard.rule_sizes, switchyard.workspace_quotas;
DROP FUNCTION IF EXISTS switchyard.switch_off_rule;
DROP TABLE IF EXISTS switchyard.rule_notices;
DROP FUNCTION IF EXISTS switchyard.pause_routing, switchyard.resume_routing, switchyard.suspend_workspace, switchyard.lift_suspension;
DROP TABLE IF EXISTS switchyard.routing_pauses, switchyard.operator_log;
DROP TABLE IF EXISTS public.workspace_assignees, public.routing_agreements;
-- With their triggers on rules and workspaces.
DROP FUNCTION IF EXISTS switchyard.check_capacity, switchyard.bump_rule_set_version, switchyard.lock_rule_set_version,
    switchyard.record_rule_set_change, switchyard.guard_suspension CASCADE;
DROP FUNCTION IF EXISTS switchyard.keep_rule_set_history, switchyard.repair_rule_set_history, switchyard.write_rule_set_history,
    switchyard.next_rule_set_version, switchyard.current_rule_set_version;
DROP TABLE IF EXISTS switchyard.rule_set_history, switchyard.rule_set_tables, switchyard.rule_set_versions,
    switchyard.rule_set_version;

COMMIT;
