-- Gathering statistics in a third of the time and less: which transaction wrote a log row of the last minutes is told by an
-- expression, and no longer by a call for each row, and rows that are alike are counted together. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.erasures') IS NULL THEN
        RAISE EXCEPTION 'The migration of erasure is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260807000001_erasure.sql first.';
    END IF;
END
$$;

-- Adds the log rows of a span of time whose transactions are in a span of ids to the sums. A line that an erasure has written anew
-- says that it was counted before.
--
-- A row has the lower 32 bits of its transaction's id; whole_xid makes the id of them, and what it reckons stands here again: a
-- function with a search_path of its own is called for each row, and a million of them cost four seconds.
--
-- Rows that are alike in everything that is counted are gathered first: what follows, a figure for each of five dimensions, and for
-- sender and receiver, is then made once for each kind of row.
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
            -- Who is credited is the sender's business.
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
COMMENT ON FUNCTION switchyard.add_statistics(timestamptz, timestamptz, xid8, xid8) IS 'Adds log rows to the sums; for gather_statistics and rebuild_statistics, which hold the watermark.';

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
