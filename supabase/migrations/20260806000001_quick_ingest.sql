-- Ingest with fewer functions to start for a batch, and batches towards capped destinations that hold their numbers no longer
-- than a commit takes. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.routing_state') IS NULL THEN
        RAISE EXCEPTION 'The migration of capacity is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260601000001_capacity.sql first.';
    END IF;
END
$$;

-- 1. Ingest --------------------------------------------------------------------------------------------------------

-- What it does is what it did. The values of a lead are taken out of the arrays by its place: unnesting twenty arrays side by
-- side starts twenty functions for each batch, and keeps what each of them returns. A parameter is unpacked once, when it is
-- first asked for an element.
CREATE OR REPLACE FUNCTION switchyard.ingest_decided(
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[]
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
    v_claims bigint;
BEGIN
    IF v_count = 0 THEN
        RETURN;
    END IF;
    IF p_rule_set_version IS NOT NULL
        AND NOT EXISTS (SELECT FROM switchyard.rule_set_version v WHERE v.version = p_rule_set_version) THEN
        RETURN QUERY SELECT 0, 'stale'::text, NULL::uuid;
        RETURN;
    END IF;
    IF (v_count = ALL (ARRAY[cardinality(p_source), cardinality(p_destination), cardinality(p_rule), cardinality(p_result),
        cardinality(p_reason), cardinality(p_claim_1), cardinality(p_claim_2), cardinality(p_email), cardinality(p_phone),
        cardinality(p_dedupe_hash)])) IS NOT TRUE THEN
        RAISE EXCEPTION 'The arrays of the batch differ in length.' USING ERRCODE = 'array_subscript_error';
    END IF;
    IF NOT p_result <@ ARRAY['success', 'unmatched', 'fallback', 'retry', 'queued', 'waiting'] THEN
        RAISE EXCEPTION 'A result is none of success, unmatched, fallback, retry, queued, waiting.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF 'waiting' = ANY (p_result)
        AND EXISTS (SELECT FROM unnest(p_result, p_waiting_for) u (result, rule) WHERE u.result = 'waiting' AND u.rule IS NULL) THEN
        RAISE EXCEPTION 'A lead waits for a rule that is not named.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT coalesce(x.id, '00000000-0000-0000-0000-000000000000') INTO v_missing
    FROM (SELECT DISTINCT unnest(p_source || p_destination)) x (id)
    WHERE NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = x.id AND w.deleted_at IS NULL)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A source or destination workspace does not exist.'
            USING ERRCODE = 'foreign_key_violation', DETAIL = 'workspace ' || v_missing;
    END IF;

    -- What an earlier try of this batch has stored stays out of everything.
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

    -- All are new, most often, and one statement claims them. If not, claim_identities finds out who lost to whom; it tries
    -- the same once more, and what is claimed by the batch already stays its own.
    INSERT INTO public.lead_identity_claims (identity, lead_id, workspace_id)
    SELECT c.identity, p_lead_id[c.i], p_source[c.i]
    FROM (
        SELECT p_claim_1[i] AS identity, i FROM generate_series(1, v_count) i WHERE p_claim_1[i] IS NOT NULL
        UNION ALL
        SELECT p_claim_2[i], i FROM generate_series(1, v_count) i WHERE p_claim_2[i] IS NOT NULL
    ) c
    ORDER BY c.identity, c.i
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_claims = ROW_COUNT;
    IF v_claims <> cardinality(array_remove(p_claim_1, NULL)) + cardinality(array_remove(p_claim_2, NULL)) THEN
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

    -- An assignment, and not PERFORM: that would be a query of its own.
    v_setting := set_config('switchyard.deciding', 'batch', true);
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
    FROM generate_series(1, v_count) i
    WHERE p_result[i] NOT IN ('again', 'exists');
    v_setting := set_config('switchyard.deciding', '', true);

    IF p_result && ARRAY['retry', 'queued', 'waiting'] THEN
        INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at, last_error, created_at, waiting_for)
        SELECT u.id, u.src, (u.result = 'retry')::integer,
            CASE u.result WHEN 'retry' THEN now() + switchyard.retry_delay(1) WHEN 'waiting' THEN 'infinity' ELSE now() END,
            CASE WHEN u.result = 'retry' THEN u.reason END,
            -- The order of the queue is that of the batches, and within a batch that of its leads.
            CASE WHEN u.result = 'waiting' THEN clock_timestamp() + u.ord * interval '1 microsecond' ELSE now() END,
            CASE WHEN u.result = 'waiting' THEN u.waiting_for END
        FROM unnest(p_lead_id, p_source, p_result, p_reason, p_waiting_for) WITH ORDINALITY u (id, src, result, reason, waiting_for, ord)
        WHERE u.result IN ('retry', 'queued', 'waiting');
    END IF;

    -- Partners of a batch are few: found once per workspace, not once per lead.
    SELECT array_agg(f.workspace_id), array_agg(f.id) INTO v_credited, v_partner
    FROM (
        SELECT DISTINCT ON (p.workspace_id) p.workspace_id, p.id FROM public.partners p
        WHERE p.workspace_id = ANY (ARRAY(SELECT DISTINCT unnest(p_source)))
        ORDER BY p.workspace_id, p.is_active DESC, p.created_at, p.id
    ) f;
    IF v_credited IS NULL THEN
        INSERT INTO public.lead_attributions (lead_id, workspace_id)
        SELECT p_lead_id[i], p_source[i] FROM generate_series(1, v_count) i WHERE p_result[i] IN ('success', 'fallback');
    ELSE
        INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
        SELECT p_lead_id[i], p_source[i], v_partner[array_position(v_credited, p_source[i])]
        FROM generate_series(1, v_count) i WHERE p_result[i] IN ('success', 'fallback');
    END IF;

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, attempt, rule_set_version, duplicate_of, metadata)
    SELECT p_lead_id[i], p_source[i], CASE WHEN p_result[i] NOT IN ('retry', 'waiting') THEN p_destination[i] END, p_rule[i],
        p_result[i], p_reason[i], CASE WHEN p_result[i] = 'waiting' THEN 0 ELSE 1 END, p_rule_set_version, v_duplicate_of[i],
        p_log_metadata[i]::jsonb
    FROM generate_series(1, v_count) i
    WHERE p_result[i] NOT IN ('again', 'exists', 'queued');
END
$$;

-- 2. Batches within caps -------------------------------------------------------------------------------------------

-- Adds to counters, if all have room in the windows that the caller saw; false if not, and then the caller has to give its
-- transaction up. Counters are locked in the order of their keys, like everywhere. But the caller has claimed identities
-- before, which others claim behind these locks: so it does not wait for long, and gives way before the two of them would
-- be found waiting for each other (deadlock_timeout, a second).
CREATE OR REPLACE FUNCTION switchyard.take_within_caps(
    p_scope smallint[], p_owner uuid[], p_member uuid[], p_period smallint[], p_limit bigint[], p_window bigint[], p_taken bigint[]
) RETURNS boolean
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '250ms' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
    SET enable_mergejoin = off SET enable_hashjoin = off SET jit = off
AS $$
DECLARE
    v_counters bigint;
BEGIN
    PERFORM FROM unnest(p_scope, p_owner, p_member, p_period, p_taken) k (scope, owner, member, period, taken)
    JOIN switchyard.routing_state s ON s.scope = k.scope AND s.owner_id = k.owner AND s.member_id = k.member AND s.period = k.period
    WHERE k.taken > 0
    ORDER BY s.scope, s.owner_id, s.member_id, s.period
    FOR UPDATE OF s;
    UPDATE switchyard.routing_state s SET amount = s.amount + k.taken
    FROM unnest(p_scope, p_owner, p_member, p_period, p_limit, p_window, p_taken) k (scope, owner, member, period, most, window_start, taken)
    WHERE s.scope = k.scope AND s.owner_id = k.owner AND s.member_id = k.member AND s.period = k.period AND k.taken > 0
        AND s.amount + k.taken <= k.most
        AND (extract(epoch FROM s.window_start) * 1000000)::bigint = k.window_start AND s.window_end > clock_timestamp();
    GET DIAGNOSTICS v_counters = ROW_COUNT;
    RETURN v_counters = (SELECT count(*) FROM unnest(p_taken) k (taken) WHERE k.taken > 0);
END
$$;
COMMENT ON FUNCTION switchyard.take_within_caps(smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], bigint[])
    IS 'Adds to counters if all of them have room in the windows that were seen; false if not.';

-- ingest_decided, or with keys ingest_keyed_decided, of leads that were decided without holding the counters of caps, because
-- there was room. The counters are numbered by p_scope and what follows; the lead p_charge_lead[i] counts in the counter
-- p_charge_counter[i]. A lead that is not written as decided counts in none. Without room for the others: SWCAP, and nothing
-- is written. Counters are locked last, so that batches towards one destination wait for each other's commit and no longer.
CREATE OR REPLACE FUNCTION switchyard.ingest_within_caps(
    p_key bytea[], p_request bytea[],
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[],
    p_scope smallint[], p_owner uuid[], p_member uuid[], p_period smallint[], p_limit bigint[], p_window bigint[],
    p_charge_lead integer[], p_charge_counter integer[]
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_ordinal integer[];
    v_outcome text[];
    v_lost_to uuid[];
    v_taken bigint[];
BEGIN
    IF p_key IS NULL THEN
        SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
        FROM switchyard.ingest_decided(p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email, p_phone,
            p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id,
            p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for, p_log_metadata) s;
    ELSE
        SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
        FROM switchyard.ingest_keyed_decided(p_key, p_request, p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email, p_phone,
            p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id,
            p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for, p_log_metadata) s;
    END IF;
    RETURN QUERY SELECT * FROM unnest(v_ordinal, v_outcome, v_lost_to);
    IF 'stale' = ANY (v_outcome) OR coalesce(cardinality(p_owner), 0) = 0 THEN
        RETURN;
    END IF;
    v_taken := ARRAY(
        SELECT count(c.counter) FROM generate_series(1, cardinality(p_owner)) n
        LEFT JOIN (
            SELECT u.counter FROM unnest(p_charge_lead, p_charge_counter) u (lead, counter)
            WHERE NOT EXISTS (SELECT FROM unnest(v_ordinal) x (lead) WHERE x.lead = u.lead)
        ) c ON c.counter = n
        GROUP BY n ORDER BY n);
    IF NOT switchyard.take_within_caps(p_scope, p_owner, p_member, p_period, p_limit, p_window, v_taken) THEN
        RAISE EXCEPTION 'The caps of this batch do not have room for all of it any more.' USING ERRCODE = 'SWCAP';
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.ingest_within_caps(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[],
    smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], integer[], integer[])
    IS 'Stores a batch of leads that were decided while their caps had room; locks the counters last, and fails (SWCAP) without room.';

-- 3. Who may run them ----------------------------------------------------------------------------------------------

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('ingest_decided', 'take_within_caps', 'ingest_within_caps')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
