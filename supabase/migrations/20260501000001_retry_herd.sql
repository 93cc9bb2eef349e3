-- After an outage retries come back spread out, apart from new leads, and without one source ahead of the others; a hint
-- for idle nodes; and due times whose claim went unanswered are not lost. Safe to run again.

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

-- 1. Spread --------------------------------------------------------------------------------------------------------

-- Never sooner than the guide says, and up to a tenth later: leads that failed together do not come back together.
CREATE OR REPLACE FUNCTION switchyard.retry_delay(p_attempt integer) RETURNS interval
LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT (1 + random() / 10) * CASE WHEN p_attempt <= 1 THEN interval '1 minute' WHEN p_attempt = 2 THEN interval '5 minutes'
        WHEN p_attempt = 3 THEN interval '15 minutes' ELSE interval '1 hour' END
$$;
COMMENT ON FUNCTION switchyard.retry_delay(integer) IS 'How long a lead waits after its nth failed attempt: 1, 5, 15, 60 minutes, and up to a tenth more.';

-- 2. The claim -----------------------------------------------------------------------------------------------------

-- New leads and retries are claimed apart, so that a backlog of the one does not stand before the other; in each, the
-- oldest due lead of every source is found without reading those of others.
CREATE INDEX IF NOT EXISTS lead_routing_queue_turns ON public.lead_routing_queue
    ((attempt_number > 0), coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'), next_retry_at);
DROP INDEX IF EXISTS public.lead_routing_queue_sources;

-- Every source that has due leads gets an equal share of the batch first, its oldest due ahead; what is left goes to the
-- sources that have waited longest. Paused sources are not touched: the list of sources is read by a probe each (a loose
-- index scan), so a paused source's backlog costs one probe, not its length. Ranges are compared as pairs (source, due
-- time) behind (attempt_number > 0): only lead_routing_queue_turns fits that.
CREATE OR REPLACE FUNCTION switchyard.claim_turn(p_limit integer, p_tried boolean)
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
    v_taken uuid[] := '{}';
BEGIN
    IF EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = v_nobody) THEN
        RETURN;
    END IF;
    WITH RECURSIVE source (id) AS (
        (SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') FROM public.lead_routing_queue q
            WHERE (q.attempt_number > 0) = p_tried
            ORDER BY (q.attempt_number > 0), coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') FROM public.lead_routing_queue q
            WHERE (q.attempt_number > 0) = p_tried
                AND coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') > s.id
            ORDER BY (q.attempt_number > 0), coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') LIMIT 1)
        FROM source s WHERE s.id IS NOT NULL
    )
    SELECT array_agg(s.id ORDER BY d.oldest, s.id) INTO v_sources
    FROM source s
    CROSS JOIN LATERAL (
        SELECT q.next_retry_at AS oldest FROM public.lead_routing_queue q
        WHERE (q.attempt_number > 0) = p_tried
            AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) >= (s.id, v_ever)
            AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) <= (s.id, v_now)
        ORDER BY (q.attempt_number > 0), coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
        LIMIT 1
    ) d
    WHERE NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id);
    IF v_sources IS NULL THEN
        RETURN;
    END IF;

    -- The first round gives every source its share, the second what is left, oldest waiting first.
    v_share := greatest(p_limit / cardinality(v_sources), 1);
    FOR v_round IN 1..2 LOOP
        v_taken := v_taken || ARRAY(
            SELECT c.lead_id
            FROM unnest(v_sources) WITH ORDINALITY s (id, turn)
            CROSS JOIN LATERAL (
                SELECT q.lead_id FROM public.lead_routing_queue q
                CROSS JOIN LATERAL (
                    SELECT FROM public.leads l
                    WHERE l.id = q.lead_id AND l.routing_status = 'pending'
                        AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
                    FOR UPDATE SKIP LOCKED
                ) l
                WHERE (q.attempt_number > 0) = p_tried
                    AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) >= (s.id, v_ever)
                    AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) <= (s.id, v_now)
                    AND q.lead_id <> ALL (v_taken)
                ORDER BY (q.attempt_number > 0), coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
                LIMIT v_share
                FOR UPDATE OF q SKIP LOCKED
            ) c
            LIMIT p_limit - cardinality(v_taken));
        EXIT WHEN cardinality(v_taken) >= p_limit OR cardinality(v_sources) = 1;
        v_share := p_limit - cardinality(v_taken);
    END LOOP;
    RETURN QUERY
    SELECT l.id, coalesce(l.source_workspace_id, l.workspace_id, v_nobody), coalesce(l.routing_attempts, 0), l.email::text,
        l.phone::text, l.company_name::text, l.company_industry::text, l.company_size::text, l.company_revenue::text,
        to_jsonb(l.company_location)
    FROM unnest(v_taken) u (id) JOIN public.leads l ON l.id = u.id;
END
$$;
COMMENT ON FUNCTION switchyard.claim_turn(integer, boolean) IS 'Holds due leads, new ones or those tried before, by row lock until the transaction ends: a fair share for each source, oldest due first, none of a paused source.';

-- For nodes of the version before, which may run beside the new ones.
CREATE OR REPLACE FUNCTION switchyard.claim_due(p_limit integer, p_new_only boolean DEFAULT false)
RETURNS TABLE (lead_id uuid, source_workspace_id uuid, attempts integer, email text, phone text, company_name text,
    company_industry text, company_size text, company_revenue text, company_location jsonb)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_count integer;
BEGIN
    RETURN QUERY SELECT * FROM switchyard.claim_turn(p_limit, false);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF p_new_only IS NOT TRUE AND v_count < p_limit THEN
        RETURN QUERY SELECT * FROM switchyard.claim_turn(p_limit - v_count, true);
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.claim_due(integer, boolean) IS 'switchyard.claim_turn for new leads, and then for those tried before.';

-- 3. The hint ------------------------------------------------------------------------------------------------------

-- At most one notification a transaction, and none while leads wait already: nodes that have work do not sleep, and a
-- commit with a notification takes a lock that all such commits share. Nodes ask by themselves all the same.
CREATE OR REPLACE FUNCTION switchyard.hint_waiting() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' SET enable_seqscan = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM arrived a WHERE a.next_retry_at <= clock_timestamp())
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.next_retry_at < clock_timestamp() - interval '2 seconds') THEN
        PERFORM pg_notify('switchyard_waiting', '');
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.hint_waiting() IS 'Tells idle nodes that leads have come into the queue.';
CREATE OR REPLACE TRIGGER switchyard_hint AFTER INSERT ON public.lead_routing_queue
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION switchyard.hint_waiting();

-- 4. The schedule --------------------------------------------------------------------------------------------------

-- Who takes a due time and never hears that he has it may ask again.
ALTER TABLE switchyard.scheduled_runs ADD COLUMN IF NOT EXISTS claim uuid;

-- 5. Privileges ----------------------------------------------------------------------------------------------------

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('claim_turn', 'claim_due', 'hint_waiting')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
