-- What metrics and alerts need, in one reading; each count is bounded.
SELECT h.pending_count, h.routing_count, h.failed_count, h.retry_queue_count, h.stale_lock_count,
    h.expired_count, h.success_rate, h.oldest_pending_seconds,
    (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue WHERE next_retry_at <= now() LIMIT 20000) d),
    (SELECT extract(epoch FROM now() - min(next_retry_at))::float8 FROM public.lead_routing_queue
        WHERE next_retry_at <= now()),
    w.attempts, w.failures, w.duplicates, s.oldest, s.connections, current_setting('max_connections')::bigint,
    (SELECT string_agg(a.name, ',') FROM switchyard.alerts a WHERE a.phase = 'firing'), clock_timestamp()
FROM switchyard.routing_health() h
CROSS JOIN (
    SELECT count(*) AS attempts, count(*) FILTER (WHERE r.routing_result IN ('retry', 'failed')) AS failures,
        count(*) FILTER (WHERE r.routing_result = 'duplicate') AS duplicates
    FROM switchyard.newest_results(now() - interval '5 minutes') r (routing_result)
    WHERE r.routing_result NOT IN ('expired', 'released', 'requeued', 'waiting', 'returned')
) w
CROSS JOIN (
    SELECT extract(epoch FROM max(clock_timestamp() - a.xact_start)
        FILTER (WHERE a.pid <> pg_backend_pid()))::float8 AS oldest, count(*) AS connections
    FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend'
) s
