-- Retention, partitions and the progress of statistics.
SELECT r.log_months,
    (SELECT min(right(c.relname, 7)) FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.lead_routing_logs'::regclass AND c.relname ~ '^lead_routing_logs_[0-9]{4}_[0-9]{2}$'),
    (SELECT count(*) FROM generate_series(0, 11) n WHERE to_regclass('switchyard.lead_routing_logs_'
        || to_char(now() AT TIME ZONE 'UTC' + n * interval '1 month', 'YYYY_MM')) IS NOT NULL),
    w.counted_at, coalesce(w.rebuild_before IS NOT NULL, false),
    extract(epoch FROM clock_timestamp() - w.counted_at)::float8, to_regclass('cron.job') IS NOT NULL
FROM switchyard.retention r LEFT JOIN switchyard.statistics_watermark w ON true
