-- mark_expired_leads of the migration guide: run every day.

CREATE OR REPLACE FUNCTION public.mark_expired_leads() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_id uuid[];
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
    WITH due AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.routing_status IN ('pending', 'failed') AND l.lead_expires_at <= v_now
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), expired AS (
        UPDATE public.leads l
        SET routing_status = 'expired', routing_locked_by = NULL, routing_locked_at = NULL, updated_at = v_now
        FROM due d WHERE l.id = d.id
        RETURNING l.id, l.source_workspace_id, l.routing_attempts
    ), logged AS (
        INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, created_at)
        SELECT e.id, e.source_workspace_id, 'expired', 'The lead was not assigned before it expired.', e.routing_attempts, v_now
        FROM expired e
    )
    SELECT pg_catalog.array_agg(e.id) INTO v_id FROM expired e;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_id);
    DELETE FROM public.lead_identity_claims c WHERE c.lead_id = ANY (v_id);
    RETURN coalesce(cardinality(v_id), 0);
END
$$;
COMMENT ON FUNCTION public.mark_expired_leads() IS
    'Expires pending and failed leads that are past lead_expires_at; returns how many.';
