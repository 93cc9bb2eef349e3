-- Takes back 20261130000003_operations.sql: local users, the audit, statistics, the record of erasures, API keys, alerts, the schedule and retention are lost.
-- What was erased stays erased. Safe to run again.

BEGIN;

DO $$
BEGIN
    IF to_regprocedure('switchyard.unschedule_by_cron()') IS NOT NULL THEN
        PERFORM switchyard.unschedule_by_cron();
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20261130000003';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.schedule_by_cron, switchyard.unschedule_by_cron, switchyard.run_from_cron, switchyard.prune,
    switchyard.set_vacuum_settings, switchyard.drop_old_log_partitions;
DROP FUNCTION IF EXISTS switchyard.lease_tokens, switchyard.rate_limit_of;
DROP TABLE IF EXISTS switchyard.rate_leases, switchyard.rate_buckets;
-- Local users cannot sign in any more; their memberships stay.
DROP TABLE IF EXISTS switchyard.user_links, switchyard.user_sessions, switchyard.local_users;
-- With its triggers; what the audit holds is lost.
DROP FUNCTION IF EXISTS switchyard.audit_change, switchyard.audit_truncate CASCADE;
DROP FUNCTION IF EXISTS switchyard.keep_audit, switchyard.append_audit, switchyard.audit_content, switchyard.mask_personal;
DROP TABLE IF EXISTS switchyard.audit_log, switchyard.audit_turn;
DROP FUNCTION IF EXISTS switchyard.refuse_audit_change;
DROP TABLE IF EXISTS switchyard.test_leads;
DROP TABLE IF EXISTS switchyard.retention, switchyard.scheduled_runs;
DROP TABLE IF EXISTS switchyard.alert_notifications, switchyard.alerts, switchyard.nodes;
-- With its trigger on workspaces.
DROP FUNCTION IF EXISTS switchyard.bump_access_version CASCADE;
DROP TABLE IF EXISTS switchyard.api_keys, switchyard.access_version;
DROP FUNCTION IF EXISTS switchyard.erase_leads, switchyard.find_person, switchyard.without_person;
DROP TABLE IF EXISTS switchyard.erasures;
DROP FUNCTION IF EXISTS switchyard.gather_statistics, switchyard.rebuild_statistics, switchyard.add_statistics, switchyard.whole_xid,
    switchyard.statistics_place;
DROP TABLE IF EXISTS switchyard.routing_totals, switchyard.routing_statistics, switchyard.statistics_watermark,
    switchyard.statistics_horizons;
DROP FUNCTION IF EXISTS switchyard.follow_statistics, switchyard.visible_duplicate;
DO $$
BEGIN
    IF (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.leads')) THEN
        REVOKE SELECT ON public.leads FROM authenticated;
        GRANT SELECT ON public.leads TO authenticated;
    END IF;
END
$$;

COMMIT;
