-- Gathering statistics in a third of the time and less: whether a log row of the last minutes is counted already is an expression in the
-- query and no longer a call of a function, and rows that are alike are counted together. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass('switchyard.routing_statistics')
        AND a.attname = 'returned' AND NOT a.attisdropped) THEN
        RAISE EXCEPTION 'The migration of statistics of waiting is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260804000001_statistics_of_waiting.sql first.';
    END IF;
END
$$;

-- The id of the transaction that wrote a row, whole: a row has 32 bits of it.
--
-- One expression without a setting of its own, since only such a function becomes a part of the query that calls it
-- (https://wiki.postgresql.org/wiki/Inlining_of_SQL_functions). Its names were looked up when it was made: no search_path changes them.
CREATE OR REPLACE FUNCTION switchyard.whole_xid(p_xid xid, p_next xid8) RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE
RETURN greatest(p_next::text::bigint + 1073741824
    - ((p_next::text::bigint + 1073741824 - p_xid::text::bigint) & 4294967295), 0)::text::xid8;
COMMENT ON FUNCTION switchyard.whole_xid(xid, xid8) IS 'A transaction id with its epoch, given one that is at most a billion older and three billion younger.';

-- Adds the log rows of a span of time whose transactions are in a span of ids to the sums.
--
-- Rows that are alike in everything that is counted are gathered first: what follows, a figure for each of five dimensions, and for
-- sender and receiver, is then made once for each kind of row.
CREATE OR REPLACE FUNCTION switchyard.add_statistics(p_from timestamptz, p_to timestamptz, p_first xid8, p_horizon xid8) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' SET jit = off
AS $$
DECLARE
    v_next xid8 := pg_snapshot_xmax(pg_current_snapshot());
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
            AND (p_first IS NULL OR switchyard.whole_xid(g.xmin, v_next) >= p_first)
            AND (p_horizon IS NULL OR switchyard.whole_xid(g.xmin, v_next) < p_horizon)
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
