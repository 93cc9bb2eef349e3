-- Claiming and completing waiting leads at the speed of ingest: a claim is one statement that finds its leads without
-- walking over those that are gone, and an attempt is ended by statements that touch each lead once. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regprocedure('switchyard.claim_waiters(uuid,integer,uuid[])') IS NULL THEN
        RAISE EXCEPTION 'The migration of capacity is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260601000001_capacity.sql first.';
    END IF;
END
$$;

-- 1. The claim -----------------------------------------------------------------------------------------------------

-- Holds due leads by row lock until the transaction ends, and returns their ids: a fair share for each source, its oldest
-- due first, none of a paused source. The queue's rows are not locked: whoever changes one holds its lead, and held_leads,
-- which has to look at them anyway, leaves out those that are due no longer.
--
-- With p_source, only these sources are looked at, each from its time in p_from on. A caller that drains a long queue names
-- where it has come to: what was there before is gone, but until it is vacuumed away every claim that begins at the front
-- walks over all of it, and while an old transaction is open it cannot be vacuumed. What came in behind that place is found
-- by the next claim without p_source.
--
-- The plan is a generic one, because a known p_tried is folded into a condition that no index has. It is kept, and may have
-- been made when nothing waited: so the status is compared as text, which no partial index of leads fits, and nothing but the
-- primary key is left to find a lead by.
CREATE OR REPLACE FUNCTION switchyard.hold_turn(p_limit integer, p_tried boolean, p_source uuid[] DEFAULT NULL, p_from timestamptz[] DEFAULT NULL)
RETURNS uuid[]
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    v_source uuid[];
    v_from timestamptz[];
    v_share integer;
    v_more integer;
    v_taken uuid[] := '{}';
BEGIN
    IF EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = v_nobody) THEN
        RETURN v_taken;
    END IF;
    IF p_source IS NOT NULL THEN
        SELECT array_agg(s.id), array_agg(s.oldest) INTO v_source, v_from
        FROM unnest(p_source, p_from) s (id, oldest)
        WHERE NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id);
    ELSE
        -- One probe for each source, whatever it has: its oldest lead.
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
        WHERE s.oldest <= v_now AND NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id);
    END IF;
    IF v_source IS NULL THEN
        RETURN v_taken;
    END IF;

    -- The first round gives every source its share, the second what others leave, the longest waiting first.
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
COMMENT ON FUNCTION switchyard.hold_turn(integer, boolean, uuid[], timestamptz[]) IS 'Holds due leads, new ones or those tried before, by row lock until the transaction ends: a fair share for each source, oldest due first, none of a paused source.';

-- Everything about leads that the caller holds: rules may ask for any of it. A statement of its own, so that it sees what
-- the locks protect. turn and due are the lead's place in the queue. OFFSET 0 keeps the way that it is written: from each id
-- to its rows, also by a plan that was made when both tables were empty.
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
COMMENT ON FUNCTION switchyard.held_leads(uuid[], boolean) IS 'All fields of leads that the caller holds by row lock, with their place in the queue; p_due: only of those that are due.';

-- What nodes of the version before call, with the plan that its index is made for.
ALTER FUNCTION switchyard.claim_turn(integer, boolean) SET plan_cache_mode = force_generic_plan;

-- 2. The end of an attempt -----------------------------------------------------------------------------------------

-- The one implementation beneath settle_held, settle_claimed, complete_routings and fail_routings.
--
-- p_owner NULL: the leads are held by row lock, and pending; else p_owner is the fencing token of their written lock. Every
-- lead is written once and has an outcome: routed, duplicate, pending (to be tried again, or waiting), failed, again (nothing
-- written), refused (not the caller's). What all leads of a batch share is looked up once for the batch: workspaces and
-- partners. Leads are read, and locked, along their primary key in the order of their ids; a probe of an index is called cheap,
-- so that a plan which is made while a table is nearly empty does not read all of it, and is not kept when it is full.
CREATE OR REPLACE FUNCTION switchyard.settle_decided(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_error text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer, p_owner uuid,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[]
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET enable_hashjoin = off SET enable_bitmapscan = off SET random_page_cost = 0.01 SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    c_assigned constant text[] := ARRAY['success', 'unmatched', 'fallback'];
    v_now timestamptz := clock_timestamp();
    v_ord integer[];
    v_id uuid[];
    v_source uuid[];
    v_partner uuid[];
    v_destination uuid[];
    v_rule uuid[];
    v_result text[];
    v_reason text[];
    v_error text[];
    v_hash text[];
    v_claim_1 bytea[];
    v_claim_2 bytea[];
    v_attempt integer[];
    v_assignee uuid[];
    v_waiting_for uuid[];
    v_metadata text[];
    v_duplicate_of uuid[];
    v_gone uuid[];
    v_inactive uuid[];
    v_credited uuid[];
    v_credit uuid[];
    v_lost_ord integer[];
    v_lost_outcome text[];
    v_lost_to uuid[];
BEGIN
    -- What is really held, before anything is written. A lead that is named twice is taken once.
    SELECT array_agg(h.ord), array_agg(h.id), array_agg(h.source), array_agg(h.partner), array_agg(h.destination),
        array_agg(h.rule), array_agg(h.result), array_agg(h.reason), array_agg(h.error),
        array_agg(coalesce(h.hash, encode(h.claims[1], 'hex'), h.dedupe_hash)),
        array_agg(CASE WHEN p_owner IS NULL THEN h.claim_1 ELSE h.claims[1] END),
        array_agg(CASE WHEN p_owner IS NULL THEN h.claim_2 ELSE h.claims[2] END),
        -- Waiting for capacity uses no attempt.
        array_agg(h.attempts + (p_owner IS NULL AND h.result <> 'waiting')::integer), array_agg(h.assignee),
        array_agg(h.waiting_for), array_agg(h.metadata)
    INTO v_ord, v_id, v_source, v_partner, v_destination, v_rule, v_result, v_reason, v_error, v_hash, v_claim_1, v_claim_2,
        v_attempt, v_assignee, v_waiting_for, v_metadata
    FROM (
        SELECT u.ord::integer AS ord, l.id, l.source_workspace_id AS source, l.partner_id AS partner,
            CASE WHEN u.result = 'unmatched' AND p_owner IS NULL THEN l.source_workspace_id ELSE u.destination END AS destination,
            u.rule, u.reason, u.error, u.hash, u.claim_1, u.claim_2, u.assignee, u.waiting_for, u.metadata, l.dedupe_hash,
            CASE WHEN u.result <> 'decided' THEN u.result
                WHEN u.rule IS NOT NULL OR u.destination IS DISTINCT FROM l.source_workspace_id THEN 'success'
                ELSE 'unmatched' END AS result,
            coalesce(l.routing_attempts, 0) AS attempts,
            CASE WHEN p_owner IS NOT NULL THEN switchyard.lead_claims(l.email::text, l.phone::text, l.company_name::text) END AS claims
        FROM (
            SELECT DISTINCT ON (n.id) n.*
            FROM unnest(p_lead_id, p_destination, p_rule, p_result, p_reason, p_error, p_dedupe_hash, p_claim_1, p_claim_2,
                p_assignee, p_waiting_for, p_log_metadata)
                WITH ORDINALITY n (id, destination, rule, result, reason, error, hash, claim_1, claim_2, assignee, waiting_for,
                    metadata, ord)
            ORDER BY n.id, n.ord
        ) u
        CROSS JOIN LATERAL (
            SELECT * FROM public.leads l
            WHERE l.id = u.id AND CASE WHEN p_owner IS NULL THEN l.routing_status = 'pending'
                ELSE l.routing_status = 'routing' AND l.routing_locked_by = p_owner END
            FOR UPDATE
        ) l
    ) h;

    IF v_id IS NOT NULL THEN
        -- Destinations that cannot take a lead, and those that can only keep their own.
        SELECT array_agg(d.id) FILTER (WHERE w.id IS NULL OR w.deleted_at IS NOT NULL),
            array_agg(d.id) FILTER (WHERE w.deleted_at IS NULL AND NOT w.is_active)
        INTO v_gone, v_inactive
        FROM (SELECT DISTINCT u.id FROM unnest(v_destination, v_result) u (id, result) WHERE u.result = ANY (c_assigned)) d
        LEFT JOIN public.workspaces w ON w.id = d.id;
        IF v_gone IS NOT NULL OR v_inactive IS NOT NULL THEN
            SELECT array_agg(CASE WHEN x.obstacle IS NULL THEN x.result ELSE 'retry' END ORDER BY x.ord),
                array_agg(coalesce(x.obstacle, x.reason) ORDER BY x.ord), array_agg(coalesce(x.obstacle, x.error) ORDER BY x.ord)
            INTO v_result, v_reason, v_error
            FROM (
                SELECT u.*, CASE WHEN u.result <> ALL (c_assigned) THEN NULL
                    WHEN u.destination IS NULL THEN 'There is no workspace that the lead could go to or stay in.'
                    WHEN u.destination = ANY (v_gone)
                        OR (u.destination = ANY (v_inactive) AND NOT (u.result = 'unmatched' AND p_owner IS NULL))
                    THEN 'The destination workspace does not exist, is closed, or is not active.' END AS obstacle
                FROM unnest(v_destination, v_result, v_reason, v_error) WITH ORDINALITY u (destination, result, reason, error, ord)
            ) x;
        END IF;
        -- What a lead that is tried again, fails or waits does not have.
        IF v_result && ARRAY['retry', 'failed', 'waiting'] THEN
            SELECT array_agg(x.result ORDER BY x.ord),
                array_agg(CASE WHEN x.result = ANY (c_assigned) THEN x.rule END ORDER BY x.ord),
                array_agg(CASE WHEN x.result IN ('retry', 'failed') THEN coalesce(x.error, x.reason) END ORDER BY x.ord),
                array_agg(CASE WHEN x.result = 'failed' OR (x.result = 'retry' AND p_owner IS NOT NULL) THEN NULL
                    ELSE x.claim_1 END ORDER BY x.ord),
                array_agg(CASE WHEN x.result = 'failed' OR (x.result = 'retry' AND p_owner IS NOT NULL) THEN NULL
                    ELSE x.claim_2 END ORDER BY x.ord),
                array_agg(CASE WHEN x.result IN ('success', 'fallback') THEN x.assignee END ORDER BY x.ord),
                array_agg(CASE WHEN x.result = 'waiting' THEN x.waiting_for END ORDER BY x.ord),
                array_agg(CASE WHEN x.result NOT IN ('retry', 'failed') THEN x.metadata END ORDER BY x.ord)
            INTO v_result, v_rule, v_error, v_claim_1, v_claim_2, v_assignee, v_waiting_for, v_metadata
            FROM (
                SELECT CASE WHEN u.result = 'retry' AND u.attempt >= p_max_attempts THEN 'failed' ELSE u.result END AS result, u.rule,
                    u.error, u.reason, u.claim_1, u.claim_2, u.assignee, u.waiting_for, u.metadata, u.ord
                FROM unnest(v_result, v_rule, v_error, v_reason, v_claim_1, v_claim_2, v_assignee, v_waiting_for, v_metadata, v_attempt)
                    WITH ORDINALITY u (result, rule, error, reason, claim_1, claim_2, assignee, waiting_for, metadata, attempt, ord)
            ) x;
        END IF;

        -- A lead that was queued on arrival has its claims already, and nobody can take them from a lead that is held. They
        -- are found by the lead, where they lie together, rather than by identity. Held leads come in any order; claims are
        -- numbered by their place among the held.
        IF cardinality(array_remove(v_claim_1, NULL)) + cardinality(array_remove(v_claim_2, NULL)) > (
            SELECT count(*) FROM unnest(v_id, v_claim_1, v_claim_2) u (id, claim_1, claim_2)
            JOIN public.lead_identity_claims c ON c.lead_id = u.id
            WHERE c.identity = u.claim_1 OR c.identity = u.claim_2
        ) THEN
            SELECT array_agg(c.ordinal), array_agg(c.outcome), array_agg(c.duplicate_of) INTO v_lost_ord, v_lost_outcome, v_lost_to
            FROM switchyard.claim_identities(v_id, v_source, v_claim_1, v_claim_2) c;
        END IF;
    END IF;
    IF v_lost_ord IS NOT NULL THEN
        -- A lead without a workspace of its own cannot be kept there: it fails.
        SELECT array_agg(CASE WHEN x.outcome IS NULL THEN u.result WHEN x.outcome = 'duplicate' AND u.source IS NULL THEN 'failed'
                ELSE x.outcome END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.destination ELSE u.source END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.rule END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.reason ELSE 'The same lead was here before.' END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.error WHEN u.source IS NULL
                THEN 'The same lead was here before, and this one has no workspace to stay in.' END ORDER BY u.ord),
            array_agg(x.lost_to ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.assignee END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.metadata END ORDER BY u.ord),
            -- To have waited would have used no attempt; to be found a duplicate uses one.
            array_agg(u.attempt + (x.outcome IS NOT NULL AND u.result = 'waiting')::integer ORDER BY u.ord)
        INTO v_result, v_destination, v_rule, v_reason, v_error, v_duplicate_of, v_assignee, v_metadata, v_attempt
        FROM unnest(v_result, v_source, v_destination, v_rule, v_reason, v_error, v_assignee, v_metadata, v_attempt)
            WITH ORDINALITY u (result, source, destination, rule, reason, error, assignee, metadata, attempt, ord)
        LEFT JOIN unnest(v_lost_ord, v_lost_outcome, v_lost_to) x (ord, outcome, lost_to) ON x.ord = u.ord;
    END IF;

    PERFORM set_config('switchyard.deciding', 'batch', true);
    UPDATE public.leads l
    SET routing_status = CASE u.result WHEN 'retry' THEN 'pending' WHEN 'waiting' THEN 'pending' WHEN 'failed' THEN 'failed' ELSE 'routed' END::public.lead_routing_status,
        workspace_id = CASE WHEN u.result IN ('retry', 'failed', 'waiting') THEN l.workspace_id ELSE u.destination END,
        matched_rule_id = u.rule,
        duplicate_of = u.lost_to,
        routed_at = CASE WHEN u.result IN ('retry', 'failed', 'waiting') THEN NULL ELSE v_now END,
        routing_attempts = u.attempt,
        routing_error = u.error,
        routing_last_attempted_at = v_now,
        routing_locked_by = NULL,
        routing_locked_at = NULL,
        dedupe_hash = u.hash,
        assignee_id = u.assignee,
        updated_at = v_now
    FROM unnest(v_id, v_destination, v_rule, v_result, v_error, v_hash, v_attempt, v_duplicate_of, v_assignee)
        u (id, destination, rule, result, error, hash, attempt, lost_to, assignee)
    WHERE l.id = u.id AND u.result <> 'again';
    PERFORM set_config('switchyard.deciding', '', true);

    DELETE FROM public.lead_routing_queue q USING unnest(v_id, v_result) u (id, result)
    WHERE q.lead_id = u.id AND u.result NOT IN ('retry', 'again', 'waiting');

    IF v_result && ARRAY['retry', 'waiting'] THEN
        INSERT INTO public.lead_routing_queue AS q (lead_id, workspace_id, attempt_number, next_retry_at, last_error, waiting_for)
        SELECT u.id, l.workspace_id, u.attempt,
            CASE WHEN u.result = 'waiting' THEN 'infinity' ELSE v_now + switchyard.retry_delay(u.attempt) END, u.error, u.waiting_for
        FROM unnest(v_id, v_result, v_attempt, v_error, v_waiting_for) u (id, result, attempt, error, waiting_for)
        JOIN public.leads l ON l.id = u.id
        WHERE u.result IN ('retry', 'waiting')
        ORDER BY u.id
        ON CONFLICT (lead_id) DO UPDATE SET attempt_number = excluded.attempt_number, next_retry_at = excluded.next_retry_at,
            last_error = excluded.last_error, waiting_for = excluded.waiting_for;
    END IF;
    IF 'failed' = ANY (v_result) THEN
        DELETE FROM public.lead_identity_claims c USING unnest(v_id, v_result) u (id, result)
        WHERE c.lead_id = u.id AND u.result = 'failed';
    END IF;

    -- Partners of a batch are few: found once per workspace, not once per lead.
    SELECT array_agg(f.workspace_id), array_agg(f.id) INTO v_credited, v_credit
    FROM (
        SELECT DISTINCT ON (p.workspace_id) p.workspace_id, p.id FROM public.partners p
        WHERE p.workspace_id = ANY (ARRAY(SELECT DISTINCT unnest(v_source)))
        ORDER BY p.workspace_id, p.is_active DESC, p.created_at, p.id
    ) f;
    INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
    SELECT u.id, u.source, coalesce(u.partner, (SELECT c.id FROM unnest(v_credited, v_credit) c (source, id) WHERE c.source = u.source))
    FROM unnest(v_id, v_source, v_partner, v_result) u (id, source, partner, result)
    WHERE u.result IN ('success', 'fallback') AND u.source IS NOT NULL
    ON CONFLICT DO NOTHING;

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, error_message, attempt, rule_set_version, duplicate_of, metadata, created_at)
    SELECT u.id, u.source, CASE WHEN u.result NOT IN ('retry', 'failed', 'waiting') THEN u.destination END, u.rule, u.result, u.reason,
        u.error, u.attempt, p_rule_set_version, u.lost_to, u.metadata::jsonb, v_now
    FROM unnest(v_id, v_source, v_destination, v_rule, v_result, v_reason, v_error, v_attempt, v_duplicate_of, v_metadata)
        u (id, source, destination, rule, result, reason, error, attempt, lost_to, metadata)
    WHERE u.result <> 'again';

    RETURN QUERY
    SELECT u.ord, CASE WHEN u.result = ANY (c_assigned) THEN 'routed' WHEN u.result IN ('retry', 'waiting') THEN 'pending'
        ELSE u.result END, u.lost_to
    FROM unnest(v_ord, v_result, v_duplicate_of) u (ord, result, lost_to);
    IF cardinality(v_ord) IS DISTINCT FROM cardinality(p_lead_id) THEN
        RETURN QUERY
        SELECT w.ord::integer, 'refused'::text, NULL::uuid FROM unnest(p_lead_id) WITH ORDINALITY w (id, ord)
        WHERE v_ord IS NULL OR w.ord <> ALL (v_ord);
    END IF;
END
$$;

-- With statistics from when nothing waited, the planner would read all that waits through its status.
ALTER FUNCTION switchyard.acquire_routing_locks(uuid[], uuid) SET enable_bitmapscan = off;

-- 3. The hint ------------------------------------------------------------------------------------------------------

-- None while leads wait already, which is looked for where they would be: among those due two to three seconds ago. From the
-- front of the queue one would walk over all that have gone since the last vacuum, at every batch.
CREATE OR REPLACE FUNCTION switchyard.hint_waiting() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    IF EXISTS (SELECT FROM arrived a WHERE a.next_retry_at <= v_now)
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q
            WHERE q.next_retry_at > v_now - interval '3 seconds' AND q.next_retry_at < v_now - interval '2 seconds') THEN
        PERFORM pg_notify('switchyard_waiting', '');
    END IF;
    RETURN NULL;
END
$$;

-- 4. Who may run them ----------------------------------------------------------------------------------------------

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('hold_turn', 'held_leads', 'settle_decided', 'hint_waiting')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
