-- After rules have changed, leads that wait are looked at once: what the new rules would route is due at once. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regprocedure('switchyard.awaited_rules()') IS NULL THEN
        RAISE EXCEPTION 'The migration of capacity is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260601000001_capacity.sql first.';
    END IF;
END
$$;

-- One row: its lock lets one node look at a time, and a node that dies lets go of it.
CREATE TABLE IF NOT EXISTS switchyard.waiting_reviews (
    one boolean PRIMARY KEY DEFAULT true CONSTRAINT waiting_reviews_one_check CHECK (one),
    version bigint NOT NULL DEFAULT 0,
    horizon xid8,
    reviewed_at timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE switchyard.waiting_reviews IS 'The newest version of the rule set under which the leads that wait were looked at.';
COMMENT ON COLUMN switchyard.waiting_reviews.horizon IS 'What was under way when they were: transactions from this one on. They are looked at once more when all before it have ended; NULL when that is done.';
INSERT INTO switchyard.waiting_reviews (one) VALUES (true) ON CONFLICT DO NOTHING;

ALTER TABLE switchyard.waiting_reviews ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.waiting_reviews FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.waiting_reviews TO service_role;

DO $$
BEGIN
    DROP POLICY IF EXISTS switchyard_service ON switchyard.waiting_reviews;
    CREATE POLICY switchyard_service ON switchyard.waiting_reviews TO service_role USING (true) WITH CHECK (true);
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
