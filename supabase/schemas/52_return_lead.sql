-- Leads that their destination returns, and where they go then.

-- Takes a lead back from its destination: the lead's place is free again in each window that is still running, its attribution
-- is marked, and the lead is in its source workspace, still routed. p_workspace_id is the workspace that returns it,
-- NULL for an administrator. Outcomes: returned; already (that workspace returned it before, nothing changes); none (it
-- has no such routed lead).
CREATE OR REPLACE FUNCTION switchyard.return_lead(p_lead_id uuid, p_workspace_id uuid, p_actor text, p_reason text) RETURNS text
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_lead record;
    v_log record;
BEGIN
    SELECT l.id, l.workspace_id, l.source_workspace_id, l.matched_rule_id, l.duplicate_of INTO v_lead FROM public.leads l
    WHERE l.id = p_lead_id AND l.routing_status = 'routed'
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'none';
    END IF;
    SELECT g.id, g.routing_result, g.destination_workspace_id, g.metadata, g.created_at INTO v_log FROM public.lead_routing_logs g
    WHERE g.lead_id = p_lead_id AND g.routing_result IN ('success', 'fallback', 'returned')
    ORDER BY g.created_at DESC, g.id DESC LIMIT 1;
    IF v_lead.workspace_id IS NOT DISTINCT FROM v_lead.source_workspace_id OR v_log.routing_result IS NULL
        OR v_log.routing_result = 'returned' OR (p_workspace_id IS NOT NULL AND v_lead.workspace_id <> p_workspace_id) THEN
        RETURN CASE WHEN EXISTS (SELECT FROM public.lead_routing_logs g WHERE g.lead_id = p_lead_id AND g.routing_result = 'returned'
            AND (p_workspace_id IS NULL OR g.destination_workspace_id = p_workspace_id)) THEN 'already' ELSE 'none' END;
    END IF;
    -- Locked in the order of the keys, as every transaction locks these rows. The log says which counters were charged
    -- by their place among those the decision looked at: [scope, owner, member, period, amount, beginning of the
    -- window].
    PERFORM FROM jsonb_array_elements(v_log.metadata -> 'charged') p
    CROSS JOIN LATERAL (SELECT v_log.metadata #> ARRAY['state', 'amounts', p #>> '{}']) c (c)
    JOIN switchyard.routing_state s ON s.scope = (c ->> 0)::smallint AND s.owner_id = (c ->> 1)::uuid
        AND s.member_id = coalesce((c ->> 2)::uuid, '00000000-0000-0000-0000-000000000000') AND s.period = (c ->> 3)::smallint
    ORDER BY s.scope, s.owner_id, s.member_id, s.period
    FOR UPDATE OF s;
    UPDATE switchyard.routing_state s SET amount = greatest(s.amount - 1, 0)
    FROM jsonb_array_elements(v_log.metadata -> 'charged') p
    CROSS JOIN LATERAL (SELECT v_log.metadata #> ARRAY['state', 'amounts', p #>> '{}']) c (c)
    WHERE s.scope = (c ->> 0)::smallint AND s.owner_id = (c ->> 1)::uuid
        AND s.member_id = coalesce((c ->> 2)::uuid, '00000000-0000-0000-0000-000000000000') AND s.period = (c ->> 3)::smallint
        AND (extract(epoch FROM s.window_start) * 1000000)::bigint = (c ->> 5)::bigint;
    UPDATE public.lead_attributions a SET returned_at = v_now WHERE a.lead_id = p_lead_id;
    PERFORM set_config('search_path', NULL, true);
    UPDATE public.leads l SET workspace_id = l.source_workspace_id, matched_rule_id = NULL, assignee_id = NULL, updated_at = v_now
    WHERE l.id = p_lead_id;
    PERFORM set_config('search_path', '', true);
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result,
        reason, actor, created_at)
    VALUES (p_lead_id, v_lead.source_workspace_id, v_lead.workspace_id, v_lead.matched_rule_id, 'returned', p_reason, p_actor, v_now);
    RETURN 'returned';
END
$$;
COMMENT ON FUNCTION switchyard.return_lead(uuid, uuid, text, text) IS
    'Takes a lead back from its destination, with its place under the caps and its credit: returned, already, or none.';

-- Assigns a lead again that return_lead has taken back, in this transaction or earlier.
CREATE OR REPLACE FUNCTION switchyard.send_returned_lead(p_lead_id uuid, p_rule_set_version bigint, p_destination uuid, p_rule uuid,
    p_result text, p_reason text, p_assignee uuid, p_log_metadata text, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_source uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM switchyard.rule_set_version v WHERE v.version = p_rule_set_version) THEN
        RETURN false;
    END IF;
    PERFORM set_config('search_path', NULL, true);
    UPDATE public.leads l SET workspace_id = p_destination, matched_rule_id = p_rule, assignee_id = p_assignee, routed_at = v_now,
        updated_at = v_now
    WHERE l.id = p_lead_id AND l.routing_status = 'routed'
    RETURNING l.source_workspace_id INTO v_source;
    PERFORM set_config('search_path', '', true);
    UPDATE public.lead_attributions a SET returned_at = NULL WHERE a.lead_id = p_lead_id AND p_result IN ('success', 'fallback');
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result,
        reason, actor, rule_set_version, metadata, created_at)
    VALUES (p_lead_id, v_source, p_destination, p_rule, p_result, p_reason, p_actor, p_rule_set_version, p_log_metadata::jsonb,
        v_now + interval '1 microsecond');
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.send_returned_lead(uuid, bigint, uuid, uuid, text, text, uuid, text, text) IS
    'Assigns a returned lead again; false if the rules have changed, and then nothing is written.';
