-- Attribution: which partner is credited for a lead that was assigned.

-- The primary key lets a lead be credited once.
CREATE TABLE public.lead_attributions (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    partner_id uuid,
    credited_at timestamptz NOT NULL DEFAULT now(),
    returned_at timestamptz
);
COMMENT ON TABLE public.lead_attributions IS 'Which partner is credited for a lead that was assigned: one lead, one credit.';
COMMENT ON COLUMN public.lead_attributions.workspace_id IS 'The source workspace of the lead.';
COMMENT ON COLUMN public.lead_attributions.returned_at IS 'When the destination returned the lead.';

ALTER TABLE public.lead_attributions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_attributions FROM PUBLIC, anon, authenticated;
GRANT SELECT ON public.lead_attributions TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_attributions TO service_role;
CREATE POLICY switchyard_service ON public.lead_attributions TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.lead_attributions FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
