-- Takes back 20260602000001_rule_set_history.sql: what rule sets were is forgotten, with who changed them; what they are
-- stays. Safe to run again.

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

COMMIT;
