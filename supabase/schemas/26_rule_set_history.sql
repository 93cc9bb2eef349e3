-- The history of the rule set: every version of what routing reads can be restored. It costs something when rules are edited, and
-- nothing when leads are routed.

CREATE TABLE switchyard.rule_set_history (
    table_name text NOT NULL,
    row_key text NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint NOT NULL DEFAULT 9223372036854775807,
    owner uuid,
    content jsonb NOT NULL,
    PRIMARY KEY (table_name, row_key, valid_from)
);
CREATE INDEX rule_set_history_valid ON switchyard.rule_set_history (table_name, valid_to);
CREATE INDEX rule_set_history_owner ON switchyard.rule_set_history (owner, table_name, valid_to) WHERE owner IS NOT NULL;
CREATE INDEX rule_set_history_began ON switchyard.rule_set_history (owner, valid_from) WHERE owner IS NOT NULL;
COMMENT ON TABLE switchyard.rule_set_history IS 'What routing reads, row by row: content was in table_name from version valid_from up to, not including, valid_to (9223372036854775807: until now).';
COMMENT ON COLUMN switchyard.rule_set_history.owner IS 'The owner of a rule; 00000000-0000-0000-0000-000000000000 stands for the platform. NULL for other tables.';

CREATE TABLE switchyard.rule_set_tables (
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
CREATE POLICY switchyard_service ON switchyard.rule_set_history TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.rule_set_tables TO service_role USING (true) WITH CHECK (true);
-- A workspace sees the history of its own rules.
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
