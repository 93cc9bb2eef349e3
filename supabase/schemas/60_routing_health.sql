-- The figures of GET /api/health, at a cost that does not grow with the number of leads.

-- Walks the index on created_at from its end, whatever the statistics say. After a burst of leads, or with default cost
-- settings, the planner would rather sort or collect all rows of the hour.
CREATE OR REPLACE FUNCTION switchyard.newest_results(p_since timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
    SELECT g.routing_result FROM public.lead_routing_logs g WHERE g.created_at > p_since ORDER BY g.created_at DESC LIMIT 5000
$$;
COMMENT ON FUNCTION switchyard.newest_results(timestamptz) IS 'The results of the newest 5,000 log rows since a time.';

-- Every figure reads at most 5,000 index entries; the success rate looks at the 5,000 newest decisions of the last
-- hour.
CREATE OR REPLACE FUNCTION switchyard.routing_health() RETURNS TABLE (
    pending_count bigint, routing_count bigint, failed_count bigint, retry_queue_count bigint, stale_lock_count bigint,
    expired_count bigint, success_rate double precision, oldest_pending_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    c_most constant bigint := 5000;
    v_now timestamptz := now();
    v_hour_ago timestamptz := now() - interval '1 hour';
    v_pending bigint := (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'pending' LIMIT 5000) x);
    v_failed bigint := (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'failed' LIMIT 5000) x);
    v_retries bigint := (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.attempt_number > 0 LIMIT 5000) x);
BEGIN
    -- Above that, use the row estimates of a table and an index that have one row for each of these leads.
    IF v_pending = c_most THEN
        v_pending := greatest(c_most, pg_catalog.pg_stat_get_live_tuples('public.lead_routing_queue'::pg_catalog.regclass));
    END IF;
    IF v_failed = c_most THEN
        v_failed := greatest(c_most, (SELECT c.reltuples::bigint - v_pending FROM pg_catalog.pg_class c
            WHERE c.oid = pg_catalog.to_regclass('public.idx_leads_routing_status')));
    END IF;
    IF v_retries = c_most THEN
        v_retries := greatest(c_most, (SELECT c.reltuples::bigint FROM pg_catalog.pg_class c
            WHERE c.oid = pg_catalog.to_regclass('public.lead_routing_queue_retries')));
    END IF;
    RETURN QUERY SELECT
        v_pending,
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing' LIMIT 5000) x),
        v_failed,
        v_retries,
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing'
            AND l.routing_locked_at < v_now - interval '5 minutes' LIMIT 5000) x),
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_logs g WHERE g.routing_result = 'expired'
            AND g.created_at > v_hour_ago LIMIT 5000) x),
        (SELECT avg((x.routing_result NOT IN ('retry', 'failed'))::integer)::double precision
            FROM switchyard.newest_results(v_hour_ago) x (routing_result)
            WHERE x.routing_result NOT IN ('expired', 'released', 'requeued', 'waiting', 'returned')),
        -- A lead that waits for capacity is not late: take the oldest of the first 10,000 that does not wait for
        -- capacity.
        (SELECT extract(epoch FROM v_now - CASE WHEN EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL)
            THEN (SELECT min(x.created_at) FROM (SELECT l.id, l.created_at FROM public.leads l WHERE l.routing_status = 'pending'
                ORDER BY l.created_at LIMIT 10000) x
                WHERE NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = x.id AND q.waiting_for IS NOT NULL))
            ELSE (SELECT min(l.created_at) FROM public.leads l WHERE l.routing_status = 'pending') END)::double precision);
END
$$;
COMMENT ON FUNCTION switchyard.routing_health() IS
    'The state of routing. Counts are exact up to 5,000; above that, pending leads, failed leads and retries are estimated and the other counts stop. expired_count covers the last hour; success_rate (0 to 1) is the share of the newest 5,000 attempts of the last hour that did not end as retry or failed, NULL if there were none.';
