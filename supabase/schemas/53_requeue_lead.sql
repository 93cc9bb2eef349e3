-- Leads that an operator queues again.

-- The lead keeps its claims, as every waiting lead does. It has no attribution, because it was assigned to no other
-- workspace. Its log keeps the earlier decision, and statistics count the next decision as well, as they do for a lead
-- that had failed.
CREATE OR REPLACE FUNCTION switchyard.requeue_lead(p_lead_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz;
    v_lead record;
BEGIN
    SELECT l.routing_status, l.source_workspace_id, l.workspace_id INTO v_lead FROM public.leads l
    WHERE l.id = p_lead_id
        AND (l.routing_status = 'failed' OR (l.routing_status = 'routed' AND l.workspace_id = l.source_workspace_id
            AND l.matched_rule_id IS NULL AND l.duplicate_of IS NULL))
        AND (l.lead_expires_at IS NULL OR l.lead_expires_at > clock_timestamp())
    FOR UPDATE;
    -- A separate statement, so that it sees what the transaction that held the lead has written.
    IF NOT FOUND OR (v_lead.routing_status = 'routed' AND NOT switchyard.is_unmatched(p_lead_id)) THEN
        RETURN false;
    END IF;
    v_now := clock_timestamp();
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
    UPDATE public.leads l
    SET routing_status = 'pending', routing_attempts = 0, routing_error = NULL, routed_at = NULL, updated_at = v_now
    WHERE l.id = p_lead_id;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at)
    VALUES (p_lead_id, v_lead.workspace_id, 0, v_now)
    ON CONFLICT (lead_id) DO UPDATE SET attempt_number = 0, next_retry_at = excluded.next_retry_at, last_error = NULL;
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, actor, created_at)
    VALUES (p_lead_id, v_lead.source_workspace_id, 'requeued', CASE v_lead.routing_status WHEN 'routed'
        THEN 'No rule had matched it; an operator has put it back into the queue.'
        ELSE 'An operator has put it back into the queue.' END, 0, p_actor, v_now);
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.requeue_lead(uuid, text) IS
    'Makes a lead pending again, with all its attempts, if it failed, or if no rule matched it and its source keeps it; false for any other lead and for one past its expiry.';
