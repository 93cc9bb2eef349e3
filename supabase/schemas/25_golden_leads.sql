-- Golden leads: examples that a publication of rules must satisfy.

CREATE TABLE switchyard.golden_leads (
    id uuid PRIMARY KEY,
    workspace_id uuid CONSTRAINT golden_leads_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    position integer NOT NULL,
    content jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX golden_leads_workspace ON switchyard.golden_leads (workspace_id);
COMMENT ON TABLE switchyard.golden_leads IS 'Examples that are kept with a rule set, with their expected destination; a publication that sends one elsewhere is refused. Use invented people only.';
COMMENT ON COLUMN switchyard.golden_leads.workspace_id IS 'The owner of the rules; NULL: the platform.';

ALTER TABLE switchyard.golden_leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.golden_leads FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.golden_leads TO service_role;
GRANT SELECT ON switchyard.golden_leads TO authenticated;
CREATE POLICY switchyard_service ON switchyard.golden_leads TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON switchyard.golden_leads FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
