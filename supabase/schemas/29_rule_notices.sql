-- Rules that were switched off because their conditions take too many steps.

CREATE TABLE switchyard.rule_notices (
    rule_id uuid PRIMARY KEY,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);
COMMENT ON TABLE switchyard.rule_notices IS 'Why the server switched a rule off, or, for a rule of the platform, why it passes it over. A notice counts while its rule exists and is off. No foreign key: rules may be truncated.';

ALTER TABLE switchyard.rule_notices ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_notices FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.rule_notices TO service_role;
CREATE POLICY switchyard_service ON switchyard.rule_notices TO service_role USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION switchyard.switch_off_rule(p_rule_id uuid, p_reason text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_is_off boolean;
BEGIN
    PERFORM set_config('search_path', NULL, true);
    UPDATE public.lead_routing_rules r SET is_active = false, updated_at = now()
    WHERE r.id = p_rule_id AND r.is_active AND r.workspace_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = r.workspace_id AND w.workspace_type = 'platform');
    v_is_off := FOUND;
    PERFORM set_config('search_path', '', true);
    DELETE FROM switchyard.rule_notices n
    WHERE NOT EXISTS (SELECT FROM public.lead_routing_rules r WHERE r.id = n.rule_id);
    INSERT INTO switchyard.rule_notices (rule_id, reason)
    SELECT r.id, p_reason FROM public.lead_routing_rules r WHERE r.id = p_rule_id
    ON CONFLICT (rule_id) DO UPDATE SET noticed_at = excluded.noticed_at, reason = excluded.reason
    WHERE v_is_off OR switchyard.rule_notices.noticed_at < clock_timestamp() - interval '1 hour';
    RETURN v_is_off;
END
$$;
COMMENT ON FUNCTION switchyard.switch_off_rule(uuid, text) IS
    'Switches a rule of a workspace off and leaves a notice; a rule of the platform gets the notice only. False if it was off already.';
