-- Takes back 20260805000001_retry_unmatched.sql: only a failed lead can be put back into the queue. What was put back before
-- goes on. Safe to run again.

BEGIN;

-- 20260805000001
DO $rollback$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260805000001';
    END IF;
    -- The functions of before, where what they stand on is there.
    IF to_regclass('public.lead_routing_queue') IS NULL THEN
        RETURN;
    END IF;
CREATE OR REPLACE FUNCTION switchyard.guard_lead_state() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $f$
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
    RAISE EXCEPTION 'A lead cannot go from % to %.', v_old, coalesce(v_new, 'no state')
        USING ERRCODE = 'check_violation', TABLE = 'leads', SCHEMA = 'public', COLUMN = 'routing_status';
END
$f$;
COMMENT ON FUNCTION switchyard.guard_lead_state() IS 'Refuses every transition that the state machine does not have.';
    IF to_regclass('switchyard.rule_set_version') IS NULL THEN
        RETURN;
    END IF;
CREATE OR REPLACE FUNCTION switchyard.requeue_lead(p_lead_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $f$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_found boolean;
    v_source uuid;
    v_workspace uuid;
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true);
    UPDATE public.leads l
    SET routing_status = 'pending', routing_attempts = 0, routing_error = NULL, updated_at = v_now
    WHERE l.id = p_lead_id AND l.routing_status = 'failed' AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
    RETURNING l.source_workspace_id, l.workspace_id INTO v_source, v_workspace;
    v_found := FOUND;
    PERFORM set_config('switchyard.deciding', '', true);
    IF NOT v_found THEN
        RETURN false;
    END IF;
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at)
    VALUES (p_lead_id, v_workspace, 0, v_now)
    ON CONFLICT (lead_id) DO UPDATE SET attempt_number = 0, next_retry_at = excluded.next_retry_at, last_error = NULL;
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, actor, created_at)
    VALUES (p_lead_id, v_source, 'requeued', 'An operator has put it back into the queue.', 0, p_actor, v_now);
    RETURN true;
END
$f$;
COMMENT ON FUNCTION switchyard.requeue_lead(uuid, text) IS 'Makes a failed lead pending again, with all its attempts; false if it is not failed, or past its expiry.';
    EXECUTE 'REVOKE ALL ON FUNCTION switchyard.requeue_lead(uuid, text) FROM PUBLIC, anon, authenticated';
    EXECUTE 'GRANT EXECUTE ON FUNCTION switchyard.requeue_lead(uuid, text) TO service_role';
END
$rollback$;
DROP FUNCTION IF EXISTS switchyard.is_unmatched(uuid);

COMMIT;
