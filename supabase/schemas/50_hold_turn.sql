-- Claiming waiting leads by row lock: hold_turn or hold_lead picks and locks them, held_leads reads them, settle_held writes the
-- outcome, all in one transaction.

-- Holds due leads by row lock until the transaction ends, and returns their ids: a fair share for each source, oldest
-- due first, none of a paused or suspended source. Rows of the queue are not locked: every writer of a queue row holds its lead, and
-- held_leads, which reads the queue anyway, leaves out rows that are no longer due.
--
-- With p_source, only these sources are searched, each from its time in p_from. A caller that drains a long queue
-- passes the position where its last claim ended: the rows before it are deleted, but until vacuum removes them, every claim
-- that begins at the front scans all of them, and while an old transaction is open vacuum cannot. Leads that were
-- queued behind that place are found by the next claim without p_source.
--
-- The plan is generic, because the planner would fold a known p_tried into a condition that no index has. The plan is kept,
-- and may have been made when the queue was empty. So the status is compared as text, which matches no partial index of
-- leads and leaves only the primary key.
CREATE OR REPLACE FUNCTION switchyard.hold_turn(p_limit integer, p_tried boolean, p_source uuid[] DEFAULT NULL, p_from timestamptz[] DEFAULT NULL)
RETURNS uuid[]
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
    v_source uuid[];
    v_from timestamptz[];
    v_share integer;
    v_more integer;
    v_taken uuid[] := '{}';
BEGIN
    IF EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = v_nil) THEN
        RETURN v_taken;
    END IF;
    IF p_source IS NOT NULL THEN
        SELECT array_agg(s.id), array_agg(s.oldest) INTO v_source, v_from
        FROM unnest(p_source, p_from) s (id, oldest)
        WHERE NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id)
            AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = s.id AND w.routing_suspended_at IS NOT NULL);
    ELSE
        -- One index probe for each source: its oldest lead.
        WITH RECURSIVE source (id, oldest) AS (
            (SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
                FROM public.lead_routing_queue q
                WHERE (q.attempt_number > 0) = p_tried
                ORDER BY (q.attempt_number > 0), coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
                LIMIT 1)
            UNION ALL
            SELECT n.* FROM source s CROSS JOIN LATERAL (
                SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
                FROM public.lead_routing_queue q
                WHERE (q.attempt_number > 0) = p_tried
                    AND coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') > s.id
                ORDER BY (q.attempt_number > 0), coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
                LIMIT 1) n
        )
        SELECT array_agg(s.id ORDER BY s.oldest, s.id), array_agg(s.oldest ORDER BY s.oldest, s.id) INTO v_source, v_from
        FROM source s
        WHERE s.oldest <= v_now AND NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id)
            AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = s.id AND w.routing_suspended_at IS NOT NULL);
    END IF;
    IF v_source IS NULL THEN
        RETURN v_taken;
    END IF;

    -- The first round gives every source its share; the second distributes what is left, longest waiting first.
    v_share := p_limit / cardinality(v_source);
    v_more := p_limit % cardinality(v_source);
    FOR v_round IN 1 .. 2 LOOP
        v_taken := v_taken || ARRAY(
            SELECT c.lead_id
            FROM unnest(v_source, v_from) WITH ORDINALITY s (id, oldest, turn)
            CROSS JOIN LATERAL (
                SELECT q.lead_id FROM public.lead_routing_queue q
                CROSS JOIN LATERAL (
                    SELECT FROM public.leads l
                    WHERE l.id = q.lead_id AND l.routing_status::text = 'pending'
                        AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
                    FOR UPDATE SKIP LOCKED
                ) l
                WHERE (q.attempt_number > 0) = p_tried
                    AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) >= (s.id, s.oldest)
                    AND (coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at) <= (s.id, v_now)
                    AND q.lead_id <> ALL (v_taken)
                ORDER BY (q.attempt_number > 0), coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
                LIMIT v_share + (s.turn <= v_more)::integer
            ) c
            LIMIT p_limit - cardinality(v_taken));
        EXIT WHEN cardinality(v_taken) >= p_limit OR cardinality(v_source) = 1;
        v_share := p_limit - cardinality(v_taken);
    END LOOP;
    RETURN v_taken;
END
$$;
COMMENT ON FUNCTION switchyard.hold_turn(integer, boolean, uuid[], timestamptz[]) IS
    'Holds due leads, new ones or retries, by row lock until the transaction ends: a fair share for each source, oldest due first, none of a paused source.';

-- Holds one waiting lead, due or not.
CREATE OR REPLACE FUNCTION switchyard.hold_lead(p_lead_id uuid) RETURNS uuid[]
LANGUAGE plpgsql SET search_path = '' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
    SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    RETURN ARRAY(
        SELECT l.id
        FROM public.lead_routing_queue q JOIN public.leads l ON l.id = q.lead_id
        WHERE q.lead_id = p_lead_id AND l.routing_status = 'pending'
            AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
        FOR UPDATE OF q, l SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION switchyard.hold_lead(uuid) IS
    'Holds a waiting lead by row lock until the transaction ends, due or not; empty if it does not wait, is past its expiry, or another transaction holds it.';

-- All fields of leads that the caller holds, because rules may ask for any of them. A separate statement, so that it
-- sees what the locks protect. turn and due are the lead's place in the queue. OFFSET 0 keeps the join order, from each
-- id to its rows, even in a plan made when both tables were empty.
CREATE OR REPLACE FUNCTION switchyard.held_leads(p_lead_id uuid[], p_due boolean DEFAULT false)
RETURNS TABLE (lead_id uuid, source_workspace_id uuid, attempts integer, email text, phone text, first_name text, last_name text,
    company_name text, company_industry text, company_size text, company_revenue text, company_location text, source text,
    source_id text, metadata text, waiting_for uuid, turn uuid, due timestamptz)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off
    SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY
    SELECT l.id, coalesce(l.source_workspace_id, l.workspace_id, '00000000-0000-0000-0000-000000000000'),
        coalesce(l.routing_attempts, 0), l.email::text, l.phone::text, l.first_name::text, l.last_name::text, l.company_name::text,
        l.company_industry::text, l.company_size::text, l.company_revenue::text, l.company_location::text, l.source::text,
        l.source_id::text, l.metadata::text, q.waiting_for,
        coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.next_retry_at
    FROM unnest(p_lead_id) u (id)
    CROSS JOIN LATERAL (SELECT * FROM public.lead_routing_queue q WHERE q.lead_id = u.id OFFSET 0) q
    CROSS JOIN LATERAL (SELECT * FROM public.leads l WHERE l.id = u.id OFFSET 0) l
    WHERE NOT p_due OR q.next_retry_at <= v_now;
END
$$;
COMMENT ON FUNCTION switchyard.held_leads(uuid[], boolean) IS
    'All fields of leads that the caller holds by row lock, with their place in the queue; p_due: only leads that are due.';

-- May be called for any part of the leads that the transaction holds by row lock, as often as needed.
CREATE OR REPLACE FUNCTION switchyard.settle_held(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[]
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_rule_set_version IS NOT NULL
        AND NOT EXISTS (SELECT FROM switchyard.rule_set_version v WHERE v.version = p_rule_set_version) THEN
        RETURN QUERY SELECT 0, 'stale'::text, NULL::uuid;
        RETURN;
    END IF;
    IF NOT p_result <@ ARRAY['success', 'unmatched', 'fallback', 'retry', 'failed', 'waiting'] THEN
        RAISE EXCEPTION 'p_result has a value other than success, unmatched, fallback, retry, failed or waiting.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM unnest(p_result, p_waiting_for) u (result, rule) WHERE u.result = 'waiting' AND u.rule IS NULL) THEN
        RAISE EXCEPTION 'A result is waiting, but p_waiting_for names no rule for this lead.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY
    SELECT s.ordinal, CASE s.outcome WHEN 'refused' THEN 'again' ELSE s.outcome END, s.duplicate_of
    FROM switchyard.settle_decided(p_rule_set_version, p_lead_id, p_destination, p_rule, p_result, p_reason, NULL,
        p_dedupe_hash, p_claim_1, p_claim_2, coalesce(p_max_attempts, 5), NULL, p_assignee, p_waiting_for, p_log_metadata) s
    WHERE s.outcome IN ('duplicate', 'again', 'failed', 'refused')
        -- The decision assigned the lead, but the destination is not available.
        OR (s.outcome = 'pending' AND p_result[s.ordinal] NOT IN ('retry', 'waiting'));
END
$$;
COMMENT ON FUNCTION switchyard.settle_held(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[], bytea[], integer, uuid[], uuid[], text[]) IS
    'Writes the outcome of leads that are held by row lock; returns exceptions only: duplicate, again, failed, pending (destination unavailable), or (0, stale).';
