-- Ingest: leads that arrive decided are stored by one call for each batch.

-- Stores leads that arrive decided, each written once, in its final state, with its claims, attribution and log row.
--
-- Returns exceptions only: duplicate (written as routed in its source workspace), again (not written: decide it again),
-- exists (p_repeat: an earlier try has stored it), or the single row (0, stale) when the rules have changed; then
-- nothing is written. p_rule_set_version NULL skips that check, for batches in which every lead is queued. p_result is
-- success, unmatched or fallback (assigned), retry (waits a minute), queued (not tried, due now) or waiting (for the
-- capacity of the rule in p_waiting_for). p_assignee, p_waiting_for and p_log_metadata may be NULL. Workspaces are
-- looked up once per batch; an unknown one refuses the batch (23503), and a suspended one too (SWSUS).
--
-- p_look: whether to look for existing claims before inserting. Worth its cost only while duplicates arrive; the caller
-- knows when it last met one.
--
-- Values are taken from the arrays by subscript: unnesting twenty arrays would start twenty functions for each batch.
CREATE OR REPLACE FUNCTION switchyard.ingest_decided(
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[], p_look boolean DEFAULT false
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_count integer := coalesce(cardinality(p_lead_id), 0);
    v_missing uuid;
    v_existing uuid[];
    v_duplicate_of uuid[];
    v_ordinal integer[];
    v_outcome text[];
    v_lost_to uuid[];
    v_credited uuid[];
    v_partner uuid[];
    v_setting text;
    v_version bigint;
    v_has_partners boolean;
    v_identity bytea[];
    v_is_new boolean;
    v_waits boolean;
BEGIN
    IF v_count = 0 THEN
        RETURN;
    END IF;
    -- Everything the batch depends on, in one query.
    SELECT v.version, x.missing, EXISTS (SELECT FROM public.partners)
    INTO v_version, v_missing, v_has_partners
    FROM (
        SELECT (array_agg(coalesce(u.id, '00000000-0000-0000-0000-000000000000')))[1] AS missing
        FROM (SELECT DISTINCT unnest(p_source || p_destination)) u (id)
        WHERE NOT EXISTS (SELECT FROM public.workspaces w
            WHERE w.id = u.id AND w.deleted_at IS NULL AND w.routing_suspended_at IS NULL)
    ) x LEFT JOIN switchyard.rule_set_version v ON true;
    IF p_rule_set_version IS NOT NULL AND v_version IS DISTINCT FROM p_rule_set_version THEN
        RETURN QUERY SELECT 0, 'stale'::text, NULL::uuid;
        RETURN;
    END IF;
    IF (v_count = ALL (ARRAY[cardinality(p_source), cardinality(p_destination), cardinality(p_rule), cardinality(p_result),
        cardinality(p_reason), cardinality(p_claim_1), cardinality(p_claim_2), cardinality(p_email), cardinality(p_phone),
        cardinality(p_dedupe_hash)])) IS NOT TRUE THEN
        RAISE EXCEPTION 'The arrays of the batch differ in length.' USING ERRCODE = 'array_subscript_error';
    END IF;
    IF NOT p_result <@ ARRAY['success', 'unmatched', 'fallback', 'retry', 'queued', 'waiting'] THEN
        RAISE EXCEPTION 'p_result has a value other than success, unmatched, fallback, retry, queued or waiting.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF 'waiting' = ANY (p_result)
        AND EXISTS (SELECT FROM unnest(p_result, p_waiting_for) u (result, rule) WHERE u.result = 'waiting' AND u.rule IS NULL) THEN
        RAISE EXCEPTION 'A result is waiting, but p_waiting_for names no rule for this lead.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF v_missing IS NOT NULL THEN
        IF EXISTS (SELECT FROM public.workspaces w WHERE w.id = v_missing AND w.deleted_at IS NULL AND w.routing_suspended_at IS NOT NULL) THEN
            RAISE EXCEPTION 'A source or destination workspace is suspended.' USING ERRCODE = 'SWSUS', DETAIL = 'workspace ' || v_missing;
        END IF;
        RAISE EXCEPTION 'A source or destination workspace does not exist.'
            USING ERRCODE = 'foreign_key_violation', DETAIL = 'workspace ' || v_missing;
    END IF;

    -- Leads that an earlier try of this batch has stored are left out of everything below.
    IF p_repeat THEN
        SELECT array_agg(l.id) INTO v_existing FROM public.leads l WHERE l.id = ANY (p_lead_id);
        IF v_existing IS NOT NULL THEN
            SELECT array_agg(CASE WHEN u.id = ANY (v_existing) THEN 'exists' ELSE u.result END ORDER BY u.ord),
                array_agg(CASE WHEN u.id = ANY (v_existing) THEN NULL ELSE u.claim_1 END ORDER BY u.ord),
                array_agg(CASE WHEN u.id = ANY (v_existing) THEN NULL ELSE u.claim_2 END ORDER BY u.ord),
                array_agg(u.ord::integer ORDER BY u.ord) FILTER (WHERE u.id = ANY (v_existing))
            INTO p_result, p_claim_1, p_claim_2, v_ordinal
            FROM unnest(p_lead_id, p_result, p_claim_1, p_claim_2) WITH ORDINALITY u (id, result, claim_1, claim_2, ord);
            RETURN QUERY SELECT u.ord, 'exists'::text, NULL::uuid FROM unnest(v_ordinal) u (ord);
            v_ordinal := NULL;
        END IF;
    END IF;

    -- Usually all identities are new, and a plain INSERT costs less than ON CONFLICT, which checks each row first and
    -- writes it in two steps. If another transaction has claimed an identity, or claims one meanwhile, the INSERT waits
    -- for that transaction and then fails; the savepoint removes its rows, and claim_identities finds out which leads
    -- lost. Rows are inserted in the order of their bytes here as there, so no deadlock can arise.
    v_identity := p_claim_1 || p_claim_2;
    v_is_new := NOT p_repeat;
    IF v_is_new AND p_look THEN
        v_is_new := NOT EXISTS (SELECT FROM public.lead_identity_claims c WHERE substring(c.identity FROM 1 FOR 15) = ANY (ARRAY(
            SELECT substring(u.identity FROM 1 FOR 15) FROM unnest(v_identity) u (identity))));
    END IF;
    IF v_is_new THEN
        BEGIN
            INSERT INTO public.lead_identity_claims (identity, lead_id, workspace_id)
            SELECT v_identity[k], p_lead_id[(k - 1) % v_count + 1], p_source[(k - 1) % v_count + 1]
            FROM (SELECT generate_series(1, 2 * v_count) AS k) s
            WHERE v_identity[k] IS NOT NULL
            ORDER BY 1;
        EXCEPTION WHEN unique_violation THEN
            v_is_new := false;
        END;
    END IF;
    IF NOT v_is_new THEN
        SELECT array_agg(c.ordinal), array_agg(c.outcome), array_agg(c.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
        FROM switchyard.claim_identities(p_lead_id, p_source, p_claim_1, p_claim_2) c;
    END IF;
    IF v_ordinal IS NOT NULL THEN
        SELECT array_agg(coalesce(x.outcome, u.result) ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.destination ELSE u.source END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.rule END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.reason ELSE 'The same lead was here before.' END ORDER BY u.ord),
            array_agg(x.lost_to ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.assignee END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.metadata END ORDER BY u.ord)
        INTO p_result, p_destination, p_rule, p_reason, v_duplicate_of, p_assignee, p_log_metadata
        FROM unnest(p_result, p_source, p_destination, p_rule, p_reason, p_assignee, p_log_metadata)
            WITH ORDINALITY u (result, source, destination, rule, reason, assignee, metadata, ord)
        LEFT JOIN unnest(v_ordinal, v_outcome, v_lost_to) x (ord, outcome, lost_to) ON x.ord = u.ord;
        RETURN QUERY SELECT * FROM unnest(v_ordinal, v_outcome, v_lost_to);
    END IF;

    -- Tells the triggers on leads that this function maintains the queue itself. An assignment is cheaper than PERFORM,
    -- which would be a query.
    v_waits := p_result && ARRAY['retry', 'queued', 'waiting'];
    IF v_waits THEN
        v_setting := set_config('switchyard.deciding', 'batch', true);
    END IF;
    -- NULL is the default of the session: the installation's own triggers on leads run under the search_path that they
    -- were written for. Until it is '' again, every table is named with its schema and every call has an exact match in
    -- pg_catalog (decision 75).
    v_setting := set_config('search_path', NULL, true);
    INSERT INTO public.leads (id, workspace_id, source_workspace_id, email, phone, first_name, last_name, company_name,
        company_industry, company_size, company_revenue, company_location, source, source_id, metadata, routing_status,
        routing_attempts, routing_last_attempted_at, routing_error, dedupe_hash, matched_rule_id, duplicate_of, routed_at,
        assignee_id)
    SELECT p_lead_id[i], CASE WHEN p_result[i] IN ('retry', 'queued', 'waiting') THEN p_source[i] ELSE p_destination[i] END,
        p_source[i], p_email[i], p_phone[i], p_first_name[i], p_last_name[i], p_company_name[i], p_industry[i], p_size[i],
        p_revenue[i], p_location[i]::jsonb, p_lead_source[i], p_source_id[i], p_metadata[i]::jsonb,
        CASE WHEN p_result[i] IN ('retry', 'queued', 'waiting') THEN 'pending'::public.lead_routing_status ELSE 'routed' END,
        CASE WHEN p_result[i] IN ('queued', 'waiting') THEN 0 ELSE 1 END,
        CASE WHEN p_result[i] <> 'queued' THEN now() END,
        CASE WHEN p_result[i] = 'retry' THEN p_reason[i] END,
        p_dedupe_hash[i], p_rule[i], v_duplicate_of[i],
        CASE WHEN p_result[i] NOT IN ('retry', 'queued', 'waiting') THEN now() END,
        p_assignee[i]
    FROM (SELECT generate_series(1, v_count) AS i) s
    WHERE p_result[i] NOT IN ('again', 'exists');
    v_setting := set_config('search_path', '', true);
    IF v_waits THEN
        v_setting := set_config('switchyard.deciding', '', true);
        INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at, last_error, created_at, waiting_for)
        SELECT u.id, u.src, (u.result = 'retry')::integer,
            CASE u.result WHEN 'retry' THEN now() + switchyard.retry_delay(1) WHEN 'waiting' THEN 'infinity' ELSE now() END,
            CASE WHEN u.result = 'retry' THEN u.reason END,
            -- The queue is ordered by batch, and within a batch by the order of its leads.
            CASE WHEN u.result = 'waiting' THEN clock_timestamp() + u.ord * interval '1 microsecond' ELSE now() END,
            CASE WHEN u.result = 'waiting' THEN u.waiting_for END
        FROM unnest(p_lead_id, p_source, p_result, p_reason, p_waiting_for) WITH ORDINALITY u (id, src, result, reason, waiting_for, ord)
        WHERE u.result IN ('retry', 'queued', 'waiting');
    END IF;

    -- A batch has few partners: look them up once per workspace, not once per lead.
    IF v_has_partners THEN
        SELECT array_agg(f.workspace_id), array_agg(f.id) INTO v_credited, v_partner
        FROM (
            SELECT DISTINCT ON (p.workspace_id) p.workspace_id, p.id FROM public.partners p
            WHERE p.workspace_id = ANY (ARRAY(SELECT DISTINCT unnest(p_source)))
            ORDER BY p.workspace_id, p.is_active DESC, p.created_at, p.id
        ) f;
    END IF;
    INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
    SELECT p_lead_id[i], p_source[i], v_partner[array_position(v_credited, p_source[i])]
    FROM (SELECT generate_series(1, v_count) AS i) s
    WHERE p_result[i] IN ('success', 'fallback');

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, attempt, rule_set_version, duplicate_of, metadata)
    SELECT p_lead_id[i], p_source[i], CASE WHEN p_result[i] NOT IN ('retry', 'waiting') THEN p_destination[i] END, p_rule[i],
        p_result[i], p_reason[i], CASE WHEN p_result[i] = 'waiting' THEN 0 ELSE 1 END, p_rule_set_version, v_duplicate_of[i],
        p_log_metadata[i]::jsonb
    FROM (SELECT generate_series(1, v_count) AS i) s
    WHERE p_result[i] NOT IN ('again', 'exists', 'queued');
END
$$;
COMMENT ON FUNCTION switchyard.ingest_decided(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[], boolean) IS
    'Stores a batch of decided leads, each in its final state; returns exceptions only.';
