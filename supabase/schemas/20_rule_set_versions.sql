-- The version of the rule set: raised by every change of what routing reads, so that decisions made under old rules are refused.

-- changed_by is the transaction that raised the version last: one transaction, one version. Transaction ids start again in a restored
-- database, so changed_at is compared as well.
CREATE TABLE switchyard.rule_set_version (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT rule_set_version_singleton_check CHECK (singleton),
    version bigint NOT NULL,
    changed_by xid8,
    changed_at timestamptz
);
COMMENT ON TABLE switchyard.rule_set_version IS 'One row; its number rises with every change of rules, agreements, or what routing reads of workspaces.';
INSERT INTO switchyard.rule_set_version (version) VALUES (1) ON CONFLICT DO NOTHING;

CREATE TABLE switchyard.rule_set_versions (
    version bigint PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL
        CONSTRAINT rule_set_versions_action_check CHECK (action IN ('edit', 'publish', 'return', 'auto-rollback', 'sql')),
    owners uuid[] NOT NULL DEFAULT '{}',
    note text,
    changes_other boolean NOT NULL DEFAULT true
);
CREATE INDEX rule_set_versions_owners ON switchyard.rule_set_versions USING gin (owners);
-- For failing_publications, which asks for publications of the last hour.
CREATE INDEX rule_set_versions_published ON switchyard.rule_set_versions (changed_at) WHERE action = 'publish';
COMMENT ON TABLE switchyard.rule_set_versions IS 'The author, the time and the kind of change of each version of the rule set.';
COMMENT ON COLUMN switchyard.rule_set_versions.changes_other IS 'Whether more than rules changed: a node then reads everything again, and otherwise the rules of the owners only.';
COMMENT ON COLUMN switchyard.rule_set_versions.owners IS 'The owners whose rules changed; 00000000-0000-0000-0000-000000000000 stands for the platform. Empty: pauses, agreements or workspaces changed.';

ALTER TABLE switchyard.rule_set_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_set_versions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_set_version, switchyard.rule_set_versions FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.rule_set_version TO service_role;
GRANT SELECT ON switchyard.rule_set_versions TO service_role, authenticated;
CREATE POLICY switchyard_service ON switchyard.rule_set_version TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.rule_set_versions TO service_role USING (true) WITH CHECK (true);
-- A workspace sees the history of its own rules.
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

CREATE TRIGGER switchyard_version AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF id, name, workspace_type, is_active,
    routing_paused_at, routing_suspended_at, routing_suspended_reason, unmatched_policy, fallback_workspace_id, deleted_at, capacity
    ON public.workspaces
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();
