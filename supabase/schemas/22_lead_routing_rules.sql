-- The rules that decide where leads go.

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
CREATE INDEX lead_routing_rules_workspace ON public.lead_routing_rules (workspace_id);
COMMENT ON TABLE public.lead_routing_rules IS 'Rules, tried by priority descending, then created_at, then id.';
COMMENT ON COLUMN public.lead_routing_rules.workspace_id IS 'The workspace whose leads the rule applies to; NULL: the leads of every workspace (a rule of the platform).';
COMMENT ON COLUMN public.lead_routing_rules.conditions IS 'Lists industries, company_sizes, revenue_ranges, countries, us_states, regions, and a tree of comparisons under where. A lead must meet the tree and every list that is not empty; it meets a list by any one of its values.';
COMMENT ON COLUMN public.lead_routing_rules.distribution IS 'Pool, caps and what to do when they are full; NULL: destination_workspace_id receives every lead. With a pool, that column holds its first member.';

CREATE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.lead_routing_rules
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

ALTER TABLE public.lead_routing_rules ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_routing_rules FROM anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_routing_rules TO authenticated, service_role;
CREATE POLICY switchyard_service ON public.lead_routing_rules TO service_role USING (true) WITH CHECK (true);
-- Its own, and none of the platform's: they name other workspaces, their shares and their caps.
CREATE POLICY switchyard_members ON public.lead_routing_rules FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
-- An API key writes the rules of its workspace, and only rules to destinations that have agreed.
CREATE POLICY switchyard_owner_adds ON public.lead_routing_rules FOR INSERT TO authenticated
    WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace())
        AND (destination_workspace_id = workspace_id OR EXISTS (SELECT FROM public.routing_agreements a
            WHERE a.receiving_workspace_id = destination_workspace_id AND a.sending_workspace_id = workspace_id)));
CREATE POLICY switchyard_owner_changes ON public.lead_routing_rules FOR UPDATE TO authenticated
    USING (workspace_id = (SELECT switchyard.acting_workspace()))
    WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace())
        AND (destination_workspace_id = workspace_id OR EXISTS (SELECT FROM public.routing_agreements a
            WHERE a.receiving_workspace_id = destination_workspace_id AND a.sending_workspace_id = workspace_id)));
CREATE POLICY switchyard_owner_removes ON public.lead_routing_rules FOR DELETE TO authenticated
    USING (workspace_id = (SELECT switchyard.acting_workspace()));
-- Every member of a pool must have agreed, too.
CREATE POLICY switchyard_pool_adds ON public.lead_routing_rules AS RESTRICTIVE FOR INSERT TO authenticated
    WITH CHECK (NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(distribution #> '{pool,members}') WHEN 'array'
            THEN distribution #> '{pool,members}' ELSE '[]' END) m
        WHERE lower(m ->> 'workspaceId') IS DISTINCT FROM workspace_id::text AND NOT EXISTS (SELECT FROM public.routing_agreements a
            WHERE a.receiving_workspace_id::text = lower(m ->> 'workspaceId') AND a.sending_workspace_id = workspace_id)));
CREATE POLICY switchyard_pool_changes ON public.lead_routing_rules AS RESTRICTIVE FOR UPDATE TO authenticated
    USING (true)
    WITH CHECK (NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(distribution #> '{pool,members}') WHEN 'array'
            THEN distribution #> '{pool,members}' ELSE '[]' END) m
        WHERE lower(m ->> 'workspaceId') IS DISTINCT FROM workspace_id::text AND NOT EXISTS (SELECT FROM public.routing_agreements a
            WHERE a.receiving_workspace_id::text = lower(m ->> 'workspaceId') AND a.sending_workspace_id = workspace_id)));
