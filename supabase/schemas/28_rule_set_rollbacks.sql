-- Automatic rollback: when routings fail after a publication, the last good rule set is restored.

CREATE TABLE switchyard.rule_set_rollbacks (
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
