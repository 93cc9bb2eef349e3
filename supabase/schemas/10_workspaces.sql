-- Workspaces, users, their membership, and partners; and which of their rows a request may see.

-- The workspace that a request acts for: of the API key, or the one that a person has chosen. The server sets this claim for
-- each request; PostgREST never does. A person must belong to the workspace.
-- A key of a suspended or closed workspace acts for none, whatever the server believes of it. SECURITY DEFINER, because
-- the policy of workspaces calls it.
CREATE OR REPLACE FUNCTION switchyard.acting_workspace() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_workspace uuid;
BEGIN
    v_workspace := (auth.jwt() ->> 'switchyard_workspace_id')::uuid;
    IF v_workspace IS NOT NULL AND EXISTS (SELECT FROM public.workspaces w
        WHERE w.id = v_workspace AND (w.routing_suspended_at IS NOT NULL OR w.deleted_at IS NOT NULL)) THEN
        RETURN NULL;
    END IF;
    IF v_workspace IS NOT NULL AND auth.uid() IS NOT NULL AND NOT EXISTS (SELECT FROM public.user_workspaces m
        WHERE m.user_id = auth.uid() AND m.workspace_id = v_workspace) THEN
        RETURN NULL;
    END IF;
    RETURN v_workspace;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.acting_workspace() IS
    'The workspace that the request acts for: of its API key, or one of the person''s; NULL without one, and while that workspace is suspended or closed.';

-- SECURITY DEFINER, because the caller may not read the memberships of other users. It returns only the caller's own.
CREATE OR REPLACE FUNCTION switchyard.visible_workspaces() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10 SET search_path = ''
AS $$
DECLARE
    v_user uuid := auth.uid();
    v_workspace uuid := switchyard.acting_workspace();
BEGIN
    IF v_user IS NOT NULL AND NOT coalesce(auth.jwt() ? 'switchyard_workspace_id', false) THEN
        RETURN QUERY SELECT m.workspace_id FROM public.user_workspaces m
        WHERE m.user_id = v_user
            AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = m.workspace_id AND w.routing_suspended_at IS NOT NULL);
    END IF;
    IF v_workspace IS NOT NULL THEN
        RETURN NEXT v_workspace;
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.visible_workspaces() IS
    'The workspaces whose rows the current user or API key may see; policies call it. One, if the request acts for one; suspended ones are left out.';

-- Stands in for foreign keys on leads. A lead that is inserted at the same instant can slip past it, which is why a
-- workspace is closed by deleted_at. Where an installation's leads have a foreign key to workspaces, that key decides
-- instead.
CREATE OR REPLACE FUNCTION switchyard.refuse_workspace_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    IF EXISTS (SELECT FROM public.leads l WHERE l.workspace_id = OLD.id)
        OR EXISTS (SELECT FROM public.leads l WHERE l.source_workspace_id = OLD.id) THEN
        RAISE EXCEPTION 'The workspace cannot be deleted: leads refer to it.'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'leads', SCHEMA = 'public',
                HINT = 'Close it instead: UPDATE workspaces SET deleted_at = now(), is_active = false.';
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION switchyard.refuse_workspace_delete() IS 'Refuses to delete a workspace that leads refer to.';

-- A time zone unknown to PostgreSQL would make every batch fail that asks for the workspace's local day.
CREATE OR REPLACE FUNCTION switchyard.check_capacity() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM now() AT TIME ZONE coalesce(NEW.capacity ->> 'timeZone', 'UTC');
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.check_capacity() IS 'Refuses a capacity whose time zone does not exist (22023).';

CREATE TABLE public.workspaces (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    workspace_type text NOT NULL DEFAULT 'partner',
    is_active boolean NOT NULL DEFAULT true,
    routing_paused_at timestamptz,
    routing_suspended_at timestamptz,
    routing_suspended_reason text,
    unmatched_policy text NOT NULL DEFAULT 'keep'
        CONSTRAINT workspaces_unmatched_policy_check CHECK (unmatched_policy IN ('keep', 'fallback', 'retry')),
    fallback_workspace_id uuid,
    capacity jsonb,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.workspaces IS 'A tenant: sends leads, receives leads, or both. Closed by deleted_at, never deleted while leads refer to it.';
COMMENT ON COLUMN public.workspaces.workspace_type IS 'partner, or platform: rules of a platform workspace apply to every source.';
COMMENT ON COLUMN public.workspaces.routing_paused_at IS 'If set, rules skip this workspace as a destination.';
COMMENT ON COLUMN public.workspaces.routing_suspended_at IS 'If set, an administrator has suspended this workspace: nothing goes in or out until an administrator lifts it.';
COMMENT ON COLUMN public.workspaces.routing_suspended_reason IS 'Why it is suspended; its keys are answered with it.';
COMMENT ON COLUMN public.workspaces.unmatched_policy IS 'What happens to its leads that no rule matches: keep them, fallback to fallback_workspace_id, or retry later.';
COMMENT ON COLUMN public.workspaces.capacity IS 'Time zone, caps, opening hours, holidays and minimum score; NULL: accepts every lead at any time.';
COMMENT ON COLUMN public.workspaces.deleted_at IS 'When the workspace was closed; its leads stay where they are.';

CREATE TRIGGER switchyard_refuse_delete BEFORE DELETE ON public.workspaces
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_workspace_delete();
CREATE TRIGGER switchyard_capacity BEFORE INSERT OR UPDATE OF capacity ON public.workspaces
    FOR EACH ROW WHEN (NEW.capacity IS NOT NULL) EXECUTE FUNCTION switchyard.check_capacity();

CREATE TABLE public.users (
    id uuid PRIMARY KEY,
    email text,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.users IS 'People; id is the subject of their tokens.';

CREATE TABLE public.user_workspaces (
    user_id uuid NOT NULL,
    workspace_id uuid NOT NULL REFERENCES public.workspaces (id) ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'member',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, workspace_id)
);
CREATE INDEX user_workspaces_workspace ON public.user_workspaces (workspace_id);
COMMENT ON TABLE public.user_workspaces IS 'Which user belongs to which workspace, and so sees its leads.';

CREATE TABLE public.partners (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid,
    name text,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX partners_workspace ON public.partners (workspace_id);
COMMENT ON TABLE public.partners IS 'The partners that are credited for the leads of a workspace.';

-- Privileges. = ANY (ARRAY(SELECT …)) is evaluated once for each query and can use an index; all policies use this form.

ALTER TABLE public.workspaces ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.user_workspaces ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.partners ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.workspaces, public.users, public.user_workspaces, public.partners FROM anon, authenticated;
GRANT SELECT ON public.workspaces, public.users, public.user_workspaces, public.partners TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.workspaces, public.users, public.user_workspaces, public.partners TO service_role;

CREATE POLICY switchyard_service ON public.workspaces TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.workspaces FOR SELECT TO authenticated
    USING (id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
CREATE POLICY switchyard_service ON public.users TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.users FOR SELECT TO authenticated
    USING (id = (SELECT auth.uid()));
CREATE POLICY switchyard_service ON public.user_workspaces TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.user_workspaces FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()) OR workspace_id = (SELECT switchyard.acting_workspace()));
CREATE POLICY switchyard_service ON public.partners TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.partners FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
