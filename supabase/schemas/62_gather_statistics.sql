-- How statistics are gathered from the log: each log row exactly once, whatever the order of commits.

-- Transaction ids have no meaning in another cluster or in a copy of the database.
CREATE OR REPLACE FUNCTION switchyard.statistics_place() RETURNS text
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT s.system_identifier || ' ' || d.oid || ' ' || coalesce(to_regclass('public.lead_routing_logs')::oid::text, '')
    FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION switchyard.statistics_place() IS 'Identifies the cluster, the database and the log table.';

-- A row holds the lower 32 bits of the id of the transaction that wrote it; this restores the rest.
CREATE OR REPLACE FUNCTION switchyard.whole_xid(p_xid xid, p_next xid8) RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT greatest(n.latest - ((n.latest - p_xid::text::bigint) & 4294967295), 0)::text::xid8
    FROM (SELECT p_next::text::bigint + 1073741824 AS latest) n
$$;
COMMENT ON FUNCTION switchyard.whole_xid(xid, xid8) IS
    'A transaction id with its epoch, given a reference id that is at most a billion older or three billion younger.';

-- Adds the log rows of a time range, written by transactions of an id range, to the sums. A row that an erasure has
-- rewritten is marked as counted before.
--
-- A row has the lower 32 bits of its transaction id. The calculation of whole_xid is repeated here, because a function
-- with its own search_path is not inlined: a million calls took four seconds.
--
-- Rows that are equal in everything that is counted are grouped first; the figures for five dimensions, for sender and
-- receiver, are then calculated once for each group.
CREATE OR REPLACE FUNCTION switchyard.add_statistics(p_from timestamptz, p_to timestamptz, p_first xid8, p_horizon xid8) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' SET jit = off
AS $$
DECLARE
    v_latest bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1073741824;
    v_first bigint := p_first::text::bigint;
    v_horizon bigint := coalesce(p_horizon::text::bigint, 9223372036854775807);
    v_count bigint;
BEGIN
    WITH decided AS (
        SELECT (g.created_at AT TIME ZONE 'UTC')::date AS day,
            coalesce(g.source_workspace_id, '00000000-0000-0000-0000-000000000000') AS source,
            g.destination_workspace_id AS destination, g.matched_rule_id AS rule, g.routing_result AS result,
            coalesce(l.company_industry::text, '') AS industry,
            CASE WHEN jsonb_typeof(p.place) = 'object' THEN upper(coalesce(p.place ->> 'country', '') || '|' || coalesce(p.place ->> 'state', ''))
                ELSE '|' END AS place,
            coalesce(a.partner_id, l.partner_id)::text AS partner,
            CASE WHEN g.routing_result IN ('success', 'fallback') THEN
                greatest(extract(epoch FROM g.created_at - l.created_at::timestamptz) * 1000, 0)::bigint END AS latency
        FROM public.lead_routing_logs g
        LEFT JOIN public.leads l ON l.id = g.lead_id
        LEFT JOIN public.lead_attributions a ON a.lead_id = g.lead_id
        LEFT JOIN LATERAL (SELECT to_jsonb(l.company_location) AS place) p ON true
        WHERE g.created_at >= p_from AND g.created_at < p_to
            AND g.routing_result IN ('success', 'fallback', 'unmatched', 'duplicate', 'retry', 'failed', 'expired', 'waiting', 'returned')
            AND (v_latest - ((v_latest - g.xmin::text::bigint) & 4294967295) < v_horizon
                OR v_first IS NULL AND g.metadata ? 'counted')
            AND (v_first IS NULL OR v_latest - ((v_latest - g.xmin::text::bigint) & 4294967295) >= v_first
                AND NOT coalesce(g.metadata ? 'counted', false))
    ), counted AS MATERIALIZED (
        SELECT d.day, d.source, d.destination, d.rule, d.result, d.industry, d.place, d.partner,
            width_bucket(d.latency, ARRAY[101, 1001, 10001, 60001, 600001, 3600001, 86400001]::bigint[]) AS bucket,
            count(*) AS leads, coalesce(sum(d.latency), 0) AS latency
        FROM decided d
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ), seen AS (
        SELECT c.*, c.source AS workspace, 'out' AS direction FROM counted c
        UNION ALL
        SELECT c.*, c.destination, 'in' FROM counted c WHERE c.result IN ('success', 'fallback', 'returned') AND c.destination IS NOT NULL
    ), keyed AS (
        SELECT s.*, d.dimension, left(d.key, 200) AS key
        FROM seen s
        CROSS JOIN LATERAL (VALUES ('all', ''), ('rule', s.rule::text), ('industry', s.industry), ('place', s.place),
            -- Attribution concerns the sender only.
            ('partner', CASE WHEN s.direction = 'out' THEN s.partner END)) d (dimension, key)
        WHERE d.key IS NOT NULL
    ), summed AS (
        SELECT k.day, k.workspace, k.direction, k.dimension, k.key,
            coalesce(sum(k.leads) FILTER (WHERE k.result IN ('success', 'fallback')), 0)::bigint AS routed,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'unmatched'), 0)::bigint AS unmatched,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'duplicate'), 0)::bigint AS duplicates,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'retry'), 0)::bigint AS retried,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'failed'), 0)::bigint AS failed,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'expired'), 0)::bigint AS expired,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'waiting'), 0)::bigint AS waited,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'returned'), 0)::bigint AS returned,
            sum(k.latency)::bigint AS latency_ms,
            ARRAY[coalesce(sum(k.leads) FILTER (WHERE k.bucket = 0), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 1), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 2), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 3), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 4), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 5), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 6), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 7), 0)::bigint] AS latency_counts
        FROM keyed k
        GROUP BY 1, 2, 3, 4, 5
    ), written AS (
        INSERT INTO switchyard.routing_statistics AS t (day, workspace_id, direction, dimension, key, routed, unmatched, duplicates,
            retried, failed, expired, waited, returned, latency_ms, latency_counts)
        SELECT s.* FROM summed s
        ON CONFLICT (workspace_id, day, direction, dimension, key) DO UPDATE SET
            routed = t.routed + excluded.routed, unmatched = t.unmatched + excluded.unmatched,
            duplicates = t.duplicates + excluded.duplicates, retried = t.retried + excluded.retried,
            failed = t.failed + excluded.failed, expired = t.expired + excluded.expired,
            waited = t.waited + excluded.waited, returned = t.returned + excluded.returned,
            latency_ms = t.latency_ms + excluded.latency_ms,
            latency_counts = ARRAY(SELECT x.a + x.b FROM unnest(t.latency_counts, excluded.latency_counts) WITH ORDINALITY x (a, b, n) ORDER BY n)
    )
    SELECT coalesce(sum(c.leads), 0) INTO v_count FROM counted c;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.add_statistics(timestamptz, timestamptz, xid8, xid8) IS
    'Adds log rows to the sums; for gather_statistics and rebuild_statistics, which hold the watermark.';

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
    -- Log rows that retention has dropped stay counted.
    IF NOT EXISTS (SELECT FROM public.lead_routing_logs g WHERE g.created_at >= v_from AND g.created_at < v_to) THEN
        RETURN 0;
    END IF;
    DELETE FROM switchyard.routing_statistics t WHERE t.day = p_day;
    -- After a week every transaction is finished, and its id may have been used again.
    RETURN switchyard.add_statistics(v_from, v_to, NULL, CASE WHEN v_to > w.counted_at - interval '7 days' THEN w.horizon END);
END
$$;
COMMENT ON FUNCTION switchyard.rebuild_statistics(date) IS
    'Counts one day (UTC) again from the log; returns how many log rows. Days that the log no longer has keep their figures.';

-- Counts what was written since the last run: rows of transactions that were not finished then and are finished now. Of
-- two concurrent runs one does the work. A transaction that has written and stays open delays the figures and does not
-- falsify them.
--
-- Rows are searched from the time at which the oldest uncounted transaction can have begun to write, less five minutes,
-- because created_at may be the start of a statement. A statement that takes longer before it writes is counted by the
-- next rebuild only.
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
    -- The database was restored or copied: its transaction ids are different ones.
    IF w.place <> v_place OR w.horizon > v_next THEN
        DELETE FROM switchyard.statistics_horizons;
        UPDATE switchyard.statistics_watermark SET place = v_place, horizon = v_horizon, counted_at = v_now,
            rebuild_before = (v_now AT TIME ZONE 'UTC')::date + 1;
        INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next);
        RETURN 0;
    END IF;
    IF w.horizon < v_horizon THEN
        SELECT max(h.seen_at) INTO v_since FROM switchyard.statistics_horizons h WHERE h.next_xid <= w.horizon;
        -- Without a recorded horizon, start from the beginning.
        v_count := switchyard.add_statistics(coalesce(v_since - interval '5 minutes', '-infinity'), 'infinity', w.horizon, v_horizon);
    END IF;
    UPDATE switchyard.statistics_watermark SET horizon = v_horizon, counted_at = v_now;
    INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next) ON CONFLICT DO NOTHING;
    DELETE FROM switchyard.statistics_horizons h WHERE h.seen_at < (SELECT max(o.seen_at) FROM switchyard.statistics_horizons o
        WHERE o.next_xid <= v_horizon);

    -- Each run also counts one day from before the first run, newest first.
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
COMMENT ON FUNCTION switchyard.gather_statistics() IS 'Adds new log rows to the statistics; returns how many.';
