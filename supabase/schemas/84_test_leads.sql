-- Test leads: what a test key sends is decided as any lead is, and kept here for a week instead of among the leads.

-- A test lead identifies no person: only the values listed in the comment on content are stored.
CREATE TABLE switchyard.test_leads (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL CONSTRAINT test_leads_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL,
    destination_workspace_id uuid,
    matched_rule_id uuid,
    reason text NOT NULL,
    content jsonb NOT NULL
);
-- The newest of a workspace, which are listed, and the oldest, which are removed: ids grow with time.
CREATE INDEX test_leads_workspace ON switchyard.test_leads (workspace_id, id);
-- For prune.
CREATE INDEX test_leads_created ON switchyard.test_leads (created_at);
COMMENT ON TABLE switchyard.test_leads IS 'Leads that test keys sent, and how they would have been routed; the last thousand of a workspace, for a week. Nothing else reads them.';
COMMENT ON COLUMN switchyard.test_leads.content IS 'The values of the lead without email, phone, names, company and metadata.';

ALTER TABLE switchyard.test_leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.test_leads FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.test_leads TO service_role;
GRANT SELECT ON switchyard.test_leads TO authenticated;
CREATE POLICY switchyard_service ON switchyard.test_leads TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON switchyard.test_leads FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
