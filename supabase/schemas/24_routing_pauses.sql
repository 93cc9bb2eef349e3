-- Pauses of routing, for one source workspace or for all, and the log of what operators did.

CREATE TABLE switchyard.routing_pauses (
    workspace_id uuid PRIMARY KEY,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_by text NOT NULL,
    reason text
);
COMMENT ON TABLE switchyard.routing_pauses IS 'Source workspaces whose leads wait undecided; the workspace 00000000-0000-0000-0000-000000000000 stands for all of them.';

-- A pause is part of the rule set: a batch that was decided before it is refused as stale, and decided again.
CREATE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON switchyard.routing_pauses
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

CREATE TABLE switchyard.operator_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL CONSTRAINT operator_log_action_check
        CHECK (action IN ('auto-rollback', 'pause', 'resume', 'suspend', 'lift', 'create-key', 'roll-key', 'revoke-key')),
    workspace_id uuid NOT NULL,
    reason text,
    subject_id uuid,
    details jsonb
);
COMMENT ON TABLE switchyard.operator_log IS 'What operators did to routing, workspaces and keys, and who; append-only. Workspace 00000000-0000-0000-0000-000000000000: all of them, or none.';
COMMENT ON COLUMN switchyard.operator_log.subject_id IS 'The API key that was created, rolled or revoked.';
CREATE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON switchyard.operator_log
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.operator_log
    EXECUTE FUNCTION switchyard.refuse_log_change();

ALTER TABLE switchyard.routing_pauses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.operator_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_pauses, switchyard.operator_log FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_pauses TO service_role;
GRANT SELECT, INSERT ON switchyard.operator_log TO service_role;
CREATE POLICY switchyard_service ON switchyard.routing_pauses TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.operator_log TO service_role USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION switchyard.pause_routing(p_workspace_id uuid, p_actor text, p_reason text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_workspace uuid := coalesce(p_workspace_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    IF p_workspace_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = p_workspace_id AND w.deleted_at IS NULL) THEN
        RAISE EXCEPTION 'The workspace % does not exist or is closed.', p_workspace_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO switchyard.routing_pauses (workspace_id, paused_by, reason) VALUES (v_workspace, p_actor, p_reason)
    ON CONFLICT (workspace_id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO switchyard.operator_log (actor, action, workspace_id, reason) VALUES (p_actor, 'pause', v_workspace, p_reason);
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.pause_routing(uuid, text, text) IS
    'Stops routing of leads from this source (NULL: of all): they are accepted and wait. False if routing was paused already.';

CREATE OR REPLACE FUNCTION switchyard.resume_routing(p_workspace_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_workspace uuid := coalesce(p_workspace_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    DELETE FROM switchyard.routing_pauses p WHERE p.workspace_id = v_workspace;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO switchyard.operator_log (actor, action, workspace_id) VALUES (p_actor, 'resume', v_workspace);
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.resume_routing(uuid, text) IS
    'Ends a pause; waiting leads are routed, oldest due first. False if there was no pause.';
