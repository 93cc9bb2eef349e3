-- Every version of the rule set can be had again: what routing reads is recorded as it changes, with who changed it and
-- when. Costs something when rules are edited, and nothing when leads are routed. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.routing_pauses') IS NULL THEN
        RAISE EXCEPTION 'The migration of routing pauses is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260401000001_routing_pauses.sql first.';
    END IF;
END
$$;

-- 1. Tables --------------------------------------------------------------------------------------------------------

-- Which transaction raised the version last: one transaction, one version. Transaction numbers begin anew in a restored
-- database, so the time is compared as well.
ALTER TABLE switchyard.rule_set_version
    ADD COLUMN IF NOT EXISTS changed_by xid8,
    ADD COLUMN IF NOT EXISTS changed_at timestamptz;

CREATE TABLE IF NOT EXISTS switchyard.rule_set_versions (
    version bigint PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL
        CONSTRAINT rule_set_versions_action_check CHECK (action IN ('edit', 'publish', 'return', 'auto-rollback', 'sql')),
    owners uuid[] NOT NULL DEFAULT '{}',
    note text
);
CREATE INDEX IF NOT EXISTS rule_set_versions_owners ON switchyard.rule_set_versions USING gin (owners);
COMMENT ON TABLE switchyard.rule_set_versions IS 'Who made which version of the rule set, when and how.';
COMMENT ON COLUMN switchyard.rule_set_versions.owners IS 'Whose rules changed; 00000000-0000-0000-0000-000000000000 stands for the platform. Empty: pauses, agreements or workspaces did.';

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
COMMENT ON TABLE switchyard.rule_set_history IS 'What routing reads, row by row: content stood in table_name from version valid_from until before valid_to (9223372036854775807: until now).';
COMMENT ON COLUMN switchyard.rule_set_history.owner IS 'Of rules: whose they are; 00000000-0000-0000-0000-000000000000 stands for the platform.';

CREATE TABLE IF NOT EXISTS switchyard.rule_set_tables (
    table_name text PRIMARY KEY,
    key_columns text[] NOT NULL,
    owner_column text,
    columns text[]
);
COMMENT ON TABLE switchyard.rule_set_tables IS 'The tables whose history is kept; columns NULL: every column matters but updated_at.';

-- 2. Versions ------------------------------------------------------------------------------------------------------

-- The row of the version stays locked until the transaction ends, so versions are numbered in the order of their commits.
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
        INSERT INTO switchyard.rule_set_versions (version, actor, action, owners, note)
        VALUES (v_version, coalesce(v_actor, session_user),
            coalesce(nullif(current_setting('switchyard.action', true), ''), CASE WHEN v_actor IS NULL THEN 'sql' ELSE 'edit' END),
            p_owners, nullif(current_setting('switchyard.note', true), ''));
        RETURN v_version;
    END IF;
    SELECT r.version INTO v_version FROM switchyard.rule_set_version r;
    UPDATE switchyard.rule_set_versions s SET owners = s.owners || ARRAY(SELECT unnest(p_owners) EXCEPT SELECT unnest(s.owners))
    WHERE s.version = v_version AND NOT s.owners @> p_owners;
    RETURN v_version;
END
$$;
COMMENT ON FUNCTION switchyard.next_rule_set_version(uuid[]) IS 'The version that this transaction makes: a new one at its first change, the same one after that. Who makes it: the settings switchyard.actor, switchyard.action and switchyard.note of the transaction, or else the session''s user.';

-- Ahead of the rows: two who edit wait for each other here, and not in the middle of each other's rows.
CREATE OR REPLACE FUNCTION switchyard.lock_rule_set_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    PERFORM FROM switchyard.rule_set_version FOR UPDATE;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.lock_rule_set_version() IS 'Has edits of the rule set come one after the other.';

-- Tables with a history raise the version by themselves, and only when something has changed; for others this does.
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
COMMENT ON FUNCTION switchyard.bump_rule_set_version() IS 'Says that decisions made so far are made under old rules.';

-- 3. History -------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION switchyard.write_rule_set_history(p_table text, p_owner_column text, p_keys text[], p_contents jsonb[],
    p_owners uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET enable_nestloop = off
AS $$
DECLARE
    v_version bigint := switchyard.next_rule_set_version(p_owners);
BEGIN
    -- What this transaction has written before of the same rows was never seen by anybody.
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
COMMENT ON FUNCTION switchyard.write_rule_set_history(text, text, text[], jsonb[], uuid[]) IS 'Ends what stood under these keys, and begins what stands there now (NULL: nothing).';

-- After each statement, for all of its rows at once. Times are written in UTC, whatever the zone of the session.
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
COMMENT ON FUNCTION switchyard.record_rule_set_change() IS 'Records what a statement has changed of a table that routing reads; what does not matter to routing is no change.';

-- Compares what is recorded with what is there, and records what was changed while nobody recorded: before this migration,
-- by a session in replica mode, or with a disabled trigger.
CREATE OR REPLACE FUNCTION switchyard.mend_rule_set_history() RETURNS integer
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
    -- The first time: what is there is what the version in force stands for.
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
            -- A column that was added since and holds nothing is no change.
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
COMMENT ON FUNCTION switchyard.mend_rule_set_history() IS 'Records what was changed unrecorded, as a version of its own; returns how many rows that are.';

-- For each table that routing reads; a later migration that adds one calls it as well, and then mend_rule_set_history().
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
    -- An update of other columns needs no turn.
    SELECT ' OF ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO v_of FROM pg_catalog.pg_attribute a
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
COMMENT ON FUNCTION switchyard.keep_rule_set_history(text, text[], text, text[]) IS 'Has the history of a table kept from now on: key columns, the column that says whose a row is, and which columns routing reads (NULL: all).';

-- What is recorded begins in the same moment in which recording does.
DO $$
BEGIN
    PERFORM switchyard.keep_rule_set_history('public.lead_routing_rules', ARRAY['id'], 'workspace_id');
    PERFORM switchyard.keep_rule_set_history('public.routing_agreements', ARRAY['receiving_workspace_id', 'sending_workspace_id']);
    PERFORM switchyard.keep_rule_set_history('switchyard.routing_pauses', ARRAY['workspace_id']);
    -- An installation's own columns are none of routing's business; capacity is a column of a later migration.
    PERFORM switchyard.keep_rule_set_history('public.workspaces', ARRAY['id'], NULL, ARRAY['id', 'name', 'workspace_type', 'is_active',
        'routing_paused_at', 'unmatched_policy', 'fallback_workspace_id', 'deleted_at', 'created_at', 'updated_at', 'capacity']);
    PERFORM switchyard.mend_rule_set_history();
END
$$;

-- 4. Who may see and do what ---------------------------------------------------------------------------------------

ALTER TABLE switchyard.rule_set_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_set_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_set_tables ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_set_versions, switchyard.rule_set_history, switchyard.rule_set_tables FROM PUBLIC, anon, authenticated;
GRANT SELECT ON switchyard.rule_set_versions, switchyard.rule_set_history, switchyard.rule_set_tables TO service_role;
-- A workspace sees the history of its own rules.
GRANT SELECT ON switchyard.rule_set_versions, switchyard.rule_set_history TO authenticated;

DO $$
DECLARE
    v_table text;
    v_function regprocedure;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['rule_set_versions', 'rule_set_history', 'rule_set_tables'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS switchyard_service ON switchyard.%s', v_table);
        EXECUTE format('CREATE POLICY switchyard_service ON switchyard.%s FOR SELECT TO service_role USING (true)', v_table);
    END LOOP;
    DROP POLICY IF EXISTS switchyard_members ON switchyard.rule_set_versions;
    CREATE POLICY switchyard_members ON switchyard.rule_set_versions FOR SELECT TO authenticated
        USING (owners && ARRAY(SELECT switchyard.visible_workspaces()));
    DROP POLICY IF EXISTS switchyard_members ON switchyard.rule_set_history;
    CREATE POLICY switchyard_members ON switchyard.rule_set_history FOR SELECT TO authenticated
        USING (owner = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('next_rule_set_version', 'lock_rule_set_version',
            'bump_rule_set_version', 'write_rule_set_history', 'record_rule_set_change', 'mend_rule_set_history',
            'keep_rule_set_history')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
