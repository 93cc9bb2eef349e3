-- Takes back 20260802000001_fast_claims.sql: leads are claimed by the functions of before. The ones that end attempts and
-- give hints keep their new form, which does what the old one did; the rollbacks of their migrations remove them. Safe to run again.

BEGIN;

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

COMMIT;
