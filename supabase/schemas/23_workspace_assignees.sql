-- The people of a workspace to whom its leads are given in turn.

CREATE TABLE public.workspace_assignees (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL
        CONSTRAINT workspace_assignees_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT workspace_assignees_name_check CHECK (octet_length(name) BETWEEN 1 AND 200),
    user_id uuid,
    weight integer NOT NULL DEFAULT 1 CONSTRAINT workspace_assignees_weight_check CHECK (weight BETWEEN 1 AND 1000),
    caps jsonb NOT NULL DEFAULT '[]',
    absent_from timestamptz,
    absent_until timestamptz,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz,
    CONSTRAINT workspace_assignees_absence_check CHECK (absent_from < absent_until)
);
CREATE INDEX workspace_assignees_workspace ON public.workspace_assignees (workspace_id);
COMMENT ON TABLE public.workspace_assignees IS 'The people to whom the leads of a workspace are given, in turns by weight, among those present and below their caps.';

CREATE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.workspace_assignees
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

ALTER TABLE public.workspace_assignees ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.workspace_assignees FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.workspace_assignees TO service_role, authenticated;
CREATE POLICY switchyard_service ON public.workspace_assignees TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.workspace_assignees FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
-- Written by the API key of the workspace.
CREATE POLICY switchyard_owner_adds ON public.workspace_assignees FOR INSERT TO authenticated
    WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace()));
CREATE POLICY switchyard_owner_changes ON public.workspace_assignees FOR UPDATE TO authenticated
    USING (workspace_id = (SELECT switchyard.acting_workspace())) WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace()));
CREATE POLICY switchyard_owner_removes ON public.workspace_assignees FOR DELETE TO authenticated
    USING (workspace_id = (SELECT switchyard.acting_workspace()));
