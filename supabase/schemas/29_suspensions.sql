-- Suspension: an administrator stops a workspace. Nothing goes in and nothing goes out, and no key or member of it can end that.

-- Runs for every change of the two columns, whichever statement makes it, so that none is missing from the log.
CREATE OR REPLACE FUNCTION switchyard.guard_suspension() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF current_user IN ('anon', 'authenticated') THEN
        RAISE EXCEPTION 'Only an administrator suspends a workspace, or lifts its suspension.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO switchyard.operator_log (actor, action, workspace_id, reason)
    VALUES (coalesce(nullif(current_setting('switchyard.actor', true), ''), session_user),
        CASE WHEN NEW.routing_suspended_at IS NULL THEN 'lift' ELSE 'suspend' END, NEW.id, NEW.routing_suspended_reason);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.guard_suspension() IS
    'Refuses members and keys that change the suspension of a workspace, and writes every change to the operators'' log.';

CREATE TRIGGER switchyard_suspension BEFORE UPDATE ON public.workspaces
    FOR EACH ROW
    WHEN (OLD.routing_suspended_at IS DISTINCT FROM NEW.routing_suspended_at
        OR OLD.routing_suspended_reason IS DISTINCT FROM NEW.routing_suspended_reason)
    EXECUTE FUNCTION switchyard.guard_suspension();

CREATE OR REPLACE FUNCTION switchyard.suspend_workspace(p_workspace_id uuid, p_actor text, p_reason text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF coalesce(btrim(p_reason), '') = '' THEN
        RAISE EXCEPTION 'A suspension needs a reason.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('switchyard.actor', p_actor, true), set_config('search_path', NULL, true);
    UPDATE public.workspaces w SET routing_suspended_at = clock_timestamp(), routing_suspended_reason = p_reason, updated_at = now()
    WHERE w.id = p_workspace_id AND w.deleted_at IS NULL AND w.routing_suspended_at IS NULL;
    IF FOUND THEN
        RETURN true;
    END IF;
    PERFORM set_config('search_path', '', true);
    IF NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = p_workspace_id AND w.deleted_at IS NULL) THEN
        RAISE EXCEPTION 'There is no such workspace.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION switchyard.suspend_workspace(uuid, text, text) IS
    'Suspends a workspace: its keys are refused, its leads wait, and it receives none. False if it is suspended already.';

CREATE OR REPLACE FUNCTION switchyard.lift_suspension(p_workspace_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM set_config('switchyard.actor', p_actor, true), set_config('search_path', NULL, true);
    UPDATE public.workspaces w SET routing_suspended_at = NULL, routing_suspended_reason = NULL, updated_at = now()
    WHERE w.id = p_workspace_id AND w.routing_suspended_at IS NOT NULL;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION switchyard.lift_suspension(uuid, text) IS
    'Ends the suspension of a workspace; its waiting leads are routed, oldest due first. False if it was not suspended.';
