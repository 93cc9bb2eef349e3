-- Takes back 20260602000002_rule_set_publishing.sql: drafts and golden leads go, and auto-rollback with them; rules and their history stay. Safe to run
-- again.

BEGIN;

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
