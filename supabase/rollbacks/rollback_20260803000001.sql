-- Takes back 20260803000001_waiting_reviews.sql: a change of rules fetches no leads that wait any more; they move when there is
-- room, or at their next attempt. Safe to run again.

BEGIN;

DROP TABLE IF EXISTS switchyard.waiting_reviews;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260803000001';
    END IF;
END
$$;

COMMIT;
