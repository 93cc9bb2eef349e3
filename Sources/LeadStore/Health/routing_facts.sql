-- Facts of our own schema for `switchyard doctor`: rights, backlog, orphans, stale locks, index and log sizes.
SELECT
    (SELECT coalesce(bool_and(has_function_privilege(p.oid, 'EXECUTE')), false) FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'switchyard' AND p.proname IN ('ingest_decided', 'hold_turn', 'settle_held')),
    (SELECT count(*) FROM (SELECT 1 FROM public.lead_routing_queue WHERE next_retry_at <= now() LIMIT 10000) d),
    (SELECT extract(epoch FROM now() - min(next_retry_at))::float8 FROM public.lead_routing_queue
        WHERE next_retry_at <= now()),
    (SELECT count(*) FROM (SELECT 1 FROM public.leads l WHERE l.routing_status = 'pending' AND NOT EXISTS
        (SELECT 1 FROM public.lead_routing_queue q WHERE q.lead_id = l.id) LIMIT 1000) o),
    (SELECT count(*) FROM (SELECT 1 FROM public.leads WHERE routing_status = 'routing'
        AND routing_locked_at < now() - interval '5 minutes' LIMIT 1000) s),
    (SELECT coalesce(sum(pg_relation_size(to_regclass(i.name))), 0)::bigint
        FROM (VALUES ('public.lead_identity_claims_identity'), ('public.idx_leads_dedupe_hash')) i (name)),
    pg_size_bytes(current_setting('max_wal_size')), pg_size_bytes(current_setting('shared_buffers'))
