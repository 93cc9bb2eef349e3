-- release_stale_routing_locks of the migration guide: run every ten minutes.

CREATE OR REPLACE FUNCTION public.release_stale_routing_locks() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_id uuid[];
    v_source uuid[];
    v_workspace uuid[];
    v_attempt integer[];
    v_failed boolean[];
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
    WITH stale AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.routing_status = 'routing' AND (l.routing_locked_at IS NULL OR l.routing_locked_at < v_now - interval '5 minutes')
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), released AS (
        UPDATE public.leads l
        SET routing_status = CASE WHEN l.routing_attempts >= 5 THEN 'failed' ELSE 'pending' END::public.lead_routing_status,
            routing_locked_by = NULL, routing_locked_at = NULL, updated_at = v_now,
            routing_error = 'The attempt did not end within five minutes.'
        FROM stale s WHERE l.id = s.id
        RETURNING l.id, l.source_workspace_id, l.workspace_id, l.routing_attempts, l.routing_status = 'failed' AS has_failed
    )
    SELECT pg_catalog.array_agg(r.id), pg_catalog.array_agg(r.source_workspace_id), pg_catalog.array_agg(r.workspace_id),
        pg_catalog.array_agg(r.routing_attempts), pg_catalog.array_agg(r.has_failed)
    INTO v_id, v_source, v_workspace, v_attempt, v_failed
    FROM released r;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    IF v_id IS NULL THEN
        RETURN 0;
    END IF;

    -- Due at once, so that a worker picks them up.
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at, last_error)
    SELECT u.id, u.workspace, u.attempt, v_now, 'The attempt did not end within five minutes.'
    FROM unnest(v_id, v_workspace, v_attempt, v_failed) u (id, workspace, attempt, has_failed)
    WHERE NOT u.has_failed
    ORDER BY u.id
    ON CONFLICT (lead_id) DO UPDATE SET next_retry_at = excluded.next_retry_at;
    DELETE FROM public.lead_identity_claims c USING unnest(v_id, v_failed) u (id, has_failed)
    WHERE c.lead_id = u.id AND u.has_failed;
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, error_message, attempt, created_at)
    SELECT u.id, u.source, CASE WHEN u.has_failed THEN 'failed' ELSE 'released' END, 'The lock was older than five minutes.',
        'The attempt did not end within five minutes.', u.attempt, v_now
    FROM unnest(v_id, v_source, v_attempt, v_failed) u (id, source, attempt, has_failed);
    RETURN cardinality(v_id);
END
$$;
COMMENT ON FUNCTION public.release_stale_routing_locks() IS
    'Makes leads whose lock is older than five minutes pending and due again, or failed when their attempts are used up; returns how many.';
