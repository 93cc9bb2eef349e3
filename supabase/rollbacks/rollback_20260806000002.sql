-- Takes back 20260806000002_quick_health.sql: health counts up to 100,000 again. Safe to run again.

BEGIN;

CREATE OR REPLACE FUNCTION switchyard.routing_health() RETURNS TABLE (
    pending_count bigint, routing_count bigint, failed_count bigint, retry_queue_count bigint, stale_lock_count bigint,
    expired_count bigint, success_rate double precision, oldest_pending_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := now();
    v_hour_ago timestamptz := now() - interval '1 hour';
BEGIN
    RETURN QUERY SELECT
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'pending' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'failed' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.attempt_number > 0 LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing'
            AND l.routing_locked_at < v_now - interval '5 minutes' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_logs g WHERE g.routing_result = 'expired'
            AND g.created_at > v_hour_ago LIMIT 100000) x),
        (SELECT avg((x.routing_result NOT IN ('retry', 'failed'))::integer)::double precision
            FROM (SELECT g.routing_result FROM public.lead_routing_logs g WHERE g.created_at > v_hour_ago
                ORDER BY g.created_at DESC LIMIT 10000) x
            WHERE x.routing_result NOT IN ('expired', 'released', 'requeued', 'waiting', 'returned')),
        -- Who waits for capacity is not late; of the 10,000 oldest, the first that does not.
        (SELECT extract(epoch FROM v_now - CASE WHEN EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL)
            THEN (SELECT min(x.created_at) FROM (SELECT l.id, l.created_at FROM public.leads l WHERE l.routing_status = 'pending'
                ORDER BY l.created_at LIMIT 10000) x
                WHERE NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = x.id AND q.waiting_for IS NOT NULL))
            ELSE (SELECT min(l.created_at) FROM public.leads l WHERE l.routing_status = 'pending') END)::double precision);
END
$$;
COMMENT ON FUNCTION switchyard.routing_health() IS 'How routing is doing: counts stop at 100,000; expired_count is of the last hour; success_rate (0 to 1) is the part of the newest 10,000 attempts of the last hour that assigned their lead, NULL without any.';

CREATE OR REPLACE FUNCTION switchyard.waiting_for_capacity() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL LIMIT 100000) x);
END
$$;
COMMENT ON FUNCTION switchyard.waiting_for_capacity() IS 'How many leads wait for capacity; stops at 100,000.';
DROP FUNCTION IF EXISTS switchyard.newest_results(timestamptz);

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260806000002', '20260808000002');
    END IF;
END
$$;

COMMIT;
