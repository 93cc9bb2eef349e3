-- Which workspace has agreed to receive leads from which other.

CREATE TABLE public.routing_agreements (
    receiving_workspace_id uuid NOT NULL
        CONSTRAINT routing_agreements_receiving_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    sending_workspace_id uuid NOT NULL
        CONSTRAINT routing_agreements_sending_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (receiving_workspace_id, sending_workspace_id)
);
CREATE INDEX routing_agreements_sending ON public.routing_agreements (sending_workspace_id);
COMMENT ON TABLE public.routing_agreements IS 'Which workspace has agreed to receive leads from which other; the receiver decides.';

CREATE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.routing_agreements
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

ALTER TABLE public.routing_agreements ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.routing_agreements FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.routing_agreements TO service_role;
GRANT SELECT, INSERT, DELETE ON public.routing_agreements TO authenticated;
CREATE POLICY switchyard_service ON public.routing_agreements TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.routing_agreements FOR SELECT TO authenticated
    USING (receiving_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))
        OR sending_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
-- Only the receiver makes and ends an agreement, by its API key.
CREATE POLICY switchyard_receiver_agrees ON public.routing_agreements FOR INSERT TO authenticated
    WITH CHECK (receiving_workspace_id = (SELECT switchyard.acting_workspace()));
CREATE POLICY switchyard_receiver_ends ON public.routing_agreements FOR DELETE TO authenticated
    USING (receiving_workspace_id = (SELECT switchyard.acting_workspace()));
