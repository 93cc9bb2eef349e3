-- People of a workspace to whom its leads are given in turns. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.routing_state') IS NULL THEN
        RAISE EXCEPTION 'The migration of capacity is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260601000001_capacity.sql first.';
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS public.workspace_assignees (
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
CREATE INDEX IF NOT EXISTS workspace_assignees_workspace ON public.workspace_assignees (workspace_id);
COMMENT ON TABLE public.workspace_assignees IS 'To whom the leads of a workspace are given, in turns by weight, among those present and below their caps.';

ALTER TABLE public.workspace_assignees ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON public.workspace_assignees FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.workspace_assignees TO service_role, authenticated;
DROP POLICY IF EXISTS switchyard_service ON public.workspace_assignees;
CREATE POLICY switchyard_service ON public.workspace_assignees TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON public.workspace_assignees;
CREATE POLICY switchyard_members ON public.workspace_assignees FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
-- Written by the API key of the workspace.
DROP POLICY IF EXISTS switchyard_owner ON public.workspace_assignees;
CREATE POLICY switchyard_owner ON public.workspace_assignees TO authenticated
    USING (workspace_id = (SELECT switchyard.acting_workspace()))
    WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace()));

-- Decisions depend on people, and every version of them can be had again where history is kept.
CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.workspace_assignees
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();
DO $$
BEGIN
    IF to_regprocedure('switchyard.keep_rule_set_history(text,text[],text,text[])') IS NOT NULL THEN
        PERFORM switchyard.keep_rule_set_history('public.workspace_assignees', ARRAY['id'], NULL, NULL);
    END IF;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
