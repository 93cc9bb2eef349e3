-- Takes back 20260807000001_erasure.sql: nobody is erased by a function any more, and who was is forgotten; what was blanked
-- stays blank. The statistics' function keeps its new form, in which lines of erased leads are counted once. Safe to run again.

BEGIN;

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

COMMIT;
