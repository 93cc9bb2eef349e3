-- The statistics of all workspaces together are kept as well, and not summed over each of them whenever somebody looks: a
-- dashboard of thirty days reads some thousand rows, however many workspaces there are. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass('switchyard.routing_statistics')
        AND a.attname = 'returned' AND NOT a.attisdropped) THEN
        RAISE EXCEPTION 'The migration of the statistics of waiting leads is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260804000001_statistics_of_waiting.sql first.';
    END IF;
END
$$;

-- 1. The table -----------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS switchyard.routing_totals (
    dimension text NOT NULL,
    day date NOT NULL,
    direction text NOT NULL,
    key text NOT NULL,
    routed bigint NOT NULL,
    unmatched bigint NOT NULL,
    duplicates bigint NOT NULL,
    retried bigint NOT NULL,
    failed bigint NOT NULL,
    expired bigint NOT NULL,
    waited bigint NOT NULL,
    returned bigint NOT NULL,
    latency_ms bigint NOT NULL,
    latency_counts bigint[] NOT NULL CONSTRAINT routing_totals_latency_counts_check CHECK (cardinality(latency_counts) = 8),
    PRIMARY KEY (dimension, day, direction, key)
);
COMMENT ON TABLE switchyard.routing_totals IS 'switchyard.routing_statistics summed over all workspaces, by its triggers; for administrators.';

-- 2. What keeps it -------------------------------------------------------------------------------------------------

-- Adds what a statement has added to the statistics, and takes off what it has taken. Whatever changes them, gathering,
-- counting a day anew, or somebody by hand, the totals are the sums of what is there.
CREATE OR REPLACE FUNCTION switchyard.follow_statistics() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' SET jit = off
AS $$
DECLARE
    v_came switchyard.routing_statistics[];
    v_gone switchyard.routing_statistics[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM switchyard.routing_totals;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT array_agg(c) INTO v_came FROM came c;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        SELECT array_agg(g) INTO v_gone FROM gone g;
    END IF;
    INSERT INTO switchyard.routing_totals AS t (dimension, day, direction, key,
        routed, unmatched, duplicates, retried, failed, expired, waited, returned, latency_ms, latency_counts)
    SELECT c.dimension, c.day, c.direction, c.key,
        sum(x.sign * c.routed), sum(x.sign * c.unmatched), sum(x.sign * c.duplicates), sum(x.sign * c.retried),
        sum(x.sign * c.failed), sum(x.sign * c.expired), sum(x.sign * c.waited), sum(x.sign * c.returned),
        sum(x.sign * c.latency_ms),
        ARRAY[sum(x.sign * c.latency_counts[1]), sum(x.sign * c.latency_counts[2]), sum(x.sign * c.latency_counts[3]),
            sum(x.sign * c.latency_counts[4]), sum(x.sign * c.latency_counts[5]),
            sum(x.sign * c.latency_counts[6]), sum(x.sign * c.latency_counts[7]),
            sum(x.sign * c.latency_counts[8])]::bigint[]
    FROM (VALUES (1, v_came), (-1, v_gone)) x (sign, changed)
    CROSS JOIN LATERAL unnest(x.changed) c
    GROUP BY 1, 2, 3, 4
    -- Always in this order, should two change them at once.
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (dimension, day, direction, key) DO UPDATE SET
        routed = t.routed + excluded.routed, unmatched = t.unmatched + excluded.unmatched,
        duplicates = t.duplicates + excluded.duplicates, retried = t.retried + excluded.retried,
        failed = t.failed + excluded.failed, expired = t.expired + excluded.expired, waited = t.waited + excluded.waited,
        returned = t.returned + excluded.returned, latency_ms = t.latency_ms + excluded.latency_ms,
        latency_counts = ARRAY(SELECT x.a + x.b FROM unnest(t.latency_counts, excluded.latency_counts) WITH ORDINALITY x (a, b, n) ORDER BY n);
    -- Nothing is left of these.
    DELETE FROM switchyard.routing_totals t
    USING (SELECT DISTINCT g.dimension, g.day, g.direction, g.key FROM unnest(v_gone) g) g
    WHERE (t.dimension, t.day, t.direction, t.key) = (g.dimension, g.day, g.direction, g.key)
        AND (t.routed, t.unmatched, t.duplicates, t.retried, t.failed, t.expired, t.waited, t.returned, t.latency_ms) = (0, 0, 0, 0, 0, 0, 0, 0, 0);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.follow_statistics() IS 'Keeps switchyard.routing_totals; by triggers, once a statement.';

-- The triggers and the sums of what is there already come together: nothing is added in between, because whoever changes the
-- statistics holds the watermark.
DO $$
BEGIN
    PERFORM FROM switchyard.statistics_watermark w FOR UPDATE;
    LOCK TABLE switchyard.routing_statistics IN SHARE ROW EXCLUSIVE MODE;
    CREATE OR REPLACE TRIGGER switchyard_totals_insert AFTER INSERT ON switchyard.routing_statistics
        REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
    CREATE OR REPLACE TRIGGER switchyard_totals_update AFTER UPDATE ON switchyard.routing_statistics
        REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
    CREATE OR REPLACE TRIGGER switchyard_totals_delete AFTER DELETE ON switchyard.routing_statistics
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
    CREATE OR REPLACE TRIGGER switchyard_totals_truncate AFTER TRUNCATE ON switchyard.routing_statistics
        FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
    DELETE FROM switchyard.routing_totals;
    INSERT INTO switchyard.routing_totals (dimension, day, direction, key,
        routed, unmatched, duplicates, retried, failed, expired, waited, returned, latency_ms, latency_counts)
    SELECT c.dimension, c.day, c.direction, c.key,
        sum(c.routed), sum(c.unmatched), sum(c.duplicates), sum(c.retried), sum(c.failed), sum(c.expired), sum(c.waited),
        sum(c.returned), sum(c.latency_ms),
        ARRAY[sum(c.latency_counts[1]), sum(c.latency_counts[2]), sum(c.latency_counts[3]), sum(c.latency_counts[4]),
            sum(c.latency_counts[5]), sum(c.latency_counts[6]), sum(c.latency_counts[7]),
            sum(c.latency_counts[8])]::bigint[]
    FROM switchyard.routing_statistics c
    GROUP BY 1, 2, 3, 4;
END
$$;

-- 3. Privileges ----------------------------------------------------------------------------------------------------

ALTER TABLE switchyard.routing_totals ENABLE ROW LEVEL SECURITY;
-- Members see what is theirs, in routing_statistics.
REVOKE ALL ON switchyard.routing_totals FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_totals TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.routing_totals;
CREATE POLICY switchyard_service ON switchyard.routing_totals TO service_role USING (true) WITH CHECK (true);
REVOKE ALL ON FUNCTION switchyard.follow_statistics() FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION switchyard.follow_statistics() TO service_role;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
