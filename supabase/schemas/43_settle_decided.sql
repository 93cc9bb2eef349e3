-- The end of an attempt for leads that are held: the implementation beneath the guide's functions and Switchyard's workers.

-- Ends an attempt for leads that the caller holds. The one implementation beneath settle_held, complete_routings and
-- fail_routings.
--
-- p_owner NULL: the leads are pending and held by row lock; otherwise p_owner is the fencing token of their written
-- lock. Every lead is written once and gets an outcome: routed, duplicate, pending (retried later, or waiting for
-- capacity), failed, again (not written) or refused (not held by the caller). p_assignee, p_waiting_for and
-- p_log_metadata may be NULL.
--
-- Workspaces and partners are looked up once per batch. Leads are read and locked along their primary key in the order
-- of their ids; random_page_cost makes index probes cheap, so that a plan made while a table is nearly empty does not
-- read all of it later.
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
    v_suspended uuid[];
    v_credited uuid[];
    v_credit uuid[];
    v_lost_ord integer[];
    v_lost_outcome text[];
    v_lost_to uuid[];
BEGIN
    -- Lock the leads the caller really holds, before anything is written. A lead that is named twice is taken once.
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
        -- Destinations that cannot receive a lead, those that can only keep their own leads, and suspended destinations and
        -- sources.
        SELECT array_agg(d.id) FILTER (WHERE d.receives AND (w.id IS NULL OR w.deleted_at IS NOT NULL)),
            array_agg(d.id) FILTER (WHERE d.receives AND w.deleted_at IS NULL AND NOT w.is_active),
            array_agg(d.id) FILTER (WHERE w.routing_suspended_at IS NOT NULL)
        INTO v_gone, v_inactive, v_suspended
        FROM (
            SELECT u.id, true AS receives FROM unnest(v_destination, v_result) u (id, result) WHERE u.result = ANY (c_assigned)
            UNION
            SELECT u.id, false FROM unnest(v_source, v_result) u (id, result) WHERE u.result = ANY (c_assigned)
        ) d
        LEFT JOIN public.workspaces w ON w.id = d.id;
        IF v_gone IS NOT NULL OR v_inactive IS NOT NULL OR v_suspended IS NOT NULL THEN
            -- A lead whose source is suspended stays as it is; one with a written lock waits again, and has used no attempt.
            SELECT array_agg(CASE WHEN x.obstacle IS NULL THEN x.result WHEN x.is_held AND p_owner IS NULL THEN 'again'
                    ELSE 'retry' END ORDER BY x.ord),
                array_agg(coalesce(x.obstacle, x.reason) ORDER BY x.ord), array_agg(coalesce(x.obstacle, x.error) ORDER BY x.ord),
                array_agg(CASE WHEN x.is_held THEN greatest(x.attempt - 1, 0) ELSE x.attempt END ORDER BY x.ord),
                array_agg(CASE WHEN NOT x.is_held THEN x.claim_1 END ORDER BY x.ord),
                array_agg(CASE WHEN NOT x.is_held THEN x.claim_2 END ORDER BY x.ord)
            INTO v_result, v_reason, v_error, v_attempt, v_claim_1, v_claim_2
            FROM (
                SELECT u.*, u.result = ANY (c_assigned) AND (u.source = ANY (v_suspended)) IS TRUE AS is_held,
                    CASE WHEN u.result <> ALL (c_assigned) THEN NULL
                    WHEN u.source = ANY (v_suspended) THEN 'The source workspace is suspended.'
                    WHEN u.destination = ANY (v_suspended) THEN 'The destination workspace is suspended.'
                    WHEN u.destination IS NULL THEN 'There is no workspace that the lead could go to or stay in.'
                    WHEN u.destination = ANY (v_gone)
                        OR (u.destination = ANY (v_inactive) AND NOT (u.result = 'unmatched' AND p_owner IS NULL))
                    THEN 'The destination workspace does not exist, is closed, or is not active.' END AS obstacle
                FROM unnest(v_source, v_destination, v_result, v_reason, v_error, v_attempt, v_claim_1, v_claim_2)
                    WITH ORDINALITY u (source, destination, result, reason, error, attempt, claim_1, claim_2, ord)
            ) x;
        END IF;
        -- Clear the values that do not apply to a lead that is retried, fails or waits.
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

        -- A lead that was queued on arrival has its claims already, and no other lead can take them while it is held.
        -- Look them up by lead, where they are stored together, and not by identity. claim_identities numbers leads by
        -- their place in v_id.
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
        -- A lead without a source workspace cannot be kept there: it fails.
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
            -- Waiting would have used no attempt; being found a duplicate uses one.
            array_agg(u.attempt + (x.outcome IS NOT NULL AND u.result = 'waiting')::integer ORDER BY u.ord)
        INTO v_result, v_destination, v_rule, v_reason, v_error, v_duplicate_of, v_assignee, v_metadata, v_attempt
        FROM unnest(v_result, v_source, v_destination, v_rule, v_reason, v_error, v_assignee, v_metadata, v_attempt)
            WITH ORDINALITY u (result, source, destination, rule, reason, error, assignee, metadata, attempt, ord)
        LEFT JOIN unnest(v_lost_ord, v_lost_outcome, v_lost_to) x (ord, outcome, lost_to) ON x.ord = u.ord;
    END IF;

    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
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
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);

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

    -- A batch has few partners: look them up once per workspace, not once per lead.
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
COMMENT ON FUNCTION switchyard.settle_decided(bigint, uuid[], uuid[], uuid[], text[], text[], text[], text[], bytea[], bytea[], integer, uuid, uuid[], uuid[], text[]) IS
    'Ends an attempt for a batch of held leads: the one implementation beneath settle_held, complete_routings and fail_routings.';
