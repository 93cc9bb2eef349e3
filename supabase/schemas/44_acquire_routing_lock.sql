-- Written locks, for callers that decide outside a transaction: acquire_routing_lock of the migration guide, and its batch form. A
-- caller that holds a lock ends its attempt with complete_routing or fail_routing.

CREATE OR REPLACE FUNCTION switchyard.acquire_routing_locks(p_lead_ids uuid[], p_lock_owner uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off SET enable_bitmapscan = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_taken uuid[];
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
    -- Any caller may take over a stale lock, unless the attempts are used up: then release_stale_routing_locks fails
    -- the lead.
    WITH free AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.id = ANY (p_lead_ids)
            AND (l.routing_status = 'pending'
                OR (l.routing_status = 'routing' AND l.routing_attempts < 5
                    AND (l.routing_locked_at IS NULL OR l.routing_locked_at < v_now - interval '5 minutes')))
            AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
            AND NOT EXISTS (SELECT FROM public.workspaces w
                WHERE w.id = coalesce(l.source_workspace_id, l.workspace_id) AND w.routing_suspended_at IS NOT NULL)
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE public.leads l
        SET routing_status = 'routing', routing_locked_by = p_lock_owner, routing_locked_at = v_now,
            routing_attempts = coalesce(l.routing_attempts, 0) + 1, routing_last_attempted_at = v_now, updated_at = v_now
        FROM free f WHERE l.id = f.id
        RETURNING l.id
    )
    SELECT pg_catalog.array_agg(t.id) INTO v_taken FROM taken t;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_taken);
    RETURN QUERY SELECT unnest(v_taken);
END
$$;
COMMENT ON FUNCTION switchyard.acquire_routing_locks(uuid[], uuid) IS
    'Locks those of the leads that can be locked and returns them. p_lock_owner is a fencing token: use a new one for every attempt.';

CREATE OR REPLACE FUNCTION public.acquire_routing_lock(p_lead_id uuid, p_lock_owner uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM switchyard.acquire_routing_locks(ARRAY[p_lead_id], p_lock_owner));
END
$$;
COMMENT ON FUNCTION public.acquire_routing_lock(uuid, uuid) IS
    'Locks a pending lead, or one whose lock is older than five minutes, for five minutes. p_lock_owner must be new for every attempt. False: another caller holds the lock, the lead is not pending or is past its expiry, or its source workspace is suspended.';
