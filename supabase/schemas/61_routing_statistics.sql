-- Statistics of routing: sums for each day, gathered from the log in the background and never while a lead is routed.

-- A log row counts for the workspace that sent the lead (out) and, if the lead was assigned, for the one that received it (in).
CREATE TABLE switchyard.routing_statistics (
    day date NOT NULL,
    workspace_id uuid NOT NULL,
    direction text NOT NULL CONSTRAINT routing_statistics_direction_check CHECK (direction IN ('in', 'out')),
    dimension text NOT NULL CONSTRAINT routing_statistics_dimension_check
        CHECK (dimension IN ('all', 'rule', 'industry', 'place', 'partner')),
    key text NOT NULL,
    routed bigint NOT NULL DEFAULT 0,
    unmatched bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    retried bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    waited bigint NOT NULL DEFAULT 0,
    returned bigint NOT NULL DEFAULT 0,
    latency_ms bigint NOT NULL DEFAULT 0,
    latency_counts bigint[] NOT NULL DEFAULT '{0,0,0,0,0,0,0,0}'
        CONSTRAINT routing_statistics_latency_counts_check CHECK (cardinality(latency_counts) = 8),
    PRIMARY KEY (workspace_id, day, direction, dimension, key)
);
CREATE INDEX routing_statistics_day ON switchyard.routing_statistics (day, dimension);
COMMENT ON TABLE switchyard.routing_statistics IS 'Sums of the routing log for each day (UTC), workspace and direction, and of these for each rule, industry, place (country|state) or partner; written by switchyard.gather_statistics.';
COMMENT ON COLUMN switchyard.routing_statistics.workspace_id IS 'The workspace that the figures belong to; 00000000-0000-0000-0000-000000000000: leads without a workspace.';
COMMENT ON COLUMN switchyard.routing_statistics.waited IS 'Leads that began to wait for capacity.';
COMMENT ON COLUMN switchyard.routing_statistics.returned IS 'Leads that their destination returned; counted for the sender and for the destination.';
COMMENT ON COLUMN switchyard.routing_statistics.latency_ms IS 'Routed leads: the sum of the time from creation to decision.';
COMMENT ON COLUMN switchyard.routing_statistics.latency_counts IS 'Routed leads: how many took up to 0.1 s, 1 s, 10 s, 1 min, 10 min, 1 h, 1 day, and longer.';

-- The same over all workspaces, so that a dashboard of thirty days reads some thousand rows, however many workspaces there are.
CREATE TABLE switchyard.routing_totals (
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

-- Adds what a statement has added to the statistics, and subtracts what it has removed: after gathering, rebuilding a
-- day or a change by hand, the totals are the sums of routing_statistics.
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
    -- A fixed order, in case two transactions change them at once.
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (dimension, day, direction, key) DO UPDATE SET
        routed = t.routed + excluded.routed, unmatched = t.unmatched + excluded.unmatched,
        duplicates = t.duplicates + excluded.duplicates, retried = t.retried + excluded.retried,
        failed = t.failed + excluded.failed, expired = t.expired + excluded.expired, waited = t.waited + excluded.waited,
        returned = t.returned + excluded.returned, latency_ms = t.latency_ms + excluded.latency_ms,
        latency_counts = ARRAY(SELECT x.a + x.b FROM unnest(t.latency_counts, excluded.latency_counts) WITH ORDINALITY x (a, b, n) ORDER BY n);
    -- Rows whose figures are all zero again.
    DELETE FROM switchyard.routing_totals t
    USING (SELECT DISTINCT g.dimension, g.day, g.direction, g.key FROM unnest(v_gone) g) g
    WHERE (t.dimension, t.day, t.direction, t.key) = (g.dimension, g.day, g.direction, g.key)
        AND (t.routed, t.unmatched, t.duplicates, t.retried, t.failed, t.expired, t.waited, t.returned, t.latency_ms) = (0, 0, 0, 0, 0, 0, 0, 0, 0);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.follow_statistics() IS
    'Keeps switchyard.routing_totals up to date; called by triggers, once for each statement.';

CREATE TRIGGER switchyard_totals_insert AFTER INSERT ON switchyard.routing_statistics
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
CREATE TRIGGER switchyard_totals_update AFTER UPDATE ON switchyard.routing_statistics
    REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
CREATE TRIGGER switchyard_totals_delete AFTER DELETE ON switchyard.routing_statistics
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
CREATE TRIGGER switchyard_totals_truncate AFTER TRUNCATE ON switchyard.routing_statistics
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();

-- Every log row whose transaction is older than the horizon has been counted, and no other.
CREATE TABLE switchyard.statistics_watermark (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT statistics_watermark_singleton_check CHECK (singleton),
    place text NOT NULL,
    horizon xid8 NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    rebuild_before date
);
COMMENT ON TABLE switchyard.statistics_watermark IS 'Up to where the log has been counted: transactions before the horizon. rebuild_before: days before it still have to be counted again; NULL: none.';

-- Maps transaction ids to times, to find how far back in time the rows of a transaction can be.
CREATE TABLE switchyard.statistics_horizons (
    seen_at timestamptz PRIMARY KEY,
    next_xid xid8 NOT NULL
);
COMMENT ON TABLE switchyard.statistics_horizons IS 'Transactions from next_xid on began to write after seen_at.';

ALTER TABLE switchyard.routing_statistics ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.routing_totals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.statistics_watermark ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.statistics_horizons ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_statistics, switchyard.routing_totals, switchyard.statistics_watermark, switchyard.statistics_horizons
    FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_statistics, switchyard.routing_totals, switchyard.statistics_watermark,
    switchyard.statistics_horizons TO service_role;
GRANT SELECT ON switchyard.routing_statistics TO authenticated;
CREATE POLICY switchyard_service ON switchyard.routing_statistics TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON switchyard.routing_statistics FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
CREATE POLICY switchyard_service ON switchyard.routing_totals TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.statistics_watermark TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.statistics_horizons TO service_role USING (true) WITH CHECK (true);
