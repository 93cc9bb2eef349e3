-- Statistics of routing, kept as sums per day and never on the way of a lead: they are gathered from the append-only log
-- by whoever runs the schedule, each log row exactly once, whatever was committed in which order. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.routing_pauses') IS NULL THEN
        RAISE EXCEPTION 'The migration of routing pauses is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260401000001_routing_pauses.sql first.';
    END IF;
END
$$;

-- 1. Tables --------------------------------------------------------------------------------------------------------

-- A log row counts for the workspace that sent the lead (out) and, if it was assigned, for the one that has it (in).
CREATE TABLE IF NOT EXISTS switchyard.routing_statistics (
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
    latency_ms bigint NOT NULL DEFAULT 0,
    latency_counts bigint[] NOT NULL DEFAULT '{0,0,0,0,0,0,0,0}'
        CONSTRAINT routing_statistics_latency_counts_check CHECK (cardinality(latency_counts) = 8),
    PRIMARY KEY (workspace_id, day, direction, dimension, key)
);
CREATE INDEX IF NOT EXISTS routing_statistics_day ON switchyard.routing_statistics (day, dimension);
COMMENT ON TABLE switchyard.routing_statistics IS 'Sums of the routing log per day (UTC), workspace and direction, and of these per rule, industry, place (country|state) or partner; made by switchyard.gather_statistics.';
COMMENT ON COLUMN switchyard.routing_statistics.workspace_id IS 'Whose figures these are; 00000000-0000-0000-0000-000000000000: leads without a workspace.';
COMMENT ON COLUMN switchyard.routing_statistics.latency_ms IS 'Of routed leads: the sum of the time from creation to decision.';
COMMENT ON COLUMN switchyard.routing_statistics.latency_counts IS 'Of routed leads: how many took up to 0.1 s, 1 s, 10 s, 1 min, 10 min, 1 h, 1 day, and longer.';

-- Every log row whose transaction is older than the horizon is counted, and no other.
CREATE TABLE IF NOT EXISTS switchyard.statistics_watermark (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT statistics_watermark_singleton_check CHECK (singleton),
    place text NOT NULL,
    horizon xid8 NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    rebuild_before date
);
COMMENT ON TABLE switchyard.statistics_watermark IS 'Up to where the log is counted: transactions before the horizon. rebuild_before: days before it are still to be counted anew; NULL: none.';

-- When which transaction ids began, to know how far back in time the rows of a transaction can be.
CREATE TABLE IF NOT EXISTS switchyard.statistics_horizons (
    seen_at timestamptz PRIMARY KEY,
    next_xid xid8 NOT NULL
);
COMMENT ON TABLE switchyard.statistics_horizons IS 'Transactions from next_xid on have begun to write after seen_at.';

-- 2. Counting ------------------------------------------------------------------------------------------------------

-- Transaction ids mean nothing in another cluster or in a copy of the database.
CREATE OR REPLACE FUNCTION switchyard.statistics_place() RETURNS text
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT s.system_identifier || ' ' || d.oid || ' ' || coalesce(to_regclass('public.lead_routing_logs')::oid::text, '')
    FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION switchyard.statistics_place() IS 'Which log of which database this is.';

-- The id of the transaction that wrote a row, whole: a row has 32 bits of it.
CREATE OR REPLACE FUNCTION switchyard.whole_xid(p_xid xid, p_next xid8) RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT greatest(n.latest - ((n.latest - p_xid::text::bigint) & 4294967295), 0)::text::xid8
    FROM (SELECT p_next::text::bigint + 1073741824 AS latest) n
$$;
COMMENT ON FUNCTION switchyard.whole_xid(xid, xid8) IS 'A transaction id with its epoch, given one that is at most a billion older and three billion younger.';

-- Adds the log rows of a span of time whose transactions are in a span of ids to the sums.
CREATE OR REPLACE FUNCTION switchyard.add_statistics(p_from timestamptz, p_to timestamptz, p_first xid8, p_horizon xid8) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' SET jit = off
AS $$
DECLARE
    v_next xid8 := pg_snapshot_xmax(pg_current_snapshot());
    v_count bigint;
BEGIN
    WITH counted AS MATERIALIZED (
        SELECT (g.created_at AT TIME ZONE 'UTC')::date AS day,
            coalesce(g.source_workspace_id, '00000000-0000-0000-0000-000000000000') AS source,
            g.destination_workspace_id AS destination, g.matched_rule_id AS rule, g.routing_result AS result,
            coalesce(l.company_industry::text, '') AS industry,
            CASE WHEN jsonb_typeof(p.place) = 'object' THEN upper(coalesce(p.place ->> 'country', '') || '|' || coalesce(p.place ->> 'state', ''))
                ELSE '|' END AS place,
            coalesce(a.partner_id, l.partner_id)::text AS partner,
            greatest(extract(epoch FROM g.created_at - l.created_at::timestamptz) * 1000, 0)::bigint AS latency
        FROM public.lead_routing_logs g
        LEFT JOIN public.leads l ON l.id = g.lead_id
        LEFT JOIN public.lead_attributions a ON a.lead_id = g.lead_id
        LEFT JOIN LATERAL (SELECT to_jsonb(l.company_location) AS place) p ON true
        WHERE g.created_at >= p_from AND g.created_at < p_to
            AND g.routing_result IN ('success', 'fallback', 'unmatched', 'duplicate', 'retry', 'failed', 'expired')
            AND (p_first IS NULL OR switchyard.whole_xid(g.xmin, v_next) >= p_first)
            AND (p_horizon IS NULL OR switchyard.whole_xid(g.xmin, v_next) < p_horizon)
    ), seen AS (
        SELECT c.*, c.source AS workspace, 'out' AS direction FROM counted c
        UNION ALL
        SELECT c.*, c.destination, 'in' FROM counted c WHERE c.result IN ('success', 'fallback') AND c.destination IS NOT NULL
    ), keyed AS (
        SELECT s.*, d.dimension, left(d.key, 200) AS key, CASE WHEN s.result IN ('success', 'fallback') THEN
            width_bucket(s.latency, ARRAY[101, 1001, 10001, 60001, 600001, 3600001, 86400001]::bigint[]) END AS bucket
        FROM seen s
        CROSS JOIN LATERAL (VALUES ('all', ''), ('rule', s.rule::text), ('industry', s.industry), ('place', s.place),
            -- Who is credited is the sender's business.
            ('partner', CASE WHEN s.direction = 'out' THEN s.partner END)) d (dimension, key)
        WHERE d.key IS NOT NULL
    ), summed AS (
        SELECT k.day, k.workspace, k.direction, k.dimension, k.key,
            count(*) FILTER (WHERE k.result IN ('success', 'fallback')) AS routed,
            count(*) FILTER (WHERE k.result = 'unmatched') AS unmatched,
            count(*) FILTER (WHERE k.result = 'duplicate') AS duplicates,
            count(*) FILTER (WHERE k.result = 'retry') AS retried,
            count(*) FILTER (WHERE k.result = 'failed') AS failed,
            count(*) FILTER (WHERE k.result = 'expired') AS expired,
            coalesce(sum(k.latency) FILTER (WHERE k.result IN ('success', 'fallback')), 0)::bigint AS latency_ms,
            ARRAY[count(*) FILTER (WHERE k.bucket = 0), count(*) FILTER (WHERE k.bucket = 1), count(*) FILTER (WHERE k.bucket = 2),
                count(*) FILTER (WHERE k.bucket = 3), count(*) FILTER (WHERE k.bucket = 4), count(*) FILTER (WHERE k.bucket = 5),
                count(*) FILTER (WHERE k.bucket = 6), count(*) FILTER (WHERE k.bucket = 7)] AS latency_counts
        FROM keyed k
        GROUP BY 1, 2, 3, 4, 5
    ), written AS (
        INSERT INTO switchyard.routing_statistics AS t (day, workspace_id, direction, dimension, key, routed, unmatched, duplicates,
            retried, failed, expired, latency_ms, latency_counts)
        SELECT s.* FROM summed s
        ON CONFLICT (workspace_id, day, direction, dimension, key) DO UPDATE SET
            routed = t.routed + excluded.routed, unmatched = t.unmatched + excluded.unmatched,
            duplicates = t.duplicates + excluded.duplicates, retried = t.retried + excluded.retried,
            failed = t.failed + excluded.failed, expired = t.expired + excluded.expired,
            latency_ms = t.latency_ms + excluded.latency_ms,
            latency_counts = ARRAY(SELECT x.a + x.b FROM unnest(t.latency_counts, excluded.latency_counts) WITH ORDINALITY x (a, b, n) ORDER BY n)
    )
    SELECT count(*) INTO v_count FROM counted;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.add_statistics(timestamptz, timestamptz, xid8, xid8) IS 'Adds log rows to the sums; for gather_statistics and rebuild_statistics, which hold the watermark.';

-- Counts what has been written since the last time: rows whose transactions were not over then and are over now. Of two
-- runs at once one does it. A transaction that has written and stays open holds the figures up, and falsifies nothing.
--
-- Rows are looked for from the time on at which the oldest uncounted transaction can have begun to write, less five
-- minutes, because a row's time may be that of its statement's start; a statement that takes longer before it writes is
-- counted by the next rebuild only.
CREATE OR REPLACE FUNCTION switchyard.gather_statistics() RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    w switchyard.statistics_watermark;
    v_now timestamptz := clock_timestamp();
    v_place text := switchyard.statistics_place();
    v_horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    v_next xid8 := pg_snapshot_xmax(pg_current_snapshot());
    v_since timestamptz;
    v_day date;
    v_count bigint := 0;
BEGIN
    SELECT * INTO w FROM switchyard.statistics_watermark FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        IF NOT EXISTS (SELECT FROM switchyard.statistics_watermark) THEN
            INSERT INTO switchyard.statistics_watermark (place, horizon, rebuild_before)
            VALUES (v_place, v_horizon, (v_now AT TIME ZONE 'UTC')::date + 1) ON CONFLICT DO NOTHING;
            INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next) ON CONFLICT DO NOTHING;
        END IF;
        RETURN 0;
    END IF;
    -- Restored from a backup, or a copy: the ids of its transactions are others.
    IF w.place <> v_place OR w.horizon > v_next THEN
        DELETE FROM switchyard.statistics_horizons;
        UPDATE switchyard.statistics_watermark SET place = v_place, horizon = v_horizon, counted_at = v_now,
            rebuild_before = (v_now AT TIME ZONE 'UTC')::date + 1;
        INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next);
        RETURN 0;
    END IF;
    IF w.horizon < v_horizon THEN
        SELECT max(h.seen_at) INTO v_since FROM switchyard.statistics_horizons h WHERE h.next_xid <= w.horizon;
        -- Without a word of it: the beginning.
        v_count := switchyard.add_statistics(coalesce(v_since - interval '5 minutes', '-infinity'), 'infinity', w.horizon, v_horizon);
    END IF;
    UPDATE switchyard.statistics_watermark SET horizon = v_horizon, counted_at = v_now;
    INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next) ON CONFLICT DO NOTHING;
    DELETE FROM switchyard.statistics_horizons h WHERE h.seen_at < (SELECT max(o.seen_at) FROM switchyard.statistics_horizons o
        WHERE o.next_xid <= v_horizon);

    -- A day of what was there before, each time, the newest first.
    IF w.rebuild_before IS NOT NULL THEN
        SELECT (max(g.created_at) AT TIME ZONE 'UTC')::date INTO v_day FROM public.lead_routing_logs g
        WHERE g.created_at < w.rebuild_before::timestamp AT TIME ZONE 'UTC';
        IF v_day IS NOT NULL THEN
            v_count := v_count + switchyard.rebuild_statistics(v_day);
        END IF;
        UPDATE switchyard.statistics_watermark SET rebuild_before = v_day;
    END IF;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.gather_statistics() IS 'Adds what the log has got since the last time to the statistics; returns how many log rows.';

CREATE OR REPLACE FUNCTION switchyard.rebuild_statistics(p_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    w switchyard.statistics_watermark;
    v_from timestamptz := p_day::timestamp AT TIME ZONE 'UTC';
    v_to timestamptz := (p_day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    SELECT * INTO w FROM switchyard.statistics_watermark FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM switchyard.gather_statistics();
        SELECT * INTO w FROM switchyard.statistics_watermark FOR UPDATE;
    END IF;
    -- What retention has dropped of the log stays counted.
    IF NOT EXISTS (SELECT FROM public.lead_routing_logs g WHERE g.created_at >= v_from AND g.created_at < v_to) THEN
        RETURN 0;
    END IF;
    DELETE FROM switchyard.routing_statistics t WHERE t.day = p_day;
    -- Long ago every transaction is over, and its id may mean another by now.
    RETURN switchyard.add_statistics(v_from, v_to, NULL, CASE WHEN v_to > w.counted_at - interval '7 days' THEN w.horizon END);
END
$$;
COMMENT ON FUNCTION switchyard.rebuild_statistics(date) IS 'Counts a day (UTC) anew from the log; returns how many log rows. Days of which the log has nothing any more stay as they are.';

-- 3. Privileges ----------------------------------------------------------------------------------------------------

ALTER TABLE switchyard.routing_statistics ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.statistics_watermark ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.statistics_horizons ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_statistics, switchyard.statistics_watermark, switchyard.statistics_horizons FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_statistics, switchyard.statistics_watermark, switchyard.statistics_horizons
    TO service_role;
GRANT SELECT ON switchyard.routing_statistics TO authenticated;

DO $$
DECLARE
    v_table text;
    v_function regprocedure;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['routing_statistics', 'statistics_watermark', 'statistics_horizons'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS switchyard_service ON switchyard.%I', v_table);
        EXECUTE format('CREATE POLICY switchyard_service ON switchyard.%I TO service_role USING (true) WITH CHECK (true)', v_table);
    END LOOP;
    DROP POLICY IF EXISTS switchyard_members ON switchyard.routing_statistics;
    CREATE POLICY switchyard_members ON switchyard.routing_statistics FOR SELECT TO authenticated
        USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'switchyard'::regnamespace
            AND p.proname IN ('statistics_place', 'whole_xid', 'add_statistics', 'gather_statistics', 'rebuild_statistics')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
