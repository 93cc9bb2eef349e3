-- Pauses of routing, for one source workspace or as a whole, and a claim of waiting leads in which every source has its
-- turn. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.rule_set_version') IS NULL THEN
        RAISE EXCEPTION 'The routing migration is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260201000001_switchyard_routing.sql first.';
    END IF;
END
$$;

-- 1. What is paused, and who did it --------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS switchyard.routing_pauses (
    workspace_id uuid PRIMARY KEY,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_by text NOT NULL,
    reason text
);
COMMENT ON TABLE switchyard.routing_pauses IS 'Source workspaces whose leads wait undecided; the workspace 00000000-0000-0000-0000-000000000000 stands for all of them.';

CREATE TABLE IF NOT EXISTS switchyard.operator_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL CONSTRAINT operator_log_action_check CHECK (action IN ('pause', 'resume')),
    workspace_id uuid NOT NULL,
    reason text
);
COMMENT ON TABLE switchyard.operator_log IS 'What operators did to routing, and who; append-only. Workspace 0: routing as a whole.';
CREATE OR REPLACE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON switchyard.operator_log
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.operator_log
    EXECUTE FUNCTION switchyard.refuse_log_change();

-- A pause is part of the rule set: a batch that was decided before it is refused as stale, and decided again.
CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON switchyard.routing_pauses
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

CREATE OR REPLACE FUNCTION switchyard.pause_routing(p_workspace_id uuid, p_actor text, p_reason text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_workspace uuid := coalesce(p_workspace_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    IF p_workspace_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = p_workspace_id AND w.deleted_at IS NULL) THEN
        RAISE EXCEPTION 'There is no such workspace.' USING ERRCODE = 'foreign_key_violation';
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
COMMENT ON FUNCTION switchyard.pause_routing(uuid, text, text) IS 'Leads of this source (NULL: of all) are taken in and wait; false if that was so before.';

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
COMMENT ON FUNCTION switchyard.resume_routing(uuid, text) IS 'Ends a pause; what waits is routed, oldest due first. False if there was none.';

-- 2. The claim -----------------------------------------------------------------------------------------------------

-- Finds each source's oldest due lead without reading the others'.
CREATE INDEX IF NOT EXISTS lead_routing_queue_sources ON public.lead_routing_queue
    (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'), next_retry_at);

-- switchyard.claim_waiting for whatever is due: every source that has due leads gets an equal share of the batch first,
-- its oldest due ahead; what is left goes to the sources that have waited longest. Paused sources are not touched: the
-- list of sources is read by a probe each (a loose index scan), so a paused source's backlog costs one probe, not its
-- length. Ranges are compared as pairs (source, due time): of the two indexes, only lead_routing_queue_sources fits that.
CREATE OR REPLACE FUNCTION switchyard.claim_due(p_limit integer, p_new_only boolean DEFAULT false)
RETURNS TABLE (lead_id uuid, source_workspace_id uuid, attempts integer, email text, phone text, company_name text,
    company_industry text, company_size text, company_revenue text, company_location jsonb)
LANGUAGE plpgsql SET search_path = '' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
    SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ever constant timestamptz := '-infinity';
    v_nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    v_sources uuid[];
    v_share integer;
    v_taken uuid[];
BEGIN
    IF EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = v_nobody)
        OR NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.next_retry_at <= v_now) THEN
        RETURN;
    END IF;
    WITH RECURSIVE source (id) AS (
        (SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') FROM public.lead_routing_queue q
            ORDER BY coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') FROM public.lead_routing_queue q
            WHERE coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') > s.id
            ORDER BY coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') LIMIT 1)
        FROM source s WHERE s.id IS NOT NULL
    )
    SELECT array_agg(s.id ORDER BY d.oldest, s.id) INTO v_sources
    FROM source s
    CROSS JOIN LATERAL (
        SELECT q.next_retry_at AS oldest FROM public.lead_routing_queue q
        WHERE (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) >= (s.id, v_ever)
            AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) <= (s.id, v_now)
            AND (p_new_only IS NOT TRUE OR q.attempt_number = 0)
        ORDER BY coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
        LIMIT 1
    ) d
    WHERE NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id);
    IF v_sources IS NULL THEN
        RETURN;
    END IF;
    -- With nobody to share with there is a quicker way.
    IF cardinality(v_sources) = 1 AND NOT EXISTS (SELECT FROM switchyard.routing_pauses) THEN
        RETURN QUERY
        SELECT c.lead_id, c.source_workspace_id, c.attempts, c.email, c.phone, c.company_name, c.company_industry, c.company_size,
            c.company_revenue, c.company_location
        FROM switchyard.claim_waiting(p_limit, NULL, p_new_only) c;
        RETURN;
    END IF;

    v_share := greatest(p_limit / cardinality(v_sources), 1);
    v_taken := ARRAY(
        SELECT c.lead_id
        FROM unnest(v_sources) WITH ORDINALITY s (id, turn)
        CROSS JOIN LATERAL (
            SELECT q.lead_id FROM public.lead_routing_queue q
            CROSS JOIN LATERAL (
                SELECT FROM public.leads l
                WHERE l.id = q.lead_id AND l.routing_status = 'pending' AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
                FOR UPDATE SKIP LOCKED
            ) l
            WHERE (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) >= (s.id, v_ever)
                AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) <= (s.id, v_now)
                AND (p_new_only IS NOT TRUE OR q.attempt_number = 0)
            ORDER BY coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
            LIMIT v_share
            FOR UPDATE OF q SKIP LOCKED
        ) c
        LIMIT p_limit);
    IF cardinality(v_taken) < p_limit AND cardinality(v_sources) > 1 THEN
        v_taken := v_taken || ARRAY(
            SELECT c.lead_id
            FROM unnest(v_sources) WITH ORDINALITY s (id, turn)
            CROSS JOIN LATERAL (
                SELECT q.lead_id FROM public.lead_routing_queue q
                CROSS JOIN LATERAL (
                    SELECT FROM public.leads l
                    WHERE l.id = q.lead_id AND l.routing_status = 'pending' AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
                    FOR UPDATE SKIP LOCKED
                ) l
                WHERE (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) >= (s.id, v_ever)
                    AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) <= (s.id, v_now)
                    AND (p_new_only IS NOT TRUE OR q.attempt_number = 0) AND q.lead_id <> ALL (v_taken)
                ORDER BY coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
                LIMIT p_limit - cardinality(v_taken)
                FOR UPDATE OF q SKIP LOCKED
            ) c
            LIMIT p_limit - cardinality(v_taken));
    END IF;
    RETURN QUERY
    SELECT l.id, coalesce(l.source_workspace_id, l.workspace_id, v_nobody), coalesce(l.routing_attempts, 0), l.email::text,
        l.phone::text, l.company_name::text, l.company_industry::text, l.company_size::text, l.company_revenue::text,
        to_jsonb(l.company_location)
    FROM unnest(v_taken) u (id) JOIN public.leads l ON l.id = u.id;
END
$$;
COMMENT ON FUNCTION switchyard.claim_due(integer, boolean) IS 'Holds due leads by row lock until the transaction ends: a fair share for each source, oldest due first, none of a paused source.';

-- 3. Privileges ----------------------------------------------------------------------------------------------------

ALTER TABLE switchyard.routing_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.operator_log ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_pauses, switchyard.operator_log FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_pauses TO service_role;
GRANT SELECT, INSERT ON switchyard.operator_log TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.routing_pauses;
CREATE POLICY switchyard_service ON switchyard.routing_pauses TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.operator_log;
CREATE POLICY switchyard_service ON switchyard.operator_log TO service_role USING (true) WITH CHECK (true);

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('pause_routing', 'resume_routing', 'claim_due')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
