-- What a member may know of the lead that came before a duplicate.

-- A member may not read leads.duplicate_of, which may be a lead of another workspace; this tells it what it may know.
CREATE OR REPLACE FUNCTION switchyard.visible_duplicate(p_lead_id uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_visible uuid[] := ARRAY(SELECT switchyard.visible_workspaces());
    v_first uuid;
BEGIN
    SELECT l.duplicate_of INTO v_first FROM public.leads l
    WHERE l.id = p_lead_id AND (l.workspace_id = ANY (v_visible) OR l.source_workspace_id = ANY (v_visible));
    IF v_first IS NULL OR EXISTS (SELECT FROM public.leads l
        WHERE l.id = v_first AND (l.workspace_id = ANY (v_visible) OR l.source_workspace_id = ANY (v_visible))) THEN
        RETURN v_first;
    END IF;
    RETURN '00000000-0000-0000-0000-000000000000';
END
$$;
COMMENT ON FUNCTION switchyard.visible_duplicate(uuid) IS
    'The lead that came before this duplicate; 00000000-0000-0000-0000-000000000000 for one that the reader may not see, NULL if this is no duplicate.';
