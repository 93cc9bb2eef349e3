-- Takes back 20260602000002_rule_set_publishing.sql: drafts and golden leads go, and auto-rollback with them; rules and their history stay. Safe to run
-- again.

BEGIN;

-- 20260602000003
DROP FUNCTION IF EXISTS switchyard.roll_back_failing(text, timestamptz);
DROP FUNCTION IF EXISTS switchyard.failing_publications(timestamptz);
DROP TABLE IF EXISTS switchyard.rule_set_rollbacks;
DROP FUNCTION IF EXISTS switchyard.return_rule_set(uuid, bigint);
DROP FUNCTION IF EXISTS switchyard.replace_golden_leads(uuid, uuid[], jsonb);
DROP FUNCTION IF EXISTS switchyard.replace_rules(uuid, jsonb);
DROP TABLE IF EXISTS switchyard.golden_leads;
DROP TABLE IF EXISTS switchyard.rule_set_drafts;
DROP INDEX IF EXISTS switchyard.rule_set_history_began;
DO $$
BEGIN
    IF to_regclass('switchyard.rule_set_tables') IS NOT NULL THEN
        DELETE FROM switchyard.rule_set_tables WHERE table_name = 'switchyard.golden_leads';
        DELETE FROM switchyard.rule_set_history WHERE table_name = 'switchyard.golden_leads';
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260602000002', '20260602000003');
    END IF;
END
$$;

COMMIT;
