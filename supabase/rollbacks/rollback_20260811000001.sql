-- Takes back 20260811000001_quicker_statistics.sql: each row of the log is counted by itself again. Safe to run again.

BEGIN;

-- Adds the log rows of a span of time whose transactions are in a span of ids to the sums. A line
-- that an erasure has written anew says that it was counted before.
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
            AND g.routing_result IN ('success', 'fallback', 'unmatched', 'duplicate', 'retry', 'failed', 'expired', 'waiting', 'returned')
            AND CASE WHEN g.metadata ? 'counted' THEN p_first IS NULL
                ELSE (p_first IS NULL OR switchyard.whole_xid(g.xmin, v_next) >= p_first)
                    AND (p_horizon IS NULL OR switchyard.whole_xid(g.xmin, v_next) < p_horizon) END
    ), seen AS (
        SELECT c.*, c.source AS workspace, 'out' AS direction FROM counted c
        UNION ALL
        SELECT c.*, c.destination, 'in' FROM counted c WHERE c.result IN ('success', 'fallback', 'returned') AND c.destination IS NOT NULL
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
            count(*) FILTER (WHERE k.result = 'waiting') AS waited,
            count(*) FILTER (WHERE k.result = 'returned') AS returned,
            coalesce(sum(k.latency) FILTER (WHERE k.result IN ('success', 'fallback')), 0)::bigint AS latency_ms,
            ARRAY[count(*) FILTER (WHERE k.bucket = 0), count(*) FILTER (WHERE k.bucket = 1), count(*) FILTER (WHERE k.bucket = 2),
                count(*) FILTER (WHERE k.bucket = 3), count(*) FILTER (WHERE k.bucket = 4), count(*) FILTER (WHERE k.bucket = 5),
                count(*) FILTER (WHERE k.bucket = 6), count(*) FILTER (WHERE k.bucket = 7)] AS latency_counts
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
    SELECT count(*) INTO v_count FROM counted;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.add_statistics(timestamptz, timestamptz, xid8, xid8) IS 'Adds log rows to the sums; for gather_statistics and rebuild_statistics, which hold the watermark.';

COMMIT;
