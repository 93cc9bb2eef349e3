-- A lead that no rule matched and that its source keeps can be put back into the queue: after a rule has been mended it is
-- decided once more. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regprocedure('switchyard.requeue_lead(uuid,text)') IS NULL THEN
        RAISE EXCEPTION 'The migration of routing is missing.'
            USING ERRCODE = 'undefined_function', HINT = 'Apply 20260201000001_switchyard_routing.sql first.';
    END IF;
END
$$;

-- Only the log tells such a lead from one that was routed before there were rules, or that came back.
CREATE OR REPLACE FUNCTION switchyard.is_unmatched(p_lead_id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT coalesce((SELECT g.routing_result FROM (SELECT * FROM public.lead_routing_logs g WHERE g.lead_id = p_lead_id OFFSET 0) g
        ORDER BY g.created_at DESC, g.id DESC LIMIT 1) = 'unmatched', false)
$$;
COMMENT ON FUNCTION switchyard.is_unmatched(uuid) IS 'Whether the last word of the log about a lead is that no rule matched it.';

CREATE OR REPLACE FUNCTION switchyard.guard_lead_state() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_old text := OLD.routing_status::text;
    v_new text := NEW.routing_status::text;
BEGIN
    IF current_user IN ('anon', 'authenticated') THEN
        RAISE EXCEPTION 'Routing columns are written by the routing functions only.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF v_old = v_new
        OR (v_old = 'pending' AND v_new IN ('routing', 'expired'))
        OR (v_old = 'routing' AND v_new IN ('routed', 'pending', 'failed'))
        OR (v_old = 'failed' AND v_new IN ('expired', 'pending'))
        -- A batch that holds the row lock passes through routing inside its transaction, and writes only the end.
        OR (v_old = 'pending' AND v_new IN ('routed', 'failed')
            AND current_setting('switchyard.deciding', true) = 'batch') THEN
        RETURN NEW;
    END IF;
    -- What no rule matched and its source keeps was given to nobody: requeue_lead may take it back, and nobody else.
    IF v_old = 'routed' AND v_new = 'pending' AND current_setting('switchyard.deciding', true) = 'batch'
        AND OLD.workspace_id = OLD.source_workspace_id AND NEW.workspace_id = OLD.workspace_id
        AND OLD.matched_rule_id IS NULL AND OLD.duplicate_of IS NULL AND switchyard.is_unmatched(OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A lead cannot go from % to %.', v_old, coalesce(v_new, 'no state')
        USING ERRCODE = 'check_violation', TABLE = 'leads', SCHEMA = 'public', COLUMN = 'routing_status';
END
$$;
COMMENT ON FUNCTION switchyard.guard_lead_state() IS 'Refuses every transition that the state machine does not have.';

-- The lead keeps its claims, as every lead that waits does; it has no credit, because it was given to nobody. Its log keeps
-- the decision of before, and statistics count the next one beside it, as they do for a lead that had failed.
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
    -- A statement of its own sees what whoever held the lead until now has written.
    IF NOT FOUND OR (v_lead.routing_status = 'routed' AND NOT switchyard.is_unmatched(p_lead_id)) THEN
        RETURN false;
    END IF;
    v_now := clock_timestamp();
    PERFORM set_config('switchyard.deciding', 'batch', true);
    UPDATE public.leads l
    SET routing_status = 'pending', routing_attempts = 0, routing_error = NULL, routed_at = NULL, updated_at = v_now
    WHERE l.id = p_lead_id;
    PERFORM set_config('switchyard.deciding', '', true);
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
COMMENT ON FUNCTION switchyard.requeue_lead(uuid, text) IS 'Makes a lead pending again, with all its attempts, that has failed, or that no rule matched and its source keeps; false for any other, and for one past its expiry.';

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('is_unmatched', 'requeue_lead')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
