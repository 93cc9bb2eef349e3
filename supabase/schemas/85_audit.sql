-- The audit: every change by a person or a key, with what was before and after, in a chain of hashes.

CREATE TABLE switchyard.audit_log (
    sequence bigint PRIMARY KEY,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    database_user text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    subject_id text NOT NULL,
    workspace_id uuid,
    before jsonb,
    after jsonb,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX audit_log_subject ON switchyard.audit_log (subject_id, sequence);
CREATE INDEX audit_log_actor ON switchyard.audit_log (actor, sequence);
CREATE INDEX audit_log_workspace ON switchyard.audit_log (workspace_id, sequence);
COMMENT ON TABLE switchyard.audit_log IS 'Every change by a person or a key; append-only. Each row has the hash of the one before it. No personal data: it is masked by its kind.';
COMMENT ON COLUMN switchyard.audit_log.sequence IS 'From 1 without a gap, in the order of the commits.';
COMMENT ON COLUMN switchyard.audit_log.actor IS 'key:…, user:…, service_role, command line or switchyard; database:… for a change by SQL.';
COMMENT ON COLUMN switchyard.audit_log.before IS 'The columns that changed, as they were; of a deleted row, all.';
COMMENT ON COLUMN switchyard.audit_log.after IS 'The columns that changed, as they are now; of a new row, all.';
COMMENT ON COLUMN switchyard.audit_log.hash IS 'SHA-256 of the previous hash and the content of the row, as switchyard.audit_content writes it.';

-- One row, locked by the transaction that appends. It is never updated, so that a transaction of many changes leaves no
-- trail of dead rows.
CREATE TABLE switchyard.audit_turn (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_turn_singleton_check CHECK (singleton)
);
INSERT INTO switchyard.audit_turn DEFAULT VALUES ON CONFLICT DO NOTHING;
COMMENT ON TABLE switchyard.audit_turn IS 'One row; its lock is the turn to append to the audit.';

CREATE OR REPLACE FUNCTION switchyard.refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RAISE EXCEPTION 'The audit is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION switchyard.refuse_audit_change() IS 'Keeps the audit append-only for every role, the owner included.';

CREATE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON switchyard.audit_log
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_audit_change();
CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.audit_log
    EXECUTE FUNCTION switchyard.refuse_audit_change();

ALTER TABLE switchyard.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.audit_turn ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.audit_log, switchyard.audit_turn FROM PUBLIC, anon, authenticated;
GRANT SELECT ON switchyard.audit_log TO service_role;
CREATE POLICY switchyard_service ON switchyard.audit_log TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.audit_turn TO service_role USING (true) WITH CHECK (true);

-- Only a value that may hold something personal is taken apart; most do not, and then it costs one search of its text.
-- Of a condition, the value is masked if its field is a person's.
CREATE OR REPLACE FUNCTION switchyard.mask_personal(p_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = ''
AS $$
DECLARE
    v_personal constant text := '"(e_?mail|phone|(first|last|full)_?name|city|latitude|longitude|metadata|company_?name|source_?id|secret_?hash)"|@|\+[0-9]';
BEGIN
    IF p_value IS NULL OR p_value::text !~* v_personal THEN
        RETURN p_value;
    END IF;
    CASE jsonb_typeof(p_value)
    WHEN 'object' THEN
        RETURN (SELECT jsonb_object_agg(m.key, CASE
            WHEN m.kind IS NOT NULL AND m.value <> 'null' THEN to_jsonb('(' || m.kind || ')')
            ELSE switchyard.mask_personal(m.value) END)
            FROM (SELECT e.key, e.value, CASE lower(replace(CASE WHEN e.key = 'value' THEN p_value ->> 'field' ELSE e.key END, '_', ''))
                WHEN 'email' THEN 'email' WHEN 'phone' THEN 'phone'
                WHEN 'firstname' THEN 'name' WHEN 'lastname' THEN 'name' WHEN 'fullname' THEN 'name'
                WHEN 'city' THEN 'place' WHEN 'latitude' THEN 'place' WHEN 'longitude' THEN 'place'
                WHEN 'companyname' THEN 'company' WHEN 'metadata' THEN 'metadata' WHEN 'sourceid' THEN 'id'
                WHEN 'secrethash' THEN 'secret' END AS kind
                FROM jsonb_each(p_value) e) m);
    WHEN 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg(switchyard.mask_personal(e.value) ORDER BY e.ordinality), '[]')
            FROM jsonb_array_elements(p_value) WITH ORDINALITY e);
    WHEN 'string' THEN
        RETURN to_jsonb(regexp_replace(regexp_replace(p_value #>> '{}', '[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+', '(email)', 'g'),
            '\+[0-9][0-9 ().-]{6,}[0-9]', '(phone)', 'g'));
    ELSE
        RETURN p_value;
    END CASE;
END
$$;
COMMENT ON FUNCTION switchyard.mask_personal(jsonb) IS
    'The value with personal data replaced by its kind, such as (email); addresses and numbers within texts too.';

CREATE OR REPLACE FUNCTION switchyard.audit_content(p_sequence bigint, p_happened_at timestamptz, p_actor text, p_database_user text,
    p_action text, p_subject text, p_subject_id text, p_workspace_id uuid, p_before jsonb, p_after jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT jsonb_build_object('sequence', p_sequence,
        'time', to_char(p_happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'actor', p_actor,
        'databaseUser', p_database_user, 'action', p_action, 'subject', p_subject, 'subjectId', p_subject_id,
        'workspaceId', p_workspace_id, 'before', p_before, 'after', p_after)::text
$$;
COMMENT ON FUNCTION switchyard.audit_content(bigint, timestamptz, text, text, text, text, text, uuid, jsonb, jsonb) IS
    'What the hash of a row covers: all of it but the hashes, as PostgreSQL writes jsonb.';

-- Waits for its turn, and holds it until the transaction ends: so it has to be the last lock that a transaction takes.
CREATE OR REPLACE FUNCTION switchyard.append_audit(p_actor text, p_action text, p_subject text, p_subject_id text, p_workspace_id uuid,
    p_before jsonb, p_after jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_row switchyard.audit_log;
BEGIN
    PERFORM FROM switchyard.audit_turn FOR UPDATE;
    -- A separate statement, so that it sees what the transaction that had the turn has appended.
    SELECT l.sequence + 1, l.hash INTO v_row.sequence, v_row.previous_hash FROM switchyard.audit_log l ORDER BY l.sequence DESC LIMIT 1;
    v_row.sequence := coalesce(v_row.sequence, 1);
    v_row.previous_hash := coalesce(v_row.previous_hash, decode(repeat('00', 32), 'hex'));
    v_row.happened_at := clock_timestamp();
    v_row.actor := coalesce(nullif(p_actor, ''), 'user:' || auth.uid(), 'database:' || session_user);
    v_row.database_user := session_user;
    v_row.action := p_action;
    v_row.subject := p_subject;
    v_row.subject_id := p_subject_id;
    v_row.workspace_id := p_workspace_id;
    v_row.before := switchyard.mask_personal(p_before);
    v_row.after := switchyard.mask_personal(p_after);
    -- The name of a person, not of a thing.
    IF p_subject = 'assignee' THEN
        v_row.before := CASE WHEN v_row.before ? 'name' THEN v_row.before || '{"name": "(name)"}' ELSE v_row.before END;
        v_row.after := CASE WHEN v_row.after ? 'name' THEN v_row.after || '{"name": "(name)"}' ELSE v_row.after END;
    END IF;
    v_row.hash := sha256(v_row.previous_hash || convert_to(switchyard.audit_content(v_row.sequence, v_row.happened_at, v_row.actor,
        v_row.database_user, v_row.action, v_row.subject, v_row.subject_id, v_row.workspace_id, v_row.before, v_row.after), 'UTF8'));
    INSERT INTO switchyard.audit_log SELECT v_row.*;
    RETURN v_row.sequence;
END
$$;
COMMENT ON FUNCTION switchyard.append_audit(text, text, text, text, uuid, jsonb, jsonb) IS
    'Appends a row to the audit, as the last step of a transaction, and returns its number.';

-- Runs at the commit, for each changed row, so that the turn to append is the last lock of every transaction, and is held
-- for the commit only. The arguments: what a row is called; its key columns; the column with its workspace; columns that
-- are left out; the only columns that count (none: all); columns of which only a digest is kept.
CREATE OR REPLACE FUNCTION switchyard.audit_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC'
AS $$
DECLARE
    v_key constant text[] := TG_ARGV[1];
    v_left_out constant text[] := TG_ARGV[3];
    v_only constant text[] := TG_ARGV[4];
    v_digested constant text[] := TG_ARGV[5];
    v_before jsonb;
    v_after jsonb;
    v_whole jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        v_before := to_jsonb(OLD) - v_left_out;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        v_after := to_jsonb(NEW) - v_left_out;
    END IF;
    v_whole := coalesce(v_after, v_before);
    IF cardinality(v_only) > 0 THEN
        v_before := (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(v_before) e WHERE e.key = ANY (v_only));
        v_after := (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(v_after) e WHERE e.key = ANY (v_only));
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF v_before = v_after THEN
            RETURN NULL;
        END IF;
        SELECT jsonb_object_agg(e.key, e.value), jsonb_object_agg(e.key, v_after -> e.key) INTO v_before, v_after
        FROM jsonb_each(v_before) e WHERE v_after -> e.key IS DISTINCT FROM e.value;
    END IF;
    IF cardinality(v_digested) > 0 THEN
        SELECT jsonb_object_agg(e.key, CASE WHEN e.key = ANY (v_digested) THEN to_jsonb(format('(%s bytes, SHA-256 %s)',
            octet_length(e.value::text), encode(sha256(convert_to(e.value::text, 'UTF8')), 'hex'))) ELSE e.value END)
        INTO v_before FROM jsonb_each(v_before) e;
        SELECT jsonb_object_agg(e.key, CASE WHEN e.key = ANY (v_digested) THEN to_jsonb(format('(%s bytes, SHA-256 %s)',
            octet_length(e.value::text), encode(sha256(convert_to(e.value::text, 'UTF8')), 'hex'))) ELSE e.value END)
        INTO v_after FROM jsonb_each(v_after) e;
    END IF;
    PERFORM switchyard.append_audit(nullif(current_setting('switchyard.actor', true), ''),
        TG_ARGV[0] || '.' || CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'change' ELSE 'delete' END, TG_ARGV[0],
        (SELECT string_agg(v_whole ->> k.name, '|' ORDER BY k.ord) FROM unnest(v_key) WITH ORDINALITY k (name, ord)),
        nullif(v_whole ->> TG_ARGV[2], '')::uuid, v_before, v_after);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.audit_change() IS
    'Appends a change of a row to the audit; the setting switchyard.actor of the transaction says who made it.';

-- A truncation has no rows. No transaction that truncates takes another lock after it, or it waits for one that it holds.
CREATE OR REPLACE FUNCTION switchyard.audit_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    PERFORM switchyard.append_audit(nullif(current_setting('switchyard.actor', true), ''), TG_ARGV[0] || '.truncate', TG_ARGV[0],
        TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, NULL, NULL, NULL);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.audit_truncate() IS 'Appends the truncation of a table to the audit.';

-- Called once for each table whose rows persons and keys change. A later migration that adds such a table calls it too; a
-- test fails for a table that has no audit and is not in its list of exceptions.
CREATE OR REPLACE FUNCTION switchyard.keep_audit(p_table text, p_subject text, p_key text[], p_workspace text DEFAULT '',
    p_left_out text[] DEFAULT '{}', p_only text[] DEFAULT '{}', p_digested text[] DEFAULT '{}', p_events text DEFAULT NULL,
    p_when text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    -- A constraint trigger cannot be replaced.
    EXECUTE format('DROP TRIGGER IF EXISTS switchyard_audit ON %s', p_table);
    EXECUTE format('CREATE CONSTRAINT TRIGGER switchyard_audit AFTER %s ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW %s '
        'EXECUTE FUNCTION switchyard.audit_change(%L, %L, %L, %L, %L, %L)', coalesce(p_events, 'INSERT OR UPDATE OR DELETE'), p_table,
        'WHEN (' || p_when || ')', p_subject, p_key, p_workspace, p_left_out, p_only, p_digested);
    EXECUTE format('CREATE OR REPLACE TRIGGER switchyard_audit_truncate AFTER TRUNCATE ON %s '
        'EXECUTE FUNCTION switchyard.audit_truncate(%L)', p_table, p_subject);
END
$$;
COMMENT ON FUNCTION switchyard.keep_audit(text, text, text[], text, text[], text[], text[], text, text) IS
    'Starts the audit of a table; for the parameters see switchyard.audit_change.';

-- Of tables that an installation may have had before, only the columns count that Switchyard reads.
DO $$
DECLARE
    v_workspace constant text[] := ARRAY['id', 'name', 'workspace_type', 'is_active', 'routing_paused_at', 'routing_suspended_at',
        'routing_suspended_reason', 'unmatched_policy', 'fallback_workspace_id', 'deleted_at', 'capacity'];
    v_silence constant text[] := ARRAY['silenced_until', 'silenced_by', 'silence_reason'];
BEGIN
    PERFORM switchyard.keep_audit('public.workspaces', 'workspace', ARRAY['id'], 'id', p_only => v_workspace,
        p_events => 'INSERT OR DELETE OR UPDATE OF ' || array_to_string(v_workspace, ', '));
    PERFORM switchyard.keep_audit('public.user_workspaces', 'member', ARRAY['user_id', 'workspace_id'], 'workspace_id',
        p_only => ARRAY['user_id', 'workspace_id', 'role']);
    PERFORM switchyard.keep_audit('public.lead_routing_rules', 'rule', ARRAY['id'], 'workspace_id', ARRAY['updated_at']);
    PERFORM switchyard.keep_audit('public.routing_agreements', 'agreement', ARRAY['receiving_workspace_id', 'sending_workspace_id'],
        'receiving_workspace_id');
    PERFORM switchyard.keep_audit('public.workspace_assignees', 'assignee', ARRAY['id'], 'workspace_id', ARRAY['updated_at']);
    PERFORM switchyard.keep_audit('switchyard.routing_pauses', 'pause', ARRAY['workspace_id'], 'workspace_id');
    -- People name golden leads after the person.
    PERFORM switchyard.keep_audit('switchyard.golden_leads', 'golden_lead', ARRAY['id'], 'workspace_id', ARRAY['updated_at'],
        p_digested => ARRAY['name', 'content']);
    PERFORM switchyard.keep_audit('switchyard.rule_set_drafts', 'draft', ARRAY['owner'], 'owner', ARRAY['updated_at', 'updated_by'],
        p_digested => ARRAY['document']);
    PERFORM switchyard.keep_audit('switchyard.rule_set_versions', 'rule_set', ARRAY['version'], p_events => 'INSERT',
        p_when => 'NEW.action IN (''publish'', ''return'', ''auto-rollback'')');
    PERFORM switchyard.keep_audit('switchyard.api_keys', 'key', ARRAY['id'], 'workspace_id', ARRAY['last_used_at', 'last_used_address']);
    PERFORM switchyard.keep_audit('switchyard.erasures', 'erasure', ARRAY['lead_id'], 'on_behalf_of');
    PERFORM switchyard.keep_audit('switchyard.retention', 'retention', ARRAY['singleton'], p_left_out => ARRAY['pruned_at']);
    PERFORM switchyard.keep_audit('switchyard.workspace_quotas', 'quota', ARRAY['workspace_id'], 'workspace_id');
    PERFORM switchyard.keep_audit('switchyard.alerts', 'alert', ARRAY['name'], p_only => v_silence,
        p_events => 'UPDATE OF ' || array_to_string(v_silence, ', '));
END
$$;
