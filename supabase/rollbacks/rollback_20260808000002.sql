-- Takes back 20260808000002_health_of_millions.sql: health counts up to 20,000 again. Safe to run again.

BEGIN;

-- Whatever the statistics say of how many there are, the index is walked from its end: without sorting or gathering all of them,
-- which after a burst, or on a server with the default costs, a planner prefers.
CREATE OR REPLACE FUNCTION switchyard.newest_results(p_since timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
    SELECT g.routing_result FROM public.lead_routing_logs g WHERE g.created_at > p_since ORDER BY g.created_at DESC LIMIT 10000
$$;
COMMENT ON FUNCTION switchyard.newest_results(timestamptz) IS 'What the log says became of leads since a time: its newest 10,000 lines.';

-- Every figure reads at most 20,000 index entries; the rate looks at the 10,000 newest decisions of the last hour.
CREATE OR REPLACE FUNCTION switchyard.routing_health() RETURNS TABLE (
    pending_count bigint, routing_count bigint, failed_count bigint, retry_queue_count bigint, stale_lock_count bigint,
    expired_count bigint, success_rate double precision, oldest_pending_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    c_most constant bigint := 20000;
    v_now timestamptz := now();
    v_hour_ago timestamptz := now() - interval '1 hour';
    v_pending bigint := (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'pending' LIMIT 20000) x);
    v_failed bigint := (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'failed' LIMIT 20000) x);
BEGIN
    -- More than that are estimated by what PostgreSQL knows of a table and an index that have a row for each of them.
    IF v_pending = c_most THEN
        v_pending := greatest(c_most, pg_catalog.pg_stat_get_live_tuples('public.lead_routing_queue'::pg_catalog.regclass));
    END IF;
    IF v_failed = c_most THEN
        v_failed := greatest(c_most, (SELECT c.reltuples::bigint - v_pending FROM pg_catalog.pg_class c
            WHERE c.oid = pg_catalog.to_regclass('public.idx_leads_routing_status')));
    END IF;
    RETURN QUERY SELECT
        v_pending,
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing' LIMIT 20000) x),
        v_failed,
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.attempt_number > 0 LIMIT 20000) x),
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing'
            AND l.routing_locked_at < v_now - interval '5 minutes' LIMIT 20000) x),
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_logs g WHERE g.routing_result = 'expired'
            AND g.created_at > v_hour_ago LIMIT 20000) x),
        (SELECT avg((x.routing_result NOT IN ('retry', 'failed'))::integer)::double precision
            FROM switchyard.newest_results(v_hour_ago) x (routing_result)
            WHERE x.routing_result NOT IN ('expired', 'released', 'requeued', 'waiting', 'returned')),
        -- Who waits for capacity is not late; of the 10,000 oldest, the first that does not.
        (SELECT extract(epoch FROM v_now - CASE WHEN EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL)
            THEN (SELECT min(x.created_at) FROM (SELECT l.id, l.created_at FROM public.leads l WHERE l.routing_status = 'pending'
                ORDER BY l.created_at LIMIT 10000) x
                WHERE NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = x.id AND q.waiting_for IS NOT NULL))
            ELSE (SELECT min(l.created_at) FROM public.leads l WHERE l.routing_status = 'pending') END)::double precision);
END
$$;
COMMENT ON FUNCTION switchyard.routing_health() IS 'How routing is doing. Counts are exact up to 20,000; more pending and failed leads are estimated, and the other counts stop there. expired_count is of the last hour; success_rate (0 to 1) is the part of the newest 10,000 attempts of the last hour that assigned their lead, NULL without any.';

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260808000002';
    END IF;
END
$$;

COMMIT;
