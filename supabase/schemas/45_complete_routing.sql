-- complete_routing of the migration guide, and its batch form. settle_decided (43_settle_decided.sql) writes the outcome.

CREATE OR REPLACE FUNCTION switchyard.complete_routings(
    p_lead_ids uuid[], p_destination_workspace_ids uuid[], p_matched_rule_ids uuid[], p_lock_owner uuid
) RETURNS TABLE (lead_id uuid, outcome text)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN QUERY SELECT u.id, 'refused'::text FROM unnest(p_lead_ids) u (id);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT p_lead_ids[s.ordinal], s.outcome
    FROM switchyard.settle_decided(NULL, p_lead_ids, p_destination_workspace_ids, p_matched_rule_ids,
        array_fill('decided'::text, ARRAY[cardinality(p_lead_ids)]), NULL, NULL, NULL, NULL, NULL, 5, p_lock_owner, NULL, NULL, NULL) s;
END
$$;
COMMENT ON FUNCTION switchyard.complete_routings(uuid[], uuid[], uuid[], uuid) IS
    'Assigns locked leads. Outcome of each: routed, duplicate, pending or failed (destination unavailable), again, refused (lock lost).';

CREATE OR REPLACE FUNCTION public.complete_routing(
    p_lead_id uuid, p_destination_workspace_id uuid, p_matched_rule_id uuid, p_lock_owner uuid
) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_outcome text;
BEGIN
    SELECT c.outcome INTO v_outcome
    FROM switchyard.complete_routings(ARRAY[p_lead_id], ARRAY[p_destination_workspace_id], ARRAY[p_matched_rule_id], p_lock_owner) c;
    RETURN v_outcome = 'routed' OR (v_outcome = 'duplicate' AND EXISTS (
        SELECT FROM public.leads l WHERE l.id = p_lead_id AND l.workspace_id = p_destination_workspace_id));
END
$$;
COMMENT ON FUNCTION public.complete_routing(uuid, uuid, uuid, uuid) IS
    'Assigns a lead that the caller has locked. True: the lead is in that workspace now. False: the caller no longer holds the lock, the workspace is not available (counts as a failed attempt), or the lead is a duplicate and stays in its source workspace.';
