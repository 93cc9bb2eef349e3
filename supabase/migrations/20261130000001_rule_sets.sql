-- Rule sets: agreements, rules, people and pauses with their versions and history, publishing, and automatic rollback.
-- Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Writers queue behind a lock that this file waits for, so it waits a second at most.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('public.lead_identity_claims') IS NULL THEN
        RAISE EXCEPTION 'The lead routing migration is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260131000001_lead_routing_fixes.sql first.';
    END IF;
END
$$;

-- 1. Versions -------------------------------------------------------------------------------------------------------

-- The version of the rule set: raised by every change of what routing reads, so that decisions made under old rules are refused.

-- changed_by is the transaction that raised the version last: one transaction, one version. Transaction ids start again in a restored
-- database, so changed_at is compared as well.
CREATE TABLE IF NOT EXISTS switchyard.rule_set_version (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT rule_set_version_singleton_check CHECK (singleton),
    version bigint NOT NULL,
    changed_by xid8,
    changed_at timestamptz
);
COMMENT ON TABLE switchyard.rule_set_version IS 'One row; its number rises with every change of rules, agreements, or what routing reads of workspaces.';
INSERT INTO switchyard.rule_set_version (version) VALUES (1) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS switchyard.rule_set_versions (
    version bigint PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL
        CONSTRAINT rule_set_versions_action_check CHECK (action IN ('edit', 'publish', 'return', 'auto-rollback', 'sql')),
    owners uuid[] NOT NULL DEFAULT '{}',
    note text,
    changes_other boolean NOT NULL DEFAULT true
);
CREATE INDEX IF NOT EXISTS rule_set_versions_owners ON switchyard.rule_set_versions USING gin (owners);
-- For failing_publications, which asks for publications of the last hour.
CREATE INDEX IF NOT EXISTS rule_set_versions_published ON switchyard.rule_set_versions (changed_at) WHERE action = 'publish';
COMMENT ON TABLE switchyard.rule_set_versions IS 'The author, the time and the kind of change of each version of the rule set.';
COMMENT ON COLUMN switchyard.rule_set_versions.changes_other IS 'Whether more than rules changed: a node then reads everything again, and otherwise the rules of the owners only.';
COMMENT ON COLUMN switchyard.rule_set_versions.owners IS 'The owners whose rules changed; 00000000-0000-0000-0000-000000000000 stands for the platform. Empty: pauses, agreements or workspaces changed.';

ALTER TABLE switchyard.rule_set_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_set_versions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_set_version, switchyard.rule_set_versions FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.rule_set_version TO service_role;
GRANT SELECT ON switchyard.rule_set_versions TO service_role, authenticated;
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_set_version;
CREATE POLICY switchyard_service ON switchyard.rule_set_version TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_set_versions;
CREATE POLICY switchyard_service ON switchyard.rule_set_versions TO service_role USING (true) WITH CHECK (true);
-- A workspace sees the history of its own rules.
DROP POLICY IF EXISTS switchyard_members ON switchyard.rule_set_versions;
CREATE POLICY switchyard_members ON switchyard.rule_set_versions FOR SELECT TO authenticated
    USING (owners && ARRAY(SELECT switchyard.visible_workspaces()));

CREATE OR REPLACE FUNCTION switchyard.current_rule_set_version() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
BEGIN
    RETURN (SELECT v.version FROM switchyard.rule_set_version v);
END
$$;
COMMENT ON FUNCTION switchyard.current_rule_set_version() IS 'The version of the rules that are in force.';

-- The row of the version stays locked until the transaction ends, so versions are numbered in the order of their
-- commits.
CREATE OR REPLACE FUNCTION switchyard.next_rule_set_version(p_owners uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_version bigint;
    v_actor text := nullif(current_setting('switchyard.actor', true), '');
BEGIN
    UPDATE switchyard.rule_set_version r SET version = r.version + 1, changed_by = pg_current_xact_id(), changed_at = now()
    WHERE r.changed_by IS DISTINCT FROM pg_current_xact_id() OR r.changed_at IS DISTINCT FROM now()
    RETURNING r.version INTO v_version;
    IF FOUND THEN
        INSERT INTO switchyard.rule_set_versions (version, actor, action, owners, changes_other, note)
        VALUES (v_version, coalesce(v_actor, session_user),
            coalesce(nullif(current_setting('switchyard.action', true), ''), CASE WHEN v_actor IS NULL THEN 'sql' ELSE 'edit' END),
            p_owners, p_owners = '{}', nullif(current_setting('switchyard.note', true), ''));
        RETURN v_version;
    END IF;
    SELECT r.version INTO v_version FROM switchyard.rule_set_version r;
    UPDATE switchyard.rule_set_versions s SET owners = s.owners || ARRAY(SELECT unnest(p_owners) EXCEPT SELECT unnest(s.owners)),
        changes_other = s.changes_other OR p_owners = '{}'
    WHERE s.version = v_version AND NOT (s.owners @> p_owners AND (s.changes_other OR p_owners <> '{}'));
    RETURN v_version;
END
$$;
COMMENT ON FUNCTION switchyard.next_rule_set_version(uuid[]) IS
    'The version that this transaction makes: a new one at its first change, and the same one after that. The settings switchyard.actor, switchyard.action and switchyard.note of the transaction say who made it; without them it is the session''s user.';

-- Runs before the rows are changed, so that two concurrent edits wait for each other here and cannot deadlock on each
-- other's rows.
CREATE OR REPLACE FUNCTION switchyard.lock_rule_set_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    PERFORM FROM switchyard.rule_set_version FOR UPDATE;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.lock_rule_set_version() IS 'Makes edits of the rule set run one after the other.';

-- Tables with a history raise the version themselves, and only when something has changed; this trigger serves the
-- others.
CREATE OR REPLACE FUNCTION switchyard.bump_rule_set_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = TG_RELID AND t.tgname = 'switchyard_history_truncate'
        AND t.tgenabled <> 'D') THEN
        PERFORM switchyard.next_rule_set_version('{}');
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.bump_rule_set_version() IS
    'Raises the version of the rule set, so that decisions made under the old rules are refused as stale.';

CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF id, name, workspace_type, is_active,
    routing_paused_at, routing_suspended_at, routing_suspended_reason, unmatched_policy, fallback_workspace_id, deleted_at, capacity
    ON public.workspaces
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

-- 2. Agreements -----------------------------------------------------------------------------------------------------

-- Which workspace has agreed to receive leads from which other.

CREATE TABLE IF NOT EXISTS public.routing_agreements (
    receiving_workspace_id uuid NOT NULL
        CONSTRAINT routing_agreements_receiving_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    sending_workspace_id uuid NOT NULL
        CONSTRAINT routing_agreements_sending_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (receiving_workspace_id, sending_workspace_id)
);
CREATE INDEX IF NOT EXISTS routing_agreements_sending ON public.routing_agreements (sending_workspace_id);
COMMENT ON TABLE public.routing_agreements IS 'Which workspace has agreed to receive leads from which other; the receiver decides.';

CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.routing_agreements
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

ALTER TABLE public.routing_agreements ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.routing_agreements FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.routing_agreements TO service_role;
GRANT SELECT, INSERT, DELETE ON public.routing_agreements TO authenticated;
DROP POLICY IF EXISTS switchyard_service ON public.routing_agreements;
CREATE POLICY switchyard_service ON public.routing_agreements TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON public.routing_agreements;
CREATE POLICY switchyard_members ON public.routing_agreements FOR SELECT TO authenticated
    USING (receiving_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))
        OR sending_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
-- Only the receiver makes and ends an agreement, by its API key.
DROP POLICY IF EXISTS switchyard_receiver_agrees ON public.routing_agreements;
CREATE POLICY switchyard_receiver_agrees ON public.routing_agreements FOR INSERT TO authenticated
    WITH CHECK (receiving_workspace_id = (SELECT switchyard.acting_workspace()));
DROP POLICY IF EXISTS switchyard_receiver_ends ON public.routing_agreements;
CREATE POLICY switchyard_receiver_ends ON public.routing_agreements FOR DELETE TO authenticated
    USING (receiving_workspace_id = (SELECT switchyard.acting_workspace()));

-- 3. Rules ----------------------------------------------------------------------------------------------------------

-- The triggers and policies of rules; their table is the base schema's.

CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.lead_routing_rules
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

-- An installation whose table has row-level security off keeps it off.
DO $$
BEGIN
    IF NOT (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.lead_routing_rules'::regclass) THEN
        RETURN;
    END IF;
    GRANT INSERT, UPDATE, DELETE ON public.lead_routing_rules TO authenticated;
    -- An API key writes the rules of its workspace, and only rules to destinations that have agreed.
    DROP POLICY IF EXISTS switchyard_owner_adds ON public.lead_routing_rules;
    CREATE POLICY switchyard_owner_adds ON public.lead_routing_rules FOR INSERT TO authenticated
        WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace())
            AND (destination_workspace_id = workspace_id OR EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id = destination_workspace_id AND a.sending_workspace_id = workspace_id)));
    DROP POLICY IF EXISTS switchyard_owner_changes ON public.lead_routing_rules;
    CREATE POLICY switchyard_owner_changes ON public.lead_routing_rules FOR UPDATE TO authenticated
        USING (workspace_id = (SELECT switchyard.acting_workspace()))
        WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace())
            AND (destination_workspace_id = workspace_id OR EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id = destination_workspace_id AND a.sending_workspace_id = workspace_id)));
    DROP POLICY IF EXISTS switchyard_owner_removes ON public.lead_routing_rules;
    CREATE POLICY switchyard_owner_removes ON public.lead_routing_rules FOR DELETE TO authenticated
        USING (workspace_id = (SELECT switchyard.acting_workspace()));
    -- Every member of a pool must have agreed, too.
    DROP POLICY IF EXISTS switchyard_pool_adds ON public.lead_routing_rules;
    CREATE POLICY switchyard_pool_adds ON public.lead_routing_rules AS RESTRICTIVE FOR INSERT TO authenticated
        WITH CHECK (NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(distribution #> '{pool,members}') WHEN 'array'
                THEN distribution #> '{pool,members}' ELSE '[]' END) m
            WHERE lower(m ->> 'workspaceId') IS DISTINCT FROM workspace_id::text AND NOT EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id::text = lower(m ->> 'workspaceId') AND a.sending_workspace_id = workspace_id)));
    DROP POLICY IF EXISTS switchyard_pool_changes ON public.lead_routing_rules;
    CREATE POLICY switchyard_pool_changes ON public.lead_routing_rules AS RESTRICTIVE FOR UPDATE TO authenticated
        USING (true)
        WITH CHECK (NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(distribution #> '{pool,members}') WHEN 'array'
                THEN distribution #> '{pool,members}' ELSE '[]' END) m
            WHERE lower(m ->> 'workspaceId') IS DISTINCT FROM workspace_id::text AND NOT EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id::text = lower(m ->> 'workspaceId') AND a.sending_workspace_id = workspace_id)));
END
$$;

-- 4. Capacity of workspaces -----------------------------------------------------------------------------------------

-- A time zone unknown to PostgreSQL would make every batch fail that asks for the workspace's local day.
CREATE OR REPLACE FUNCTION switchyard.check_capacity() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM now() AT TIME ZONE coalesce(NEW.capacity ->> 'timeZone', 'UTC');
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.check_capacity() IS 'Refuses a capacity whose time zone does not exist (22023).';

CREATE OR REPLACE TRIGGER switchyard_capacity BEFORE INSERT OR UPDATE OF capacity ON public.workspaces
    FOR EACH ROW WHEN (NEW.capacity IS NOT NULL) EXECUTE FUNCTION switchyard.check_capacity();

-- 5. People ---------------------------------------------------------------------------------------------------------

-- The people of a workspace to whom its leads are given in turn.

CREATE TABLE IF NOT EXISTS public.workspace_assignees (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL
        CONSTRAINT workspace_assignees_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT workspace_assignees_name_check CHECK (octet_length(name) BETWEEN 1 AND 200),
    user_id uuid,
    weight integer NOT NULL DEFAULT 1 CONSTRAINT workspace_assignees_weight_check CHECK (weight BETWEEN 1 AND 1000),
    caps jsonb NOT NULL DEFAULT '[]',
    absent_from timestamptz,
    absent_until timestamptz,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz,
    CONSTRAINT workspace_assignees_absence_check CHECK (absent_from < absent_until)
);
CREATE INDEX IF NOT EXISTS workspace_assignees_workspace ON public.workspace_assignees (workspace_id);
COMMENT ON TABLE public.workspace_assignees IS 'The people to whom the leads of a workspace are given, in turns by weight, among those present and below their caps.';

CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.workspace_assignees
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

ALTER TABLE public.workspace_assignees ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.workspace_assignees FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.workspace_assignees TO service_role, authenticated;
DROP POLICY IF EXISTS switchyard_service ON public.workspace_assignees;
CREATE POLICY switchyard_service ON public.workspace_assignees TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON public.workspace_assignees;
CREATE POLICY switchyard_members ON public.workspace_assignees FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
-- Written by the API key of the workspace.
DROP POLICY IF EXISTS switchyard_owner_adds ON public.workspace_assignees;
CREATE POLICY switchyard_owner_adds ON public.workspace_assignees FOR INSERT TO authenticated
    WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace()));
DROP POLICY IF EXISTS switchyard_owner_changes ON public.workspace_assignees;
CREATE POLICY switchyard_owner_changes ON public.workspace_assignees FOR UPDATE TO authenticated
    USING (workspace_id = (SELECT switchyard.acting_workspace())) WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace()));
DROP POLICY IF EXISTS switchyard_owner_removes ON public.workspace_assignees;
CREATE POLICY switchyard_owner_removes ON public.workspace_assignees FOR DELETE TO authenticated
    USING (workspace_id = (SELECT switchyard.acting_workspace()));

-- 6. Pauses ---------------------------------------------------------------------------------------------------------

-- Pauses of routing, for one source workspace or for all, and the log of what operators did.

CREATE TABLE IF NOT EXISTS switchyard.routing_pauses (
    workspace_id uuid PRIMARY KEY,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_by text NOT NULL,
    reason text
);
COMMENT ON TABLE switchyard.routing_pauses IS 'Source workspaces whose leads wait undecided; the workspace 00000000-0000-0000-0000-000000000000 stands for all of them.';

-- A pause is part of the rule set: a batch that was decided before it is refused as stale, and decided again.
CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON switchyard.routing_pauses
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

CREATE TABLE IF NOT EXISTS switchyard.operator_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL CONSTRAINT operator_log_action_check
        CHECK (action IN ('auto-rollback', 'pause', 'resume', 'suspend', 'lift', 'create-key', 'roll-key', 'revoke-key')),
    workspace_id uuid NOT NULL,
    reason text,
    subject_id uuid,
    details jsonb
);
COMMENT ON TABLE switchyard.operator_log IS 'What operators did to routing, workspaces and keys, and who; append-only. Workspace 00000000-0000-0000-0000-000000000000: all of them, or none.';
COMMENT ON COLUMN switchyard.operator_log.subject_id IS 'The API key that was created, rolled or revoked.';

CREATE OR REPLACE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON switchyard.operator_log
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.operator_log
    EXECUTE FUNCTION switchyard.refuse_log_change();

ALTER TABLE switchyard.routing_pauses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.operator_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_pauses, switchyard.operator_log FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_pauses TO service_role;
GRANT SELECT, INSERT ON switchyard.operator_log TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.routing_pauses;
CREATE POLICY switchyard_service ON switchyard.routing_pauses TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.operator_log;
CREATE POLICY switchyard_service ON switchyard.operator_log TO service_role USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION switchyard.pause_routing(p_workspace_id uuid, p_actor text, p_reason text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_workspace uuid := coalesce(p_workspace_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    IF p_workspace_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = p_workspace_id AND w.deleted_at IS NULL) THEN
        RAISE EXCEPTION 'The workspace % does not exist or is closed.', p_workspace_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO switchyard.routing_pauses (workspace_id, paused_by, reason) VALUES (v_workspace, p_actor, p_reason)
    ON CONFLICT (workspace_id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO switchyard.operator_log (actor, action, workspace_id, reason) VALUES (p_actor, 'pause', v_workspace, p_reason);
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.pause_routing(uuid, text, text) IS
    'Stops routing of leads from this source (NULL: of all): they are accepted and wait. False if routing was paused already.';

CREATE OR REPLACE FUNCTION switchyard.resume_routing(p_workspace_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_workspace uuid := coalesce(p_workspace_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    DELETE FROM switchyard.routing_pauses p WHERE p.workspace_id = v_workspace;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO switchyard.operator_log (actor, action, workspace_id) VALUES (p_actor, 'resume', v_workspace);
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.resume_routing(uuid, text) IS
    'Ends a pause; waiting leads are routed, oldest due first. False if there was no pause.';

-- 7. Golden leads ---------------------------------------------------------------------------------------------------

-- Golden leads: examples that a publication of rules must satisfy.

CREATE TABLE IF NOT EXISTS switchyard.golden_leads (
    id uuid PRIMARY KEY,
    workspace_id uuid CONSTRAINT golden_leads_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    position integer NOT NULL,
    content jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS golden_leads_workspace ON switchyard.golden_leads (workspace_id);
COMMENT ON TABLE switchyard.golden_leads IS 'Examples that are kept with a rule set, with their expected destination; a publication that sends one elsewhere is refused. Use invented people only.';
COMMENT ON COLUMN switchyard.golden_leads.workspace_id IS 'The owner of the rules; NULL: the platform.';

ALTER TABLE switchyard.golden_leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.golden_leads FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.golden_leads TO service_role;
GRANT SELECT ON switchyard.golden_leads TO authenticated;
DROP POLICY IF EXISTS switchyard_service ON switchyard.golden_leads;
CREATE POLICY switchyard_service ON switchyard.golden_leads TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON switchyard.golden_leads;
CREATE POLICY switchyard_members ON switchyard.golden_leads FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

-- 8. History --------------------------------------------------------------------------------------------------------

-- The history of the rule set: every version of what routing reads can be restored. It costs something when rules are edited, and
-- nothing when leads are routed.

CREATE TABLE IF NOT EXISTS switchyard.rule_set_history (
    table_name text NOT NULL,
    row_key text NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint NOT NULL DEFAULT 9223372036854775807,
    owner uuid,
    content jsonb NOT NULL,
    PRIMARY KEY (table_name, row_key, valid_from)
);
CREATE INDEX IF NOT EXISTS rule_set_history_valid ON switchyard.rule_set_history (table_name, valid_to);
CREATE INDEX IF NOT EXISTS rule_set_history_owner ON switchyard.rule_set_history (owner, table_name, valid_to) WHERE owner IS NOT NULL;
CREATE INDEX IF NOT EXISTS rule_set_history_began ON switchyard.rule_set_history (owner, valid_from) WHERE owner IS NOT NULL;
COMMENT ON TABLE switchyard.rule_set_history IS 'What routing reads, row by row: content was in table_name from version valid_from up to, not including, valid_to (9223372036854775807: until now).';
COMMENT ON COLUMN switchyard.rule_set_history.owner IS 'The owner of a rule; 00000000-0000-0000-0000-000000000000 stands for the platform. NULL for other tables.';

CREATE TABLE IF NOT EXISTS switchyard.rule_set_tables (
    table_name text PRIMARY KEY,
    key_columns text[] NOT NULL,
    owner_column text,
    columns text[]
);
COMMENT ON TABLE switchyard.rule_set_tables IS 'The tables whose history is kept; columns NULL: every column matters except updated_at.';

ALTER TABLE switchyard.rule_set_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_set_tables ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_set_history, switchyard.rule_set_tables FROM PUBLIC, anon, authenticated;
GRANT SELECT ON switchyard.rule_set_history, switchyard.rule_set_tables TO service_role;
GRANT SELECT ON switchyard.rule_set_history TO authenticated;
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_set_history;
CREATE POLICY switchyard_service ON switchyard.rule_set_history TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_set_tables;
CREATE POLICY switchyard_service ON switchyard.rule_set_tables TO service_role USING (true) WITH CHECK (true);
-- A workspace sees the history of its own rules.
DROP POLICY IF EXISTS switchyard_members ON switchyard.rule_set_history;
CREATE POLICY switchyard_members ON switchyard.rule_set_history FOR SELECT TO authenticated
    USING (owner = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

CREATE OR REPLACE FUNCTION switchyard.write_rule_set_history(p_table text, p_owner_column text, p_keys text[], p_contents jsonb[],
    p_owners uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET enable_nestloop = off
AS $$
DECLARE
    v_version bigint := switchyard.next_rule_set_version(p_owners);
BEGIN
    -- No other transaction has seen what this one wrote earlier about the same rows.
    DELETE FROM switchyard.rule_set_history h USING unnest(p_keys) u (key)
    WHERE h.table_name = p_table AND h.row_key = u.key AND h.valid_from = v_version;
    UPDATE switchyard.rule_set_history h SET valid_to = v_version FROM unnest(p_keys) u (key)
    WHERE h.table_name = p_table AND h.row_key = u.key AND h.valid_to = 9223372036854775807;
    INSERT INTO switchyard.rule_set_history (table_name, row_key, valid_from, owner, content)
    SELECT p_table, u.key, v_version,
        CASE WHEN p_owner_column IS NOT NULL THEN coalesce(u.content ->> p_owner_column, '00000000-0000-0000-0000-000000000000')::uuid END,
        u.content
    FROM unnest(p_keys, p_contents) u (key, content)
    WHERE u.content IS NOT NULL;
END
$$;
COMMENT ON FUNCTION switchyard.write_rule_set_history(text, text, text[], jsonb[], uuid[]) IS
    'Ends the rows of the history under these keys, and begins the new ones (NULL: the row was deleted).';

-- Runs after each statement, for all of its rows at once. Times are written in UTC, whatever the time zone of the
-- session.
CREATE OR REPLACE FUNCTION switchyard.record_rule_set_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC'
AS $$
DECLARE
    v_table constant text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    v_key text[];
    v_owner text;
    v_columns text[];
    v_keys text[];
    v_contents jsonb[];
    v_owners text[];
BEGIN
    SELECT t.key_columns, t.owner_column, t.columns INTO v_key, v_owner, v_columns
    FROM switchyard.rule_set_tables t WHERE t.table_name = v_table;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        SELECT array_agg(h.row_key), array_agg(NULL::jsonb), array_agg(DISTINCT h.owner::text) FILTER (WHERE h.owner IS NOT NULL)
        INTO v_keys, v_contents, v_owners
        FROM switchyard.rule_set_history h WHERE h.table_name = v_table AND h.valid_to = 9223372036854775807;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(r.key), array_agg(r.content), array_agg(DISTINCT r.content ->> v_owner)
        INTO v_keys, v_contents, v_owners
        FROM (
            SELECT (SELECT string_agg(p.content ->> k.name, '|' ORDER BY k.ord) FROM unnest(v_key) WITH ORDINALITY k (name, ord)) AS key,
                p.content
            FROM (SELECT CASE WHEN v_columns IS NULL THEN to_jsonb(c) ELSE (SELECT jsonb_object_agg(e.key, e.value)
                FROM jsonb_each(to_jsonb(c)) e WHERE e.key = ANY (v_columns)) END AS content FROM came c) p
        ) r;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(r.key), array_agg(NULL::jsonb), array_agg(DISTINCT r.content ->> v_owner)
        INTO v_keys, v_contents, v_owners
        FROM (
            SELECT (SELECT string_agg(p.content ->> k.name, '|' ORDER BY k.ord) FROM unnest(v_key) WITH ORDINALITY k (name, ord)) AS key,
                p.content
            FROM (SELECT to_jsonb(g) AS content FROM gone g) p
        ) r;
    ELSE
        SELECT array_agg(u.key), array_agg(u.content),
            array_agg(DISTINCT u.content ->> v_owner) FILTER (WHERE u.content IS NOT NULL)
                || array_agg(DISTINCT u.before ->> v_owner) FILTER (WHERE u.before IS NOT NULL)
        INTO v_keys, v_contents, v_owners
        FROM (
            SELECT coalesce(n.key, o.key) AS key, n.content, o.content AS before
            FROM (
                SELECT (SELECT string_agg(p.content ->> k.name, '|' ORDER BY k.ord) FROM unnest(v_key) WITH ORDINALITY k (name, ord)) AS key,
                    p.content
                FROM (SELECT CASE WHEN v_columns IS NULL THEN to_jsonb(g) ELSE (SELECT jsonb_object_agg(e.key, e.value)
                    FROM jsonb_each(to_jsonb(g)) e WHERE e.key = ANY (v_columns)) END AS content FROM gone g) p
            ) o
            FULL JOIN (
                SELECT (SELECT string_agg(p.content ->> k.name, '|' ORDER BY k.ord) FROM unnest(v_key) WITH ORDINALITY k (name, ord)) AS key,
                    p.content
                FROM (SELECT CASE WHEN v_columns IS NULL THEN to_jsonb(c) ELSE (SELECT jsonb_object_agg(e.key, e.value)
                    FROM jsonb_each(to_jsonb(c)) e WHERE e.key = ANY (v_columns)) END AS content FROM came c) p
            ) n ON n.key = o.key
            WHERE o.content - 'updated_at' IS DISTINCT FROM n.content - 'updated_at'
        ) u;
    END IF;
    IF v_keys IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM switchyard.write_rule_set_history(v_table, v_owner, v_keys, v_contents, CASE WHEN v_owner IS NULL THEN '{}' ELSE
        ARRAY(SELECT DISTINCT coalesce(o.id, '00000000-0000-0000-0000-000000000000')::uuid FROM unnest(v_owners) o (id)) END);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.record_rule_set_change() IS
    'Records what a statement changed in a table that routing reads; a change of columns that routing does not read is ignored.';

-- Compares the history with the tables, and records what was changed without being recorded: before the history
-- existed, by a session in replica mode, or while a trigger was disabled.
CREATE OR REPLACE FUNCTION switchyard.repair_rule_set_history() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC'
AS $$
DECLARE
    v_watched record;
    v_keys text[];
    v_contents jsonb[];
    v_owners uuid[];
    v_count integer := 0;
BEGIN
    PERFORM FROM switchyard.rule_set_version FOR UPDATE;
    -- On the first run, the tables hold the content of the version in force.
    IF NOT EXISTS (SELECT FROM switchyard.rule_set_versions) THEN
        UPDATE switchyard.rule_set_version r SET changed_by = pg_current_xact_id(), changed_at = now();
        INSERT INTO switchyard.rule_set_versions (version, actor, action, note)
        SELECT r.version, session_user, 'sql', 'History begins here.' FROM switchyard.rule_set_version r;
    END IF;
    FOR v_watched IN SELECT * FROM switchyard.rule_set_tables t WHERE to_regclass(t.table_name) IS NOT NULL ORDER BY t.table_name LOOP
        EXECUTE format($q$
            SELECT array_agg(coalesce(n.key, o.key)), array_agg(n.content),
                array_agg(DISTINCT coalesce(coalesce(n.content, o.content) ->> $3, '00000000-0000-0000-0000-000000000000')::uuid)
            FROM (
                SELECT (SELECT string_agg(p.content ->> k.name, '|' ORDER BY k.ord) FROM unnest($1) WITH ORDINALITY k (name, ord)) AS key,
                    p.content
                FROM (SELECT CASE WHEN $2 IS NULL THEN to_jsonb(c) ELSE (SELECT jsonb_object_agg(e.key, e.value)
                    FROM jsonb_each(to_jsonb(c)) e WHERE e.key = ANY ($2)) END AS content FROM %s c) p
            ) n
            FULL JOIN (SELECT h.row_key AS key, h.content FROM switchyard.rule_set_history h
                WHERE h.table_name = $4 AND h.valid_to = 9223372036854775807) o ON o.key = n.key
            -- A column that was added since and is NULL is no change.
            WHERE (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(o.content - 'updated_at') e WHERE e.value <> 'null')
                IS DISTINCT FROM
                (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(n.content - 'updated_at') e WHERE e.value <> 'null')
            $q$, v_watched.table_name)
        INTO v_keys, v_contents, v_owners USING v_watched.key_columns, v_watched.columns, v_watched.owner_column, v_watched.table_name;
        CONTINUE WHEN v_keys IS NULL;
        v_count := v_count + cardinality(v_keys);
        PERFORM switchyard.write_rule_set_history(v_watched.table_name, v_watched.owner_column, v_keys, v_contents,
            CASE WHEN v_watched.owner_column IS NULL THEN '{}' ELSE v_owners END);
    END LOOP;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.repair_rule_set_history() IS
    'Records unrecorded changes of the rule set as a version of their own; returns how many rows had changed.';

-- Called once for each table that routing reads. A later migration that adds such a table calls it too, and then
-- repair_rule_set_history().
CREATE OR REPLACE FUNCTION switchyard.keep_rule_set_history(p_table text, p_key_columns text[], p_owner_column text DEFAULT NULL,
    p_columns text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_of text;
BEGIN
    INSERT INTO switchyard.rule_set_tables (table_name, key_columns, owner_column, columns)
    VALUES (p_table, p_key_columns, p_owner_column, p_columns)
    ON CONFLICT (table_name) DO UPDATE
        SET key_columns = excluded.key_columns, owner_column = excluded.owner_column, columns = excluded.columns;
    -- An update of other columns does not have to wait.
    SELECT ' OF ' || string_agg(quote_ident(a.attname), ', ' ORDER BY array_position(p_columns, a.attname::text)) INTO v_of FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = p_table::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (p_columns)
        AND a.attname <> 'updated_at';
    EXECUTE format('CREATE OR REPLACE TRIGGER switchyard_0_turn BEFORE INSERT OR DELETE OR TRUNCATE OR UPDATE%s ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION switchyard.lock_rule_set_version()', v_of, p_table);
    EXECUTE format('CREATE OR REPLACE TRIGGER switchyard_history_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS came '
        'FOR EACH STATEMENT EXECUTE FUNCTION switchyard.record_rule_set_change()', p_table);
    EXECUTE format('CREATE OR REPLACE TRIGGER switchyard_history_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS gone NEW TABLE AS came '
        'FOR EACH STATEMENT EXECUTE FUNCTION switchyard.record_rule_set_change()', p_table);
    EXECUTE format('CREATE OR REPLACE TRIGGER switchyard_history_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS gone '
        'FOR EACH STATEMENT EXECUTE FUNCTION switchyard.record_rule_set_change()', p_table);
    EXECUTE format('CREATE OR REPLACE TRIGGER switchyard_history_truncate AFTER TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION switchyard.record_rule_set_change()', p_table);
END
$$;
COMMENT ON FUNCTION switchyard.keep_rule_set_history(text, text[], text, text[]) IS
    'Starts the history of a table: its key columns, the column that names the owner of a row, and the columns that routing reads (NULL: all).';

-- Makes the history triggers of each table. Of workspaces only these columns are read by routing; an installation may have others.
DO $$
BEGIN
    PERFORM switchyard.keep_rule_set_history('public.lead_routing_rules', ARRAY['id'], 'workspace_id');
    PERFORM switchyard.keep_rule_set_history('public.routing_agreements', ARRAY['receiving_workspace_id', 'sending_workspace_id']);
    PERFORM switchyard.keep_rule_set_history('public.workspace_assignees', ARRAY['id']);
    PERFORM switchyard.keep_rule_set_history('switchyard.routing_pauses', ARRAY['workspace_id']);
    PERFORM switchyard.keep_rule_set_history('switchyard.golden_leads', ARRAY['id'], 'workspace_id');
    PERFORM switchyard.keep_rule_set_history('public.workspaces', ARRAY['id'], NULL, ARRAY['id', 'name', 'workspace_type', 'is_active',
        'routing_paused_at', 'routing_suspended_at', 'routing_suspended_reason', 'unmatched_policy', 'fallback_workspace_id', 'deleted_at',
        'created_at', 'updated_at', 'capacity']);
    -- The history begins with what the tables hold now.
    PERFORM switchyard.repair_rule_set_history();
END
$$;

-- 9. Publishing -----------------------------------------------------------------------------------------------------

-- Drafts, publishing a rule set in one step, and returning to an earlier version.

CREATE TABLE IF NOT EXISTS switchyard.rule_set_drafts (
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
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_set_drafts;
CREATE POLICY switchyard_service ON switchyard.rule_set_drafts TO service_role USING (true) WITH CHECK (true);
-- An API key edits the draft of its workspace.
DROP POLICY IF EXISTS switchyard_owner ON switchyard.rule_set_drafts;
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

-- 10. Automatic rollback --------------------------------------------------------------------------------------------

-- Automatic rollback: when routings fail after a publication, the last good rule set is restored.

CREATE TABLE IF NOT EXISTS switchyard.rule_set_rollbacks (
    owner uuid NOT NULL,
    bad_version bigint NOT NULL,
    good_version bigint NOT NULL,
    new_version bigint,
    routings bigint NOT NULL,
    failures bigint NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    node text NOT NULL DEFAULT '',
    PRIMARY KEY (owner, bad_version)
);
COMMENT ON TABLE switchyard.rule_set_rollbacks IS 'Publications that were rolled back because routings failed: each once, over all nodes. The owner 00000000-0000-0000-0000-000000000000 stands for the platform.';

ALTER TABLE switchyard.rule_set_rollbacks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_set_rollbacks FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE ON switchyard.rule_set_rollbacks TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_set_rollbacks;
CREATE POLICY switchyard_service ON switchyard.rule_set_rollbacks TO service_role USING (true) WITH CHECK (true);

-- Owners whose newest publication of the last hour was followed by five minutes in each of which more than a tenth of
-- the routings failed, with at least twenty routings in all. A routing is an attempt that was decided; released,
-- requeued and expired leads do not count, and retries of leads that failed before the publication do. A publication
-- that was followed by an edit or a rollback is left alone.
--
-- If nothing was published this is one probe of a small index. Otherwise it reads the last five minutes of the log by
-- created_at.
CREATE OR REPLACE FUNCTION switchyard.failing_publications(p_now timestamptz DEFAULT NULL)
RETURNS TABLE (owner uuid, bad_version bigint, good_version bigint, routings bigint, failures bigint)
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := coalesce(p_now, clock_timestamp());
    v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    IF NOT EXISTS (SELECT FROM switchyard.rule_set_versions v WHERE v.action = 'publish'
        AND v.changed_at > v_now - interval '1 hour') THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH published AS (
        SELECT DISTINCT ON (o.owner) o.owner, v.version, v.changed_at
        FROM switchyard.rule_set_versions v CROSS JOIN LATERAL unnest(v.owners) o (owner)
        WHERE v.action = 'publish' AND v.changed_at > v_now - interval '1 hour'
        ORDER BY o.owner, v.version DESC
    ), suspect AS (
        SELECT p.owner, p.version FROM published p
        WHERE p.changed_at <= v_now - interval '5 minutes'
            -- A later edit or rollback has already dealt with the failures.
            AND NOT EXISTS (SELECT FROM switchyard.rule_set_versions v WHERE v.version > p.version AND v.owners @> ARRAY[p.owner])
            AND NOT EXISTS (SELECT FROM switchyard.rule_set_rollbacks b WHERE b.owner = p.owner AND b.bad_version = p.version)
    ), minutes AS (
        SELECT s.owner, s.version, m.ago, count(*) AS routings, count(*) FILTER (WHERE g.routing_result IN ('failed', 'retry')) AS failures
        FROM suspect s
        CROSS JOIN generate_series(1, 5) m (ago)
        JOIN public.lead_routing_logs g ON g.created_at > v_now - m.ago * interval '1 minute'
            AND g.created_at <= v_now - (m.ago - 1) * interval '1 minute'
        WHERE g.routing_result NOT IN ('released', 'requeued', 'expired') AND (s.owner = v_nil OR g.source_workspace_id = s.owner)
        GROUP BY s.owner, s.version, m.ago
    )
    SELECT m.owner, m.version, w.good, sum(m.routings)::bigint, sum(m.failures)::bigint
    FROM minutes m
    -- The version that was in force before, unless that was rolled back itself.
    CROSS JOIN LATERAL (
        SELECT coalesce(max(v.version), (SELECT min(f.version) FROM switchyard.rule_set_versions f)) AS good
        FROM switchyard.rule_set_versions v
        WHERE v.version < m.version AND v.owners @> ARRAY[m.owner]
            AND NOT EXISTS (SELECT FROM switchyard.rule_set_rollbacks b WHERE b.owner = m.owner AND b.bad_version = v.version)
    ) w
    WHERE w.good IS NOT NULL
    GROUP BY m.owner, m.version, w.good
    HAVING count(*) = 5 AND bool_and(m.failures * 10 > m.routings) AND sum(m.routings) >= 20;
END
$$;
COMMENT ON FUNCTION switchyard.failing_publications(timestamptz) IS
    'Publications after which more than a tenth of the routings failed in each of the last five minutes, and the version to return to.';

-- Any number of nodes may call this at the same moment: the primary key of rule_set_rollbacks decides which of them
-- acts.
CREATE OR REPLACE FUNCTION switchyard.roll_back_failing(p_node text, p_now timestamptz DEFAULT NULL)
RETURNS TABLE (owner uuid, bad_version bigint, good_version bigint, new_version bigint, routings bigint, failures bigint)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
DECLARE
    v_failing record;
    v_new bigint;
    v_note text;
BEGIN
    FOR v_failing IN SELECT * FROM switchyard.failing_publications(p_now) f ORDER BY f.owner LOOP
        -- Wait for concurrent edits, and act only if the failing version is still the newest.
        PERFORM FROM switchyard.rule_set_version FOR UPDATE;
        CONTINUE WHEN EXISTS (SELECT FROM switchyard.rule_set_versions v
            WHERE v.version > v_failing.bad_version AND v.owners @> ARRAY[v_failing.owner]);
        INSERT INTO switchyard.rule_set_rollbacks AS b (owner, bad_version, good_version, routings, failures, node)
        VALUES (v_failing.owner, v_failing.bad_version, v_failing.good_version, v_failing.routings, v_failing.failures, p_node)
        ON CONFLICT (owner, bad_version) DO NOTHING;
        CONTINUE WHEN NOT FOUND;
        v_note := format('%s of %s routings failed in the five minutes after version %s; back to version %s.',
            v_failing.failures, v_failing.routings, v_failing.bad_version, v_failing.good_version);
        PERFORM set_config('switchyard.actor', 'switchyard', true), set_config('switchyard.action', 'auto-rollback', true),
            set_config('switchyard.note', v_note, true);
        SELECT r.version INTO v_new FROM switchyard.return_rule_set(
            nullif(v_failing.owner, '00000000-0000-0000-0000-000000000000'), v_failing.good_version) r;
        -- The actor stays: the audit reads it at the commit.
        PERFORM set_config('switchyard.action', '', true), set_config('switchyard.note', '', true);
        UPDATE switchyard.rule_set_rollbacks b SET new_version = v_new
        WHERE b.owner = v_failing.owner AND b.bad_version = v_failing.bad_version;
        INSERT INTO switchyard.operator_log (actor, action, workspace_id, reason)
        VALUES ('switchyard', 'auto-rollback', v_failing.owner, v_note);
        RETURN QUERY SELECT v_failing.owner, v_failing.bad_version, v_failing.good_version, v_new, v_failing.routings, v_failing.failures;
    END LOOP;
END
$$;
COMMENT ON FUNCTION switchyard.roll_back_failing(text, timestamptz) IS
    'Rolls back publications after which routings fail, each once; returns what it has rolled back.';

-- 11. Suspensions ---------------------------------------------------------------------------------------------------

-- Suspension: an administrator stops a workspace. Nothing goes in and nothing goes out, and no key or member of it can end that.

-- Runs for every change of the two columns, whichever statement makes it, so that none is missing from the log.
CREATE OR REPLACE FUNCTION switchyard.guard_suspension() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF current_user IN ('anon', 'authenticated') THEN
        RAISE EXCEPTION 'Only an administrator suspends a workspace, or lifts its suspension.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO switchyard.operator_log (actor, action, workspace_id, reason)
    VALUES (coalesce(nullif(current_setting('switchyard.actor', true), ''), session_user),
        CASE WHEN NEW.routing_suspended_at IS NULL THEN 'lift' ELSE 'suspend' END, NEW.id, NEW.routing_suspended_reason);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.guard_suspension() IS
    'Refuses members and keys that change the suspension of a workspace, and writes every change to the operators'' log.';

CREATE OR REPLACE TRIGGER switchyard_suspension BEFORE UPDATE ON public.workspaces
    FOR EACH ROW
    WHEN (OLD.routing_suspended_at IS DISTINCT FROM NEW.routing_suspended_at
        OR OLD.routing_suspended_reason IS DISTINCT FROM NEW.routing_suspended_reason)
    EXECUTE FUNCTION switchyard.guard_suspension();

CREATE OR REPLACE FUNCTION switchyard.suspend_workspace(p_workspace_id uuid, p_actor text, p_reason text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF coalesce(btrim(p_reason), '') = '' THEN
        RAISE EXCEPTION 'A suspension needs a reason.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('switchyard.actor', p_actor, true), set_config('search_path', NULL, true);
    UPDATE public.workspaces w SET routing_suspended_at = clock_timestamp(), routing_suspended_reason = p_reason, updated_at = now()
    WHERE w.id = p_workspace_id AND w.deleted_at IS NULL AND w.routing_suspended_at IS NULL;
    IF FOUND THEN
        RETURN true;
    END IF;
    PERFORM set_config('search_path', '', true);
    IF NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = p_workspace_id AND w.deleted_at IS NULL) THEN
        RAISE EXCEPTION 'There is no such workspace.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION switchyard.suspend_workspace(uuid, text, text) IS
    'Suspends a workspace: its keys are refused, its leads wait, and it receives none. False if it is suspended already.';

CREATE OR REPLACE FUNCTION switchyard.lift_suspension(p_workspace_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM set_config('switchyard.actor', p_actor, true), set_config('search_path', NULL, true);
    UPDATE public.workspaces w SET routing_suspended_at = NULL, routing_suspended_reason = NULL, updated_at = now()
    WHERE w.id = p_workspace_id AND w.routing_suspended_at IS NOT NULL;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION switchyard.lift_suspension(uuid, text) IS
    'Ends the suspension of a workspace; its waiting leads are routed, oldest due first. False if it was not suspended.';

-- 12. Rules that were switched off because their conditions take too many steps ----------------------------------

CREATE TABLE IF NOT EXISTS switchyard.rule_notices (
    rule_id uuid PRIMARY KEY,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);
COMMENT ON TABLE switchyard.rule_notices IS 'Why the server switched a rule off, or, for a rule of the platform, why it passes it over. A notice counts while its rule exists and is off. No foreign key: rules may be truncated.';

ALTER TABLE switchyard.rule_notices ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_notices FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.rule_notices TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_notices;
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

-- 13. Quotas of workspaces ----------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS switchyard.workspace_quotas (
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
CREATE TABLE IF NOT EXISTS switchyard.rule_sizes (
    rule_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    comparisons integer NOT NULL,
    patterns integer NOT NULL,
    has_pool boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS rule_sizes_workspace ON switchyard.rule_sizes (workspace_id);
COMMENT ON TABLE switchyard.rule_sizes IS 'The size of each rule of a workspace, written with the rule: a quota is checked without reading all conditions again.';

ALTER TABLE switchyard.workspace_quotas ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_sizes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.workspace_quotas, switchyard.rule_sizes FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.workspace_quotas TO service_role;
GRANT SELECT ON switchyard.rule_sizes TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.workspace_quotas;
CREATE POLICY switchyard_service ON switchyard.workspace_quotas TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_sizes;
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

CREATE OR REPLACE TRIGGER switchyard_quota_insert AFTER INSERT ON public.lead_routing_rules REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_rule_quotas();
CREATE OR REPLACE TRIGGER switchyard_quota_update AFTER UPDATE ON public.lead_routing_rules REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_rule_quotas();
CREATE OR REPLACE TRIGGER switchyard_quota_delete AFTER DELETE ON public.lead_routing_rules REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.check_rule_quotas();
CREATE OR REPLACE TRIGGER switchyard_quota_truncate AFTER TRUNCATE ON public.lead_routing_rules
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
CREATE OR REPLACE TRIGGER switchyard_quota_insert AFTER INSERT ON switchyard.golden_leads REFERENCING NEW TABLE AS came
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
CREATE OR REPLACE TRIGGER switchyard_quota_insert AFTER INSERT ON public.workspace_assignees REFERENCING NEW TABLE AS came
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
CREATE OR REPLACE TRIGGER switchyard_quota BEFORE INSERT OR UPDATE ON switchyard.rule_set_drafts
    FOR EACH ROW EXECUTE FUNCTION switchyard.check_draft_quota();

-- The rules that exist already.
INSERT INTO switchyard.rule_sizes (rule_id, workspace_id, comparisons, patterns, has_pool)
SELECT r.id, r.workspace_id,
    (SELECT count(*) FROM jsonb_path_query(r.conditions, 'strict $.where.** ? (@.type() == "object" && exists(@.op))', '{}', true)),
    (SELECT count(*) FROM jsonb_path_query(r.conditions, 'strict $.where.** ? (@.type() == "object" && @.op == "matches")', '{}', true)),
    jsonb_typeof(r.distribution -> 'pool') IS NOT DISTINCT FROM 'object'
FROM public.lead_routing_rules r WHERE r.workspace_id IS NOT NULL
ON CONFLICT (rule_id) DO NOTHING;

-- 14. Who may run functions: service_role, and the owner ------------------------------------------------------------

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE (p.pronamespace = 'public'::regnamespace AND p.proname IN ('acquire_routing_lock', 'complete_routing', 'fail_routing',
                'release_stale_routing_locks', 'generate_dedupe_hash', 'check_cross_partner_duplicate', 'mark_expired_leads'))
            OR (p.pronamespace = 'switchyard'::regnamespace
                AND p.proname NOT IN ('visible_workspaces', 'acting_workspace', 'visible_duplicate'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
END
$$;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
