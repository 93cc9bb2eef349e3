-- When routings fail after a publication, the last good rule set comes back by itself. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.rule_set_drafts') IS NULL THEN
        RAISE EXCEPTION 'The migration of publishing is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260602000002_rule_set_publishing.sql first.';
    END IF;
END
$$;

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
COMMENT ON TABLE switchyard.rule_set_rollbacks IS 'Publications that were taken back because routings failed: each once, over all nodes. The owner 00000000-0000-0000-0000-000000000000 stands for the platform.';

-- The operators' log has its say as well; the old check stays where another migration has replaced it by a wider one.
DO $$
DECLARE
    v_check text := (SELECT pg_get_constraintdef(c.oid) FROM pg_catalog.pg_constraint c
        WHERE c.conrelid = 'switchyard.operator_log'::regclass AND c.conname = 'operator_log_action_check');
    v_actions text[] := ARRAY['pause', 'resume', 'auto-rollback'];
BEGIN
    IF v_check IS NULL OR position('auto-rollback' IN v_check) > 0 THEN
        RETURN;
    END IF;
    -- Whatever is allowed by now stays so.
    v_actions := ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(v_check, '''([^'']+)''', 'g') m UNION SELECT unnest(v_actions));
    ALTER TABLE switchyard.operator_log DROP CONSTRAINT operator_log_action_check;
    EXECUTE format('ALTER TABLE switchyard.operator_log ADD CONSTRAINT operator_log_action_check CHECK (action IN (%s))',
        (SELECT string_agg(quote_literal(a), ', ') FROM unnest(v_actions) a));
END
$$;

-- Owners whose newest publication of the last hour is followed by five minutes in each of which more than a tenth
-- of the routings failed, at least twenty of them in all. A routing is an attempt that was decided: what was released,
-- requeued or expired is none. What somebody has gone back to by hand is left alone. Retries of leads that had failed before the publication count like all others.
--
-- Cheap when nothing was published: one look at a small index. Otherwise it reads the log of the last five minutes, by its
-- index on the time.
CREATE OR REPLACE FUNCTION switchyard.failing_publications(p_now timestamptz DEFAULT NULL)
RETURNS TABLE (owner uuid, bad_version bigint, good_version bigint, routings bigint, failures bigint)
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := coalesce(p_now, clock_timestamp());
    v_nobody constant uuid := '00000000-0000-0000-0000-000000000000';
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
            -- Whatever came after it, an edit by hand or a rollback, is somebody's answer already.
            AND NOT EXISTS (SELECT FROM switchyard.rule_set_versions v WHERE v.version > p.version AND v.owners @> ARRAY[p.owner])
            AND NOT EXISTS (SELECT FROM switchyard.rule_set_rollbacks b WHERE b.owner = p.owner AND b.bad_version = p.version)
    ), minutes AS (
        SELECT s.owner, s.version, m.ago, count(*) AS routings, count(*) FILTER (WHERE g.routing_result IN ('failed', 'retry')) AS failures
        FROM suspect s
        CROSS JOIN generate_series(1, 5) m (ago)
        JOIN public.lead_routing_logs g ON g.created_at > v_now - m.ago * interval '1 minute'
            AND g.created_at <= v_now - (m.ago - 1) * interval '1 minute'
        WHERE g.routing_result NOT IN ('released', 'requeued', 'expired') AND (s.owner = v_nobody OR g.source_workspace_id = s.owner)
        GROUP BY s.owner, s.version, m.ago
    )
    SELECT m.owner, m.version, w.good, sum(m.routings)::bigint, sum(m.failures)::bigint
    FROM minutes m
    -- The last good one: what was in force before, unless that was taken back itself.
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
COMMENT ON FUNCTION switchyard.failing_publications(timestamptz) IS 'Publications after which more than a tenth of the routings failed in each of the last five minutes, and the version to go back to.';

-- Any number of nodes may ask at the same moment: the row under its key decides who does it.
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
        -- In turn with everybody who changes rules, and only if they are still those that fail.
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
        PERFORM set_config('switchyard.actor', '', true), set_config('switchyard.action', '', true), set_config('switchyard.note', '', true);
        UPDATE switchyard.rule_set_rollbacks b SET new_version = v_new
        WHERE b.owner = v_failing.owner AND b.bad_version = v_failing.bad_version;
        INSERT INTO switchyard.operator_log (actor, action, workspace_id, reason)
        VALUES ('switchyard', 'auto-rollback', v_failing.owner, v_note);
        RETURN QUERY SELECT v_failing.owner, v_failing.bad_version, v_failing.good_version, v_new, v_failing.routings, v_failing.failures;
    END LOOP;
END
$$;
COMMENT ON FUNCTION switchyard.roll_back_failing(text, timestamptz) IS 'Takes back publications after which routings fail, each once; returns what it has taken back.';

ALTER TABLE switchyard.rule_set_rollbacks ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rule_set_rollbacks FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE ON switchyard.rule_set_rollbacks TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.rule_set_rollbacks;
CREATE POLICY switchyard_service ON switchyard.rule_set_rollbacks TO service_role USING (true) WITH CHECK (true);
CREATE INDEX IF NOT EXISTS rule_set_versions_published ON switchyard.rule_set_versions (changed_at) WHERE action = 'publish';

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('failing_publications', 'roll_back_failing')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
