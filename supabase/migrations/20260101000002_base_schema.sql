-- The tables that routing uses: workspaces, users, their membership, partners, leads and rules.
--
-- An installation that has some of them keeps them: missing columns are added (with constant defaults, so no table is rewritten),
-- no type is changed, nothing is dropped, and row-level security stays on or off as it is. Tables that are created here have
-- row-level security on.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Writers queue behind a lock that this file waits for, so it waits a second at most.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
END
$$;

CREATE SCHEMA IF NOT EXISTS switchyard;
COMMENT ON SCHEMA switchyard IS 'Switchyard''s own tables and functions; not exposed by Supabase''s API.';
REVOKE ALL ON SCHEMA switchyard FROM PUBLIC;
GRANT USAGE ON SCHEMA switchyard TO anon, authenticated, service_role;
-- service_role may run the functions that later migrations of the same owner add.
ALTER DEFAULT PRIVILEGES IN SCHEMA switchyard GRANT EXECUTE ON FUNCTIONS TO service_role;

DO $$
DECLARE
    v_table text;
    v_kind "char";
    v_type text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['workspaces', 'users', 'partners', 'leads', 'lead_routing_rules', 'user_workspaces'] LOOP
        SELECT c.relkind INTO v_kind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.' || v_table);
        CONTINUE WHEN NOT FOUND;
        IF v_kind NOT IN ('r', 'p') THEN
            RAISE EXCEPTION 'public.% exists, but is not a table.', v_table
                USING ERRCODE = 'wrong_object_type', HINT = 'Rename it; Switchyard needs a table of that name.';
        END IF;
        CONTINUE WHEN v_table = 'user_workspaces';
        SELECT a.atttypid::regtype::text INTO v_type FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('public.' || v_table) AND a.attname = 'id' AND NOT a.attisdropped;
        IF v_type IS DISTINCT FROM 'uuid' THEN
            RAISE EXCEPTION 'public.%.id is %, and Switchyard needs uuid.', v_table, coalesce(v_type, 'missing')
                USING ERRCODE = 'datatype_mismatch',
                    HINT = 'Give the table a uuid key named id first; this migration changes no types.';
        END IF;
    END LOOP;
END
$$;

DO $$
BEGIN
    IF to_regclass('public.workspaces') IS NULL THEN
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
        ALTER TABLE public.workspaces ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        REVOKE ALL ON public.workspaces FROM anon, authenticated;
    ELSE
        ALTER TABLE public.workspaces
            ADD COLUMN IF NOT EXISTS name text,
            ADD COLUMN IF NOT EXISTS workspace_type text NOT NULL DEFAULT 'partner',
            ADD COLUMN IF NOT EXISTS is_active boolean NOT NULL DEFAULT true,
            ADD COLUMN IF NOT EXISTS routing_paused_at timestamptz,
            ADD COLUMN IF NOT EXISTS routing_suspended_at timestamptz,
            ADD COLUMN IF NOT EXISTS routing_suspended_reason text,
            ADD COLUMN IF NOT EXISTS unmatched_policy text NOT NULL DEFAULT 'keep'
                CONSTRAINT workspaces_unmatched_policy_check CHECK (unmatched_policy IN ('keep', 'fallback', 'retry')),
            ADD COLUMN IF NOT EXISTS fallback_workspace_id uuid,
            ADD COLUMN IF NOT EXISTS capacity jsonb,
            ADD COLUMN IF NOT EXISTS deleted_at timestamptz,
            ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN IF NOT EXISTS updated_at timestamptz DEFAULT now();
    END IF;

    IF to_regclass('public.users') IS NULL THEN
        CREATE TABLE public.users (
            id uuid PRIMARY KEY,
            email text,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE public.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        REVOKE ALL ON public.users FROM anon, authenticated;
    ELSE
        ALTER TABLE public.users
            ADD COLUMN IF NOT EXISTS email text,
            ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
    END IF;

    IF to_regclass('public.user_workspaces') IS NULL THEN
        CREATE TABLE public.user_workspaces (
            user_id uuid NOT NULL,
            workspace_id uuid NOT NULL REFERENCES public.workspaces (id) ON DELETE CASCADE,
            role text NOT NULL DEFAULT 'member',
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (user_id, workspace_id)
        );
        ALTER TABLE public.user_workspaces ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        REVOKE ALL ON public.user_workspaces FROM anon, authenticated;
    ELSE
        ALTER TABLE public.user_workspaces
            ADD COLUMN IF NOT EXISTS user_id uuid,
            ADD COLUMN IF NOT EXISTS workspace_id uuid,
            ADD COLUMN IF NOT EXISTS role text DEFAULT 'member',
            ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
    END IF;

    IF to_regclass('public.partners') IS NULL THEN
        CREATE TABLE public.partners (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            workspace_id uuid,
            name text,
            is_active boolean NOT NULL DEFAULT true,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE public.partners ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        REVOKE ALL ON public.partners FROM anon, authenticated;
    ELSE
        ALTER TABLE public.partners
            ADD COLUMN IF NOT EXISTS workspace_id uuid,
            ADD COLUMN IF NOT EXISTS name text,
            ADD COLUMN IF NOT EXISTS is_active boolean NOT NULL DEFAULT true,
            ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
    END IF;

    -- No foreign keys on leads: each would cost a lookup and a row lock on workspaces for every lead. Instead, a workspace that
    -- leads refer to cannot be deleted (trigger below), and the functions that write leads look workspaces up once for each
    -- batch. A workspace is closed by deleted_at.
    IF to_regclass('public.leads') IS NULL THEN
        CREATE TABLE public.leads (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            workspace_id uuid,
            source_workspace_id uuid,
            partner_id uuid,
            email text,
            phone text,
            first_name text,
            last_name text,
            company_name text,
            company_industry text,
            company_size text,
            company_revenue text,
            company_location jsonb,
            source text,
            source_id text,
            metadata jsonb,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE public.leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        REVOKE ALL ON public.leads FROM anon, authenticated;
    ELSE
        ALTER TABLE public.leads
            ADD COLUMN IF NOT EXISTS workspace_id uuid,
            ADD COLUMN IF NOT EXISTS source_workspace_id uuid,
            ADD COLUMN IF NOT EXISTS partner_id uuid,
            ADD COLUMN IF NOT EXISTS email text,
            ADD COLUMN IF NOT EXISTS phone text,
            ADD COLUMN IF NOT EXISTS first_name text,
            ADD COLUMN IF NOT EXISTS last_name text,
            ADD COLUMN IF NOT EXISTS company_name text,
            ADD COLUMN IF NOT EXISTS company_industry text,
            ADD COLUMN IF NOT EXISTS company_size text,
            ADD COLUMN IF NOT EXISTS company_revenue text,
            ADD COLUMN IF NOT EXISTS company_location jsonb,
            ADD COLUMN IF NOT EXISTS source text,
            ADD COLUMN IF NOT EXISTS source_id text,
            ADD COLUMN IF NOT EXISTS metadata jsonb,
            ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN IF NOT EXISTS updated_at timestamptz DEFAULT now();
    END IF;

    IF to_regclass('public.lead_routing_rules') IS NULL THEN
        CREATE TABLE public.lead_routing_rules (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            workspace_id uuid
                CONSTRAINT lead_routing_rules_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
            rule_name text NOT NULL,
            priority integer NOT NULL DEFAULT 0,
            is_active boolean NOT NULL DEFAULT true,
            conditions jsonb NOT NULL DEFAULT '{}',
            destination_workspace_id uuid NOT NULL
                CONSTRAINT lead_routing_rules_destination_workspace_id_fkey REFERENCES public.workspaces (id),
            distribution jsonb,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE public.lead_routing_rules ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        REVOKE ALL ON public.lead_routing_rules FROM anon, authenticated;
    ELSE
        ALTER TABLE public.lead_routing_rules
            ADD COLUMN IF NOT EXISTS workspace_id uuid,
            ADD COLUMN IF NOT EXISTS rule_name text,
            ADD COLUMN IF NOT EXISTS priority integer NOT NULL DEFAULT 0,
            ADD COLUMN IF NOT EXISTS is_active boolean NOT NULL DEFAULT true,
            ADD COLUMN IF NOT EXISTS conditions jsonb NOT NULL DEFAULT '{}',
            ADD COLUMN IF NOT EXISTS destination_workspace_id uuid,
            ADD COLUMN IF NOT EXISTS distribution jsonb,
            ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN IF NOT EXISTS updated_at timestamptz DEFAULT now();
    END IF;
END
$$;

-- Lists are read newest first for each workspace. The id is left out: leads of one batch share created_at, so equal keys are stored
-- once, and only the leads of one batch remain to be sorted. The second index serves the workspace that sent a lead.
CREATE INDEX IF NOT EXISTS leads_workspace_created ON public.leads (workspace_id, created_at);
CREATE INDEX IF NOT EXISTS leads_source_created ON public.leads (source_workspace_id, created_at);
CREATE INDEX IF NOT EXISTS user_workspaces_workspace ON public.user_workspaces (workspace_id);
CREATE INDEX IF NOT EXISTS partners_workspace ON public.partners (workspace_id);
CREATE INDEX IF NOT EXISTS lead_routing_rules_workspace ON public.lead_routing_rules (workspace_id);

COMMENT ON TABLE public.workspaces IS 'A tenant: sends leads, receives leads, or both. Closed by deleted_at, never deleted while leads refer to it.';
COMMENT ON COLUMN public.workspaces.workspace_type IS 'partner, or platform: rules of a platform workspace apply to every source.';
COMMENT ON COLUMN public.workspaces.routing_paused_at IS 'If set, rules skip this workspace as a destination.';
COMMENT ON COLUMN public.workspaces.routing_suspended_at IS 'If set, an administrator has suspended this workspace: nothing goes in or out until an administrator lifts it.';
COMMENT ON COLUMN public.workspaces.routing_suspended_reason IS 'Why it is suspended; its keys are answered with it.';
COMMENT ON COLUMN public.workspaces.unmatched_policy IS 'What happens to its leads that no rule matches: keep them, fallback to fallback_workspace_id, or retry later.';
COMMENT ON COLUMN public.workspaces.capacity IS 'Time zone, caps, opening hours, holidays and minimum score; NULL: accepts every lead at any time.';
COMMENT ON COLUMN public.workspaces.deleted_at IS 'When the workspace was closed; its leads stay where they are.';
COMMENT ON TABLE public.users IS 'People; id is the subject of their tokens.';
COMMENT ON TABLE public.user_workspaces IS 'Which user belongs to which workspace, and so sees its leads.';
COMMENT ON TABLE public.partners IS 'The partners that are credited for the leads of a workspace.';
COMMENT ON TABLE public.leads IS 'Leads, each in exactly one workspace.';
COMMENT ON COLUMN public.leads.workspace_id IS 'The workspace that has the lead; while the lead waits, its source workspace.';
COMMENT ON COLUMN public.leads.source_workspace_id IS 'The workspace that sent the lead; never changes.';
COMMENT ON COLUMN public.leads.company_location IS 'An object with country, state, city.';
COMMENT ON COLUMN public.leads.source_id IS 'The sender''s own id for the lead.';
COMMENT ON TABLE public.lead_routing_rules IS 'Rules, tried by priority descending, then created_at, then id.';
COMMENT ON COLUMN public.lead_routing_rules.workspace_id IS 'The workspace whose leads the rule applies to; NULL: the leads of every workspace (a rule of the platform).';
COMMENT ON COLUMN public.lead_routing_rules.conditions IS 'Lists industries, company_sizes, revenue_ranges, countries, us_states, regions, and a tree of comparisons under where. A lead must meet the tree and every list that is not empty; it meets a list by any one of its values.';
COMMENT ON COLUMN public.lead_routing_rules.distribution IS 'Pool, caps and what to do when they are full; NULL: destination_workspace_id receives every lead. With a pool, that column holds its first member.';

-- What a request may see ---------------------------------------------------------------------------------------------

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

REVOKE ALL ON FUNCTION switchyard.acting_workspace(), switchyard.visible_workspaces() FROM PUBLIC, anon;
GRANT EXECUTE ON FUNCTION switchyard.acting_workspace(), switchyard.visible_workspaces() TO authenticated, service_role;

-- A workspace with leads cannot be deleted ----------------------------------------------------------------------------

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
REVOKE ALL ON FUNCTION switchyard.refuse_workspace_delete() FROM PUBLIC;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid = 'public.leads'::regclass AND k.confrelid = 'public.workspaces'::regclass) THEN
        CREATE OR REPLACE TRIGGER switchyard_refuse_delete BEFORE DELETE ON public.workspaces
            FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_workspace_delete();
    END IF;
END
$$;

-- Policies, where row-level security is on. = ANY (ARRAY(SELECT …)) is evaluated once for each query and can use an index.
DO $$
DECLARE
    v_policy record;
BEGIN
    FOR v_policy IN
        SELECT * FROM (VALUES
            ('workspaces', 'id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'),
            ('users', 'id = (SELECT auth.uid())'),
            ('user_workspaces', 'user_id = (SELECT auth.uid()) OR workspace_id = (SELECT switchyard.acting_workspace())'),
            ('partners', 'workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'),
            ('leads', 'workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'
                || ' OR source_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'),
            ('lead_routing_rules', 'workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))')
        ) p (table_name, visible)
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO service_role', v_policy.table_name);
        CONTINUE WHEN NOT (SELECT c.relrowsecurity FROM pg_catalog.pg_class c
            WHERE c.oid = to_regclass('public.' || v_policy.table_name));
        EXECUTE format('GRANT SELECT ON public.%I TO authenticated', v_policy.table_name);
        EXECUTE format('DROP POLICY IF EXISTS switchyard_service ON public.%I', v_policy.table_name);
        EXECUTE format('CREATE POLICY switchyard_service ON public.%I TO service_role USING (true) WITH CHECK (true)',
            v_policy.table_name);
        EXECUTE format('DROP POLICY IF EXISTS switchyard_members ON public.%I', v_policy.table_name);
        EXECUTE format('CREATE POLICY switchyard_members ON public.%I FOR SELECT TO authenticated USING (%s)',
            v_policy.table_name, v_policy.visible);
    END LOOP;
END
$$;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
