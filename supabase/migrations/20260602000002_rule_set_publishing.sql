-- Rule sets as a whole: drafts, golden leads, publishing in one step, and returning to what was. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.rule_set_history') IS NULL THEN
        RAISE EXCEPTION 'The history of rule sets is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260602000001_rule_set_history.sql first.';
    END IF;
END
$$;

-- 1. Tables --------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS switchyard.golden_leads (
    id uuid PRIMARY KEY,
    workspace_id uuid CONSTRAINT golden_leads_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    position integer NOT NULL,
    content jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS golden_leads_workspace ON switchyard.golden_leads (workspace_id);
COMMENT ON TABLE switchyard.golden_leads IS 'Examples that are kept with a rule set, with where they have to go; a publication that sends one elsewhere is refused. Made-up people only.';
COMMENT ON COLUMN switchyard.golden_leads.workspace_id IS 'Whose rules it is an example for; NULL: the platform''s.';

CREATE TABLE IF NOT EXISTS switchyard.rule_set_drafts (
    owner uuid PRIMARY KEY,
    document jsonb NOT NULL,
    based_on bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_by text NOT NULL
);
COMMENT ON TABLE switchyard.rule_set_drafts IS 'Rule sets that are being worked on, one for each owner; 00000000-0000-0000-0000-000000000000 stands for the platform.';
COMMENT ON COLUMN switchyard.rule_set_drafts.based_on IS 'The version of the rules that it was made from: if they have moved since, it is not published.';

CREATE INDEX IF NOT EXISTS rule_set_history_began ON switchyard.rule_set_history (owner, valid_from) WHERE owner IS NOT NULL;

DO $$
BEGIN
    PERFORM switchyard.keep_rule_set_history('switchyard.golden_leads', ARRAY['id'], 'workspace_id');
    PERFORM switchyard.mend_rule_set_history();
END
$$;

-- 2. Publishing ----------------------------------------------------------------------------------------------------

-- Rows are objects by column; a column that a row does not name stays as it is, or gets its default in a new rule. The
-- columns are looked up, so that those of other migrations, and an installation's own, come along when a version is
-- brought back.
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
BEGIN
    PERFORM FROM switchyard.rule_set_version FOR UPDATE;
    IF EXISTS (SELECT FROM jsonb_array_elements(p_rows) e JOIN public.lead_routing_rules r ON r.id = (e.value ->> 'id')::uuid
        WHERE r.workspace_id IS DISTINCT FROM p_owner) THEN
        RAISE EXCEPTION 'A rule of another owner has this id.' USING ERRCODE = 'unique_violation',
            CONSTRAINT = 'lead_routing_rules_pkey';
    END IF;

    DELETE FROM public.lead_routing_rules r
    WHERE r.workspace_id IS NOT DISTINCT FROM p_owner
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(p_rows) e WHERE (e.value ->> 'id')::uuid = r.id);
    GET DIAGNOSTICS v_removed = ROW_COUNT;

    SELECT string_agg(format('%1$I = %2$s', a.attname,
        CASE WHEN a.attname = 'updated_at' THEN 'now()' ELSE format('n.%I', a.attname) END), ', ' ORDER BY a.attnum)
    INTO v_sets FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'public.lead_routing_rules'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND a.attidentity = '' AND a.attname NOT IN ('id', 'workspace_id');
    EXECUTE format($q$
        WITH n AS MATERIALIZED (
            SELECT p.* FROM jsonb_array_elements($1) e
            JOIN public.lead_routing_rules r ON r.id = (e.value ->> 'id')::uuid
            CROSS JOIN LATERAL jsonb_populate_record(r, e.value) p
            WHERE to_jsonb(p) - 'updated_at' IS DISTINCT FROM to_jsonb(r) - 'updated_at'
        )
        UPDATE public.lead_routing_rules r SET %s FROM n WHERE n.id = r.id
        $q$, v_sets) USING p_rows;
    GET DIAGNOSTICS v_changed = ROW_COUNT;

    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), string_agg(format('n.%I', a.attname), ', ' ORDER BY a.attnum)
    INTO v_columns, v_sets FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'public.lead_routing_rules'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND (a.attname IN ('workspace_id', 'created_at', 'updated_at') OR a.attname IN (
            SELECT k FROM jsonb_array_elements(p_rows) e CROSS JOIN jsonb_object_keys(e.value) k));
    -- Those that are new are younger than all others, and of each other in the order in which they are written.
    EXECUTE format($q$
        INSERT INTO public.lead_routing_rules (%s)
        SELECT %s FROM jsonb_array_elements($1) WITH ORDINALITY e (value, ord)
        CROSS JOIN LATERAL jsonb_populate_record(NULL::public.lead_routing_rules, jsonb_build_object('created_at',
            now() + e.ord * interval '1 microsecond') || e.value || jsonb_build_object('workspace_id', $2, 'updated_at', now())) n
        WHERE NOT EXISTS (SELECT FROM public.lead_routing_rules r WHERE r.id = n.id)
        $q$, v_columns, v_sets) USING p_rows, p_owner;
    GET DIAGNOSTICS v_added = ROW_COUNT;
    RETURN QUERY SELECT v_added, v_changed, v_removed;
END
$$;
COMMENT ON FUNCTION switchyard.replace_rules(uuid, jsonb) IS 'Has an owner (NULL: the platform) have these rules and no others, in one version; rules that are there already keep what their row does not name.';

-- content is everything but id; positions are the order of the document.
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
COMMENT ON FUNCTION switchyard.replace_golden_leads(uuid, uuid[], jsonb) IS 'Has an owner have these golden leads and no others; returns how many are new, changed or gone.';

-- An owner's rules and golden leads as they stood, with their ids and the times they were made, so that rules are tried in
-- the order in which they were then.
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
        RAISE EXCEPTION 'There is no record of that version.' USING ERRCODE = 'no_data_found';
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
COMMENT ON FUNCTION switchyard.return_rule_set(uuid, bigint) IS 'Makes a new version in which an owner''s rules and golden leads are what they were in an earlier one.';

-- 3. Who may see and do what ---------------------------------------------------------------------------------------

ALTER TABLE switchyard.golden_leads ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_set_drafts ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.golden_leads, switchyard.rule_set_drafts FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.golden_leads, switchyard.rule_set_drafts TO service_role;
GRANT SELECT ON switchyard.golden_leads TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.rule_set_drafts TO authenticated;

DO $$
DECLARE
    v_table text;
    v_function regprocedure;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['golden_leads', 'rule_set_drafts'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS switchyard_service ON switchyard.%s', v_table);
        EXECUTE format('CREATE POLICY switchyard_service ON switchyard.%s TO service_role USING (true) WITH CHECK (true)', v_table);
    END LOOP;
    DROP POLICY IF EXISTS switchyard_members ON switchyard.golden_leads;
    CREATE POLICY switchyard_members ON switchyard.golden_leads FOR SELECT TO authenticated
        USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
    -- An API key works on the draft of its workspace.
    DROP POLICY IF EXISTS switchyard_owner ON switchyard.rule_set_drafts;
    CREATE POLICY switchyard_owner ON switchyard.rule_set_drafts TO authenticated
        USING (owner = (SELECT switchyard.acting_workspace())) WITH CHECK (owner = (SELECT switchyard.acting_workspace()));
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('replace_rules', 'replace_golden_leads', 'return_rule_set')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
