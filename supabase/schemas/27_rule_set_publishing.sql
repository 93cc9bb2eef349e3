-- Drafts, publishing a rule set in one step, and returning to an earlier version.

CREATE TABLE switchyard.rule_set_drafts (
    owner uuid PRIMARY KEY,
    document jsonb NOT NULL,
    based_on bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_by text NOT NULL
);
COMMENT ON TABLE switchyard.rule_set_drafts IS 'Rule sets that are being edited, one for each owner; 00000000-0000-0000-0000-000000000000 stands for the platform.';
COMMENT ON COLUMN switchyard.rule_set_drafts.based_on IS 'The version of the rules that the draft was made from; if the rules have changed since, it cannot be published.';

ALTER TABLE switchyard.rule_set_drafts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_set_drafts FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.rule_set_drafts TO service_role, authenticated;
CREATE POLICY switchyard_service ON switchyard.rule_set_drafts TO service_role USING (true) WITH CHECK (true);
-- An API key edits the draft of its workspace.
CREATE POLICY switchyard_owner ON switchyard.rule_set_drafts TO authenticated
    USING (owner = (SELECT switchyard.acting_workspace())) WITH CHECK (owner = (SELECT switchyard.acting_workspace()));

-- p_rows are objects with a value for each column. A column that a row does not name keeps its value, or gets its
-- default in a new rule. The columns are read from the catalogue, so that columns of later migrations and of the
-- installation are restored as well.
CREATE OR REPLACE FUNCTION switchyard.replace_rules(p_owner uuid, p_rows jsonb)
RETURNS TABLE (added integer, changed integer, removed integer)
LANGUAGE plpgsql SET search_path = '' SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
    v_sets text;
    v_columns text;
    v_added integer := 0;
    v_changed integer;
    v_removed integer;
    v_kept uuid[];
BEGIN
    PERFORM FROM switchyard.rule_set_version FOR UPDATE;
    IF EXISTS (SELECT FROM jsonb_array_elements(p_rows) e JOIN public.lead_routing_rules r ON r.id = (e.value ->> 'id')::uuid
        WHERE r.workspace_id IS DISTINCT FROM p_owner) THEN
        RAISE EXCEPTION 'A rule of another owner has this id.' USING ERRCODE = 'unique_violation',
            CONSTRAINT = 'lead_routing_rules_pkey';
    END IF;

    SELECT array_agg((e.value ->> 'id')::uuid) INTO v_kept FROM jsonb_array_elements(p_rows) e;
    PERFORM set_config('search_path', NULL, true);
    DELETE FROM public.lead_routing_rules r
    WHERE r.workspace_id IS NOT DISTINCT FROM p_owner AND (r.id = ANY (v_kept)) IS NOT TRUE;
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    PERFORM set_config('search_path', '', true);

    SELECT string_agg(format('%1$I = %2$s', a.attname,
        CASE WHEN a.attname = 'updated_at' THEN 'now()' ELSE format('n.%I', a.attname) END), ', ' ORDER BY a.attnum)
    INTO v_sets FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'public.lead_routing_rules'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND a.attidentity = '' AND a.attname NOT IN ('id', 'workspace_id');
    v_sets := format($q$
        WITH n AS MATERIALIZED (
            SELECT p.* FROM pg_catalog.jsonb_array_elements($1) e
            JOIN public.lead_routing_rules r ON r.id = (e.value OPERATOR(pg_catalog.->>) 'id')::uuid
            CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(r, e.value) p
            WHERE pg_catalog.to_jsonb(p) OPERATOR(pg_catalog.-) 'updated_at'
                IS DISTINCT FROM pg_catalog.to_jsonb(r) OPERATOR(pg_catalog.-) 'updated_at'
        )
        UPDATE public.lead_routing_rules r SET %s FROM n WHERE n.id = r.id
        $q$, v_sets);
    PERFORM set_config('search_path', NULL, true);
    EXECUTE v_sets USING p_rows;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM set_config('search_path', '', true);

    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), string_agg(format('n.%I', a.attname), ', ' ORDER BY a.attnum)
    INTO v_columns, v_sets FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'public.lead_routing_rules'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND (a.attname IN ('workspace_id', 'created_at', 'updated_at') OR a.attname IN (
            SELECT k FROM jsonb_array_elements(p_rows) e CROSS JOIN jsonb_object_keys(e.value) k));
    -- New rules get a later created_at than all others, in the order of the document.
    SELECT coalesce(jsonb_agg(jsonb_build_object('created_at', now() + e.ord * interval '1 microsecond') || e.value
        || jsonb_build_object('workspace_id', p_owner, 'updated_at', now()) ORDER BY e.ord), '[]')
    INTO p_rows FROM jsonb_array_elements(p_rows) WITH ORDINALITY e (value, ord);
    v_sets := format($q$
        INSERT INTO public.lead_routing_rules (%s)
        SELECT %s FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY e (value, ord)
        CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::public.lead_routing_rules, e.value) n
        WHERE NOT EXISTS (SELECT FROM public.lead_routing_rules r WHERE r.id = n.id)
        ORDER BY e.ord
        $q$, v_columns, v_sets);
    PERFORM set_config('search_path', NULL, true);
    EXECUTE v_sets USING p_rows;
    GET DIAGNOSTICS v_added = ROW_COUNT;
    PERFORM set_config('search_path', '', true);
    RETURN QUERY SELECT v_added, v_changed, v_removed;
END
$$;
COMMENT ON FUNCTION switchyard.replace_rules(uuid, jsonb) IS
    'Replaces all rules of an owner (NULL: the platform) in one version; a rule that exists already keeps the columns that its row does not name.';

-- p_contents holds everything but the ids; the position of a golden lead is its place in the document.
CREATE OR REPLACE FUNCTION switchyard.replace_golden_leads(p_owner uuid, p_ids uuid[], p_contents jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_count integer;
    v_changed integer;
BEGIN
    DELETE FROM switchyard.golden_leads g WHERE g.workspace_id IS NOT DISTINCT FROM p_owner AND g.id <> ALL (p_ids);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    INSERT INTO switchyard.golden_leads AS g (id, workspace_id, position, content)
    SELECT u.id, p_owner, u.ord, p_contents -> (u.ord - 1)::integer FROM unnest(p_ids) WITH ORDINALITY u (id, ord)
    ON CONFLICT (id) DO UPDATE SET position = excluded.position, content = excluded.content, updated_at = now()
        WHERE g.workspace_id IS NOT DISTINCT FROM p_owner
            AND (g.position, g.content) IS DISTINCT FROM (excluded.position, excluded.content);
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    RETURN v_count + v_changed;
END
$$;
COMMENT ON FUNCTION switchyard.replace_golden_leads(uuid, uuid[], jsonb) IS
    'Replaces all golden leads of an owner; returns how many were added, changed or removed.';

-- Restores rules and golden leads with their ids and creation times, so that rules are tried in the order of that
-- version.
CREATE OR REPLACE FUNCTION switchyard.return_rule_set(p_owner uuid, p_version bigint)
RETURNS TABLE (version bigint, added integer, changed integer, removed integer)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
DECLARE
    v_owner uuid := coalesce(p_owner, '00000000-0000-0000-0000-000000000000');
    v_rules jsonb;
    v_ids uuid[];
    v_golden jsonb;
    v_added integer;
    v_changed integer;
    v_removed integer;
BEGIN
    PERFORM FROM switchyard.rule_set_version FOR UPDATE;
    IF p_version < (SELECT min(s.version) FROM switchyard.rule_set_versions s)
        OR p_version > (SELECT r.version FROM switchyard.rule_set_version r) THEN
        RAISE EXCEPTION 'There is no record of version %.', p_version USING ERRCODE = 'no_data_found';
    END IF;
    SELECT coalesce(jsonb_agg(h.content ORDER BY h.row_key), '[]') INTO v_rules FROM switchyard.rule_set_history h
    WHERE h.owner = v_owner AND h.table_name = 'public.lead_routing_rules' AND h.valid_from <= p_version AND h.valid_to > p_version;
    SELECT coalesce(array_agg((h.content ->> 'id')::uuid ORDER BY (h.content ->> 'position')::integer), '{}'),
        coalesce(jsonb_agg(h.content -> 'content' ORDER BY (h.content ->> 'position')::integer), '[]')
    INTO v_ids, v_golden FROM switchyard.rule_set_history h
    WHERE h.owner = v_owner AND h.table_name = 'switchyard.golden_leads' AND h.valid_from <= p_version AND h.valid_to > p_version;
    SELECT r.added, r.changed, r.removed INTO v_added, v_changed, v_removed FROM switchyard.replace_rules(p_owner, v_rules) r;
    PERFORM switchyard.replace_golden_leads(p_owner, v_ids, v_golden);
    RETURN QUERY SELECT r.version, v_added, v_changed, v_removed FROM switchyard.rule_set_version r;
END
$$;
COMMENT ON FUNCTION switchyard.return_rule_set(uuid, bigint) IS
    'Makes a new version in which an owner''s rules and golden leads are what they were in an earlier one.';
