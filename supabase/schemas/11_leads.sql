-- Leads. What changes with their state is done by the triggers in 17_lead_state.sql.

CREATE TYPE public.lead_routing_status AS ENUM ('pending', 'routing', 'routed', 'failed', 'expired');
COMMENT ON TYPE public.lead_routing_status IS 'pending → routing → routed; routing → pending | failed; pending | failed → expired; failed → pending, and routed → pending if no rule had matched, by an operator.';

-- No foreign keys: each would cost a lookup and a row lock on workspaces for every lead. Instead, a workspace that leads refer to
-- cannot be deleted (switchyard_refuse_delete), and the functions that write leads look workspaces up once for each batch.
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
    updated_at timestamptz NOT NULL DEFAULT now(),
    routing_status public.lead_routing_status NOT NULL DEFAULT 'pending',
    routing_locked_by uuid,
    routing_locked_at timestamptz,
    routing_attempts integer NOT NULL DEFAULT 0,
    routing_error text,
    routing_last_attempted_at timestamptz,
    dedupe_hash varchar(64),
    lead_expires_at timestamptz DEFAULT now() + interval '90 days',
    matched_rule_id uuid,
    duplicate_of uuid,
    routed_at timestamptz,
    assignee_id uuid,
    erased_at timestamptz
);
COMMENT ON TABLE public.leads IS 'Leads, each in exactly one workspace.';
COMMENT ON COLUMN public.leads.workspace_id IS 'The workspace that has the lead; while the lead waits, its source workspace.';
COMMENT ON COLUMN public.leads.source_workspace_id IS 'The workspace that sent the lead; never changes.';
COMMENT ON COLUMN public.leads.company_location IS 'An object with country, state, city.';
COMMENT ON COLUMN public.leads.source_id IS 'The sender''s own id for the lead.';
COMMENT ON COLUMN public.leads.routing_status IS 'The state of the lead; changed by the routing functions only.';
COMMENT ON COLUMN public.leads.routing_locked_by IS 'Fencing token of the attempt that holds the lead: new for every attempt.';
COMMENT ON COLUMN public.leads.routing_locked_at IS 'When the lead was locked; after five minutes the lock is stale and any caller may take it.';
COMMENT ON COLUMN public.leads.routing_attempts IS 'Number of attempts that have begun.';
COMMENT ON COLUMN public.leads.routing_error IS 'Why the last attempt did not assign the lead.';
COMMENT ON COLUMN public.leads.dedupe_hash IS 'SHA-256 in hex of the strongest identity; NULL: the lead has no identity and is never a duplicate.';
COMMENT ON COLUMN public.leads.lead_expires_at IS 'From this time on a pending or failed lead is expired; a routed lead never expires.';
COMMENT ON COLUMN public.leads.matched_rule_id IS 'The rule that assigned the lead; NULL if none did.';
COMMENT ON COLUMN public.leads.duplicate_of IS 'The lead that came first; it may belong to another workspace.';
COMMENT ON COLUMN public.leads.routed_at IS 'When the lead was assigned.';
COMMENT ON COLUMN public.leads.assignee_id IS 'The person of its workspace to whom the lead was given (workspace_assignees).';
COMMENT ON COLUMN public.leads.erased_at IS 'When the personal data of the lead was erased; the rest of the row stays.';

-- Lists are read newest first for each workspace. The id is left out: leads of one batch share created_at, so equal keys are stored
-- once, and only the leads of one batch remain to be sorted. The second index serves the workspace that sent a lead.
CREATE INDEX leads_workspace_created ON public.leads (workspace_id, created_at);
CREATE INDEX leads_source_created ON public.leads (source_workspace_id, created_at);
-- The three partial indexes hold only leads that are not settled: a lead that arrives decided touches none of them.
CREATE INDEX idx_leads_routing_status ON public.leads (routing_status, created_at)
    WHERE routing_status IN ('pending', 'routing', 'failed');
CREATE INDEX idx_leads_routing_locked ON public.leads (routing_locked_at)
    WHERE routing_status = 'routing';
CREATE INDEX idx_leads_expires_at ON public.leads (lead_expires_at)
    WHERE routing_status IN ('pending', 'failed');
-- Searched for equality only; a hash index has a third of the size of a B-tree on 64 characters.
CREATE INDEX idx_leads_dedupe_hash ON public.leads USING hash (dedupe_hash);

ALTER TABLE public.leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.leads FROM anon, authenticated;
GRANT SELECT ON public.leads TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.leads TO service_role;
CREATE POLICY switchyard_service ON public.leads TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.leads FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))
        OR source_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
