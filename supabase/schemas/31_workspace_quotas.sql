-- Quotas: how much of what routing reads a workspace may store, and how much it may send.

CREATE TABLE switchyard.workspace_quotas (
    workspace_id uuid PRIMARY KEY,
    rules integer CONSTRAINT workspace_quotas_rules_check CHECK (rules >= 0),
    rule_comparisons integer CONSTRAINT workspace_quotas_rule_comparisons_check CHECK (rule_comparisons >= 0),
    comparisons integer CONSTRAINT workspace_quotas_comparisons_check CHECK (comparisons >= 0),
    patterns integer CONSTRAINT workspace_quotas_patterns_check CHECK (patterns >= 0),
    pools integer CONSTRAINT workspace_quotas_pools_check CHECK (pools >= 0),
    golden_leads integer CONSTRAINT workspace_quotas_golden_leads_check CHECK (golden_leads >= 0),
    assignees integer CONSTRAINT workspace_quotas_assignees_check CHECK (assignees >= 0),
    draft_bytes integer CONSTRAINT workspace_quotas_draft_bytes_check CHECK (draft_bytes >= 0),
    requests_per_minute integer CONSTRAINT workspace_quotas_requests_per_minute_check CHECK (requests_per_minute >= 0),
    key_requests_per_minute integer CONSTRAINT workspace_quotas_key_requests_per_minute_check CHECK (key_requests_per_minute >= 0),
    leads_per_day integer CONSTRAINT workspace_quotas_leads_per_day_check CHECK (leads_per_day >= 0)
);
COMMENT ON TABLE switchyard.workspace_quotas IS 'Quotas that differ from the default; NULL: the quota of the installation (workspace 00000000-0000-0000-0000-000000000000), and without one the default of switchyard.quotas_of. The platform has none.';

-- No foreign key: rules may be truncated.
CREATE TABLE switchyard.rule_sizes (
    rule_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    comparisons integer NOT NULL,
    patterns integer NOT NULL,
    has_pool boolean NOT NULL
);
CREATE INDEX rule_sizes_workspace ON switchyard.rule_sizes (workspace_id);
COMMENT ON TABLE switchyard.rule_sizes IS 'The size of each rule of a workspace, written with the rule: a quota is checked without reading all conditions again.';

ALTER TABLE switchyard.workspace_quotas ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_sizes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.workspace_quotas, switchyard.rule_sizes FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.workspace_quotas TO service_role;
GRANT SELECT ON switchyard.rule_sizes TO service_role;
CREATE POLICY switchyard_service ON switchyard.workspace_quotas TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.rule_sizes TO service_role USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION switchyard.quotas_of(p_workspace_id uuid) RETURNS switchyard.workspace_quotas
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT p_workspace_id, coalesce(o.rules, i.rules, 1000), coalesce(o.rule_comparisons, i.rule_comparisons, 1000),
        coalesce(o.comparisons, i.comparisons, 20000), coalesce(o.patterns, i.patterns, 500), coalesce(o.pools, i.pools, 200),
        coalesce(o.golden_leads, i.golden_leads, 500), coalesce(o.assignees, i.assignees, 500),
        coalesce(o.draft_bytes, i.draft_bytes, 4194304), coalesce(o.requests_per_minute, i.requests_per_minute, 120000),
        coalesce(o.key_requests_per_minute, i.key_requests_per_minute, 60000), coalesce(o.leads_per_day, i.leads_per_day, 10000000)
    FROM (SELECT) one
    LEFT JOIN switchyard.workspace_quotas o ON o.workspace_id = p_workspace_id
    LEFT JOIN switchyard.workspace_quotas i ON i.workspace_id = '00000000-0000-0000-0000-000000000000'
$$;
COMMENT ON FUNCTION switchyard.quotas_of(uuid) IS 'The quotas in force for a workspace, none of them NULL.';

CREATE OR REPLACE FUNCTION switchyard.refuse_beyond_quota(p_name text, p_use bigint, p_quota bigint) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RAISE EXCEPTION 'The quota % of this workspace is %, and it would be %.', p_name, p_quota, p_use
        USING ERRCODE = 'program_limit_exceeded', CONSTRAINT = 'quota_' || p_name,
            HINT = 'Delete what is not needed, or ask an administrator for a larger quota.';
END
$$;
COMMENT ON FUNCTION switchyard.refuse_beyond_quota(text, bigint, bigint) IS 'Refuses a statement that exceeds a quota (program_limit_exceeded).';

-- Whether quotas apply to a workspace: not to the platform's.
CREATE OR REPLACE FUNCTION switchyard.has_quotas(p_workspace_id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT p_workspace_id IS NOT NULL AND p_workspace_id <> '00000000-0000-0000-0000-000000000000' AND NOT EXISTS (
        SELECT FROM public.workspaces w WHERE w.id = p_workspace_id AND w.workspace_type = 'platform')
$$;
COMMENT ON FUNCTION switchyard.has_quotas(uuid) IS 'Whether quotas apply to a workspace.';

-- Runs after each statement. Edits of rules run one after the other (switchyard_0_turn), so two that each fit cannot
-- exceed a quota together. A workspace beyond its quota may still change and delete.
CREATE OR REPLACE FUNCTION switchyard.check_rule_quotas() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_owner uuid;
    v_quota switchyard.workspace_quotas;
    v_before record;
    v_after record;
    v_largest integer;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM switchyard.rule_sizes;
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM switchyard.rule_sizes s USING gone g WHERE s.rule_id = g.id;
        RETURN NULL;
    END IF;
    FOR v_owner IN SELECT DISTINCT c.workspace_id FROM came c WHERE c.workspace_id IS NOT NULL LOOP
        SELECT count(*) AS rules, coalesce(sum(s.comparisons), 0) AS comparisons, coalesce(sum(s.patterns), 0) AS patterns,
            count(*) FILTER (WHERE s.has_pool) AS pools
        INTO v_before FROM switchyard.rule_sizes s WHERE s.workspace_id = v_owner;
        WITH written AS (
            INSERT INTO switchyard.rule_sizes AS s (rule_id, workspace_id, comparisons, patterns, has_pool)
            SELECT c.id, c.workspace_id,
                (SELECT count(*) FROM jsonb_path_query(c.conditions, 'strict $.where.** ? (@.type() == "object" && exists(@.op))', '{}', true)),
                (SELECT count(*) FROM jsonb_path_query(c.conditions, 'strict $.where.** ? (@.type() == "object" && @.op == "matches")', '{}', true)),
                jsonb_typeof(c.distribution -> 'pool') IS NOT DISTINCT FROM 'object'
            FROM came c WHERE c.workspace_id = v_owner
            ON CONFLICT (rule_id) DO UPDATE SET workspace_id = excluded.workspace_id, comparisons = excluded.comparisons,
                patterns = excluded.patterns, has_pool = excluded.has_pool
            RETURNING s.comparisons
        )
        SELECT max(w.comparisons) INTO v_largest FROM written w;
        CONTINUE WHEN NOT switchyard.has_quotas(v_owner);
        SELECT count(*) AS rules, coalesce(sum(s.comparisons), 0) AS comparisons, coalesce(sum(s.patterns), 0) AS patterns,
            count(*) FILTER (WHERE s.has_pool) AS pools
        INTO v_after FROM switchyard.rule_sizes s WHERE s.workspace_id = v_owner;
        v_quota := switchyard.quotas_of(v_owner);
        IF v_after.rules > v_quota.rules AND v_after.rules > v_before.rules THEN
            PERFORM switchyard.refuse_beyond_quota('rules', v_after.rules, v_quota.rules);
        ELSIF v_largest > v_quota.rule_comparisons AND v_after.comparisons > v_before.comparisons THEN
            PERFORM switchyard.refuse_beyond_quota('ruleComparisons', v_largest, v_quota.rule_comparisons);
        ELSIF v_after.comparisons > v_quota.comparisons AND v_after.comparisons > v_before.comparisons THEN
            PERFORM switchyard.refuse_beyond_quota('comparisons', v_after.comparisons, v_quota.comparisons);
        ELSIF v_after.patterns > v_quota.patterns AND v_after.patterns > v_before.patterns THEN
            PERFORM switchyard.refuse_beyond_quota('patterns', v_after.patterns, v_quota.patterns);
        ELSIF v_after.pools > v_quota.pools AND v_after.pools > v_before.pools THEN
            PERFORM switchyard.refuse_beyond_quota('pools', v_after.pools, v_quota.pools);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.check_rule_quotas() IS 'Keeps the sizes of rules, and refuses rules beyond the quotas of their workspace.';

CREATE TRIGGER switchyard_quota_insert AFTER INSERT ON public.lead_routing_rules REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_rule_quotas();
CREATE TRIGGER switchyard_quota_update AFTER UPDATE ON public.lead_routing_rules REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_rule_quotas();
CREATE TRIGGER switchyard_quota_delete AFTER DELETE ON public.lead_routing_rules REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_rule_quotas();
CREATE TRIGGER switchyard_quota_truncate AFTER TRUNCATE ON public.lead_routing_rules
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_rule_quotas();

CREATE OR REPLACE FUNCTION switchyard.check_golden_lead_quota() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_owner uuid;
    v_use bigint;
BEGIN
    FOR v_owner IN SELECT DISTINCT c.workspace_id FROM came c WHERE switchyard.has_quotas(c.workspace_id) LOOP
        SELECT count(*) INTO v_use FROM switchyard.golden_leads g WHERE g.workspace_id = v_owner;
        IF v_use > (switchyard.quotas_of(v_owner)).golden_leads THEN
            PERFORM switchyard.refuse_beyond_quota('goldenLeads', v_use, (switchyard.quotas_of(v_owner)).golden_leads);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.check_golden_lead_quota() IS 'Refuses golden leads beyond the quota of their workspace.';
CREATE TRIGGER switchyard_quota_insert AFTER INSERT ON switchyard.golden_leads REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_golden_lead_quota();

CREATE OR REPLACE FUNCTION switchyard.check_assignee_quota() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_owner uuid;
    v_use bigint;
BEGIN
    FOR v_owner IN SELECT DISTINCT c.workspace_id FROM came c WHERE switchyard.has_quotas(c.workspace_id) LOOP
        SELECT count(*) INTO v_use FROM public.workspace_assignees a WHERE a.workspace_id = v_owner;
        IF v_use > (switchyard.quotas_of(v_owner)).assignees THEN
            PERFORM switchyard.refuse_beyond_quota('assignees', v_use, (switchyard.quotas_of(v_owner)).assignees);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.check_assignee_quota() IS 'Refuses people beyond the quota of their workspace.';
CREATE TRIGGER switchyard_quota_insert AFTER INSERT ON public.workspace_assignees REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_assignee_quota();

CREATE OR REPLACE FUNCTION switchyard.check_draft_quota() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_use bigint := octet_length(NEW.document::text);
BEGIN
    IF switchyard.has_quotas(NEW.owner) AND v_use > (switchyard.quotas_of(NEW.owner)).draft_bytes THEN
        PERFORM switchyard.refuse_beyond_quota('draftBytes', v_use, (switchyard.quotas_of(NEW.owner)).draft_bytes);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.check_draft_quota() IS 'Refuses a draft beyond the quota of its workspace; it has one draft.';
CREATE TRIGGER switchyard_quota BEFORE INSERT OR UPDATE ON switchyard.rule_set_drafts
    FOR EACH ROW EXECUTE FUNCTION switchyard.check_draft_quota();
