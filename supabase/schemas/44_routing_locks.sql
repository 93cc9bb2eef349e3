-- Written locks, for callers that decide outside a transaction: the functions of the migration guide, and their batch forms
-- (acquire_routing_lock, complete_routing, fail_routing, release_stale_routing_locks, mark_expired_leads).

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
    PERFORM set_config('switchyard.deciding', 'batch', true);
    -- Any caller may take over a stale lock, unless the attempts are used up: then release_stale_routing_locks fails
    -- the lead.
    WITH free AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.id = ANY (p_lead_ids)
            AND (l.routing_status = 'pending'
                OR (l.routing_status = 'routing' AND l.routing_attempts < 5
                    AND (l.routing_locked_at IS NULL OR l.routing_locked_at < v_now - interval '5 minutes')))
            AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE public.leads l
        SET routing_status = 'routing', routing_locked_by = p_lock_owner, routing_locked_at = v_now,
            routing_attempts = coalesce(l.routing_attempts, 0) + 1, routing_last_attempted_at = v_now, updated_at = v_now
        FROM free f WHERE l.id = f.id
        RETURNING l.id
    )
    SELECT array_agg(t.id) INTO v_taken FROM taken t;
    PERFORM set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_taken);
    RETURN QUERY SELECT unnest(v_taken);
END
$$;
COMMENT ON FUNCTION switchyard.acquire_routing_locks(uuid[], uuid) IS
    'Locks those of the leads that can be locked and returns them. p_lock_owner is a fencing token: use a new one for every attempt.';

CREATE OR REPLACE FUNCTION switchyard.complete_routings(
    p_lead_ids uuid[], p_destination_workspace_ids uuid[], p_matched_rule_ids uuid[], p_lock_owner uuid
) RETURNS TABLE (lead_id uuid, outcome text)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN QUERY SELECT u.id, 'refused'::text FROM unnest(p_lead_ids) u (id);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT p_lead_ids[s.ordinal], s.outcome
    FROM switchyard.settle_decided(NULL, p_lead_ids, p_destination_workspace_ids, p_matched_rule_ids,
        array_fill('decided'::text, ARRAY[cardinality(p_lead_ids)]), NULL, NULL, NULL, NULL, NULL, 5, p_lock_owner, NULL, NULL, NULL) s;
END
$$;
COMMENT ON FUNCTION switchyard.complete_routings(uuid[], uuid[], uuid[], uuid) IS
    'Assigns locked leads. Outcome of each: routed, duplicate, pending or failed (destination unavailable), again, refused (lock lost).';

CREATE OR REPLACE FUNCTION switchyard.fail_routings(
    p_lead_ids uuid[], p_error_messages text[], p_lock_owner uuid, p_max_attempts integer DEFAULT 5
) RETURNS TABLE (lead_id uuid, outcome text)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN QUERY SELECT u.id, 'refused'::text FROM unnest(p_lead_ids) u (id);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT p_lead_ids[s.ordinal], s.outcome
    FROM switchyard.settle_decided(NULL, p_lead_ids, NULL, NULL, array_fill('retry'::text, ARRAY[cardinality(p_lead_ids)]),
        NULL, p_error_messages, NULL, NULL, NULL, coalesce(p_max_attempts, 5), p_lock_owner, NULL, NULL, NULL) s;
END
$$;
COMMENT ON FUNCTION switchyard.fail_routings(uuid[], text[], uuid, integer) IS
    'Ends the attempt on locked leads: pending again after 1, 5, 15 or 60 minutes, or failed. Outcome of each: pending, failed, refused.';

CREATE OR REPLACE FUNCTION public.acquire_routing_lock(p_lead_id uuid, p_lock_owner uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM switchyard.acquire_routing_locks(ARRAY[p_lead_id], p_lock_owner));
END
$$;
COMMENT ON FUNCTION public.acquire_routing_lock(uuid, uuid) IS
    'Locks a pending lead, or one whose lock is older than five minutes, for five minutes. p_lock_owner must be new for every attempt. False: another caller holds the lock, or the lead is not pending or is past its expiry.';

CREATE OR REPLACE FUNCTION public.complete_routing(
    p_lead_id uuid, p_destination_workspace_id uuid, p_matched_rule_id uuid, p_lock_owner uuid
) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_outcome text;
BEGIN
    SELECT c.outcome INTO v_outcome
    FROM switchyard.complete_routings(ARRAY[p_lead_id], ARRAY[p_destination_workspace_id], ARRAY[p_matched_rule_id], p_lock_owner) c;
    RETURN v_outcome = 'routed' OR (v_outcome = 'duplicate' AND EXISTS (
        SELECT FROM public.leads l WHERE l.id = p_lead_id AND l.workspace_id = p_destination_workspace_id));
END
$$;
COMMENT ON FUNCTION public.complete_routing(uuid, uuid, uuid, uuid) IS
    'Assigns a lead that the caller has locked. True: the lead is in that workspace now. False: the caller no longer holds the lock, the workspace is not available (counts as a failed attempt), or the lead is a duplicate and stays in its source workspace.';

CREATE OR REPLACE FUNCTION public.fail_routing(
    p_lead_id uuid, p_error_message text, p_lock_owner uuid, p_max_attempts integer DEFAULT 5
) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM switchyard.fail_routings(ARRAY[p_lead_id], ARRAY[p_error_message], p_lock_owner, p_max_attempts) f
        WHERE f.outcome <> 'refused'
    );
END
$$;
COMMENT ON FUNCTION public.fail_routing(uuid, text, uuid, integer) IS
    'Ends the attempt on a lead that the caller has locked: the lead waits 1, 5, 15 or 60 minutes, or becomes failed. False: the caller no longer holds the lock.';

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
    PERFORM set_config('switchyard.deciding', 'batch', true);
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
    SELECT array_agg(r.id), array_agg(r.source_workspace_id), array_agg(r.workspace_id), array_agg(r.routing_attempts),
        array_agg(r.has_failed)
    INTO v_id, v_source, v_workspace, v_attempt, v_failed
    FROM released r;
    PERFORM set_config('switchyard.deciding', '', true);
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

CREATE OR REPLACE FUNCTION public.mark_expired_leads() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_id uuid[];
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true);
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
    SELECT array_agg(e.id) INTO v_id FROM expired e;
    PERFORM set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_id);
    DELETE FROM public.lead_identity_claims c WHERE c.lead_id = ANY (v_id);
    RETURN coalesce(cardinality(v_id), 0);
END
$$;
COMMENT ON FUNCTION public.mark_expired_leads() IS
    'Expires pending and failed leads that are past lead_expires_at; returns how many.';
