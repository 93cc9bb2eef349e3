-- Takes back 20260601000001_capacity.sql: rules send to their one destination, at any time and without end; counters, turns and
-- who was returned are forgotten, and leads that wait for capacity are due at once. Safe to run again.

BEGIN;

-- 20260806000001, 20260806000002
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260806000001', '20260806000002', '20260808000002', '20260809000001', '20260810000001');
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.ingest_within_caps(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[],
    smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], integer[], integer[]);
DROP FUNCTION IF EXISTS switchyard.take_within_caps(smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], bigint[]);
DROP FUNCTION IF EXISTS switchyard.newest_results(timestamptz);

-- 20260802000001
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260802000001';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.held_leads(uuid[], boolean);
DROP FUNCTION IF EXISTS switchyard.hold_turn(integer, boolean, uuid[], timestamptz[]);
-- 20260803000001
DROP TABLE IF EXISTS switchyard.waiting_reviews;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260803000001';
    END IF;
END
$$;

-- The functions of before.
DO $rollback$
BEGIN
    IF to_regclass('public.lead_routing_queue') IS NULL OR to_regclass('switchyard.idempotency_keys') IS NULL THEN
        RETURN;
    END IF;
CREATE OR REPLACE FUNCTION switchyard.ingest_leads(
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $f$
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
    IF NOT p_result <@ ARRAY['success', 'unmatched', 'fallback', 'retry', 'queued'] THEN
        RAISE EXCEPTION 'A result is none of success, unmatched, fallback, retry, queued.' USING ERRCODE = 'invalid_parameter_value';
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
        END IF;
    END IF;

    SELECT array_agg(c.ordinal), array_agg(c.outcome), array_agg(c.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
    FROM switchyard.claim_identities(p_lead_id, p_source, p_claim_1, p_claim_2) c;
    IF v_ordinal IS NOT NULL THEN
        SELECT array_agg(coalesce(x.outcome, u.result) ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.destination ELSE u.source END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.rule END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.reason ELSE 'The same lead was here before.' END ORDER BY u.ord),
            array_agg(x.lost_to ORDER BY u.ord)
        INTO p_result, p_destination, p_rule, p_reason, v_duplicate_of
        FROM unnest(p_result, p_source, p_destination, p_rule, p_reason) WITH ORDINALITY u (result, source, destination, rule, reason, ord)
        LEFT JOIN unnest(v_ordinal, v_outcome, v_lost_to) x (ord, outcome, lost_to) ON x.ord = u.ord;
        RETURN QUERY SELECT * FROM unnest(v_ordinal, v_outcome, v_lost_to);
    END IF;

    PERFORM set_config('switchyard.deciding', 'batch', true);
    INSERT INTO public.leads (id, workspace_id, source_workspace_id, email, phone, first_name, last_name, company_name,
        company_industry, company_size, company_revenue, company_location, source, source_id, metadata, routing_status,
        routing_attempts, routing_last_attempted_at, routing_error, dedupe_hash, matched_rule_id, duplicate_of, routed_at)
    SELECT u.id, CASE WHEN u.result IN ('retry', 'queued') THEN u.src ELSE u.destination END, u.src, u.email, u.phone, u.first_name,
        u.last_name, u.company_name, u.industry, u.size, u.revenue, u.location::jsonb, u.lead_source, u.source_id,
        u.metadata::jsonb,
        CASE WHEN u.result IN ('retry', 'queued') THEN 'pending'::public.lead_routing_status ELSE 'routed' END,
        CASE WHEN u.result = 'queued' THEN 0 ELSE 1 END,
        CASE WHEN u.result <> 'queued' THEN now() END,
        CASE WHEN u.result = 'retry' THEN u.reason END,
        u.hash, u.rule, u.lost_to,
        CASE WHEN u.result NOT IN ('retry', 'queued') THEN now() END
    FROM unnest(p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email, p_phone, p_first_name, p_last_name,
        p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id, p_metadata, p_dedupe_hash,
        v_duplicate_of)
        u (id, src, destination, rule, result, reason, email, phone, first_name, last_name, company_name, industry, size,
            revenue, location, lead_source, source_id, metadata, hash, lost_to)
    WHERE u.result NOT IN ('again', 'exists');
    PERFORM set_config('switchyard.deciding', '', true);

    IF 'retry' = ANY (p_result) OR 'queued' = ANY (p_result) THEN
        INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at, last_error)
        SELECT u.id, u.src, (u.result = 'retry')::integer,
            CASE WHEN u.result = 'retry' THEN now() + switchyard.retry_delay(1) ELSE now() END,
            CASE WHEN u.result = 'retry' THEN u.reason END
        FROM unnest(p_lead_id, p_source, p_result, p_reason) u (id, src, result, reason)
        WHERE u.result IN ('retry', 'queued');
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
        SELECT u.id, u.src FROM unnest(p_lead_id, p_source, p_result) u (id, src, result)
        WHERE u.result IN ('success', 'fallback');
    ELSE
        INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
        SELECT u.id, u.src, f.partner FROM unnest(p_lead_id, p_source, p_result) u (id, src, result)
        LEFT JOIN unnest(v_credited, v_partner) f (workspace, partner) ON f.workspace = u.src
        WHERE u.result IN ('success', 'fallback');
    END IF;

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, attempt, rule_set_version, duplicate_of)
    SELECT u.id, u.src, CASE WHEN u.result <> 'retry' THEN u.destination END, u.rule, u.result, u.reason, 1, p_rule_set_version,
        u.lost_to
    FROM unnest(p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, v_duplicate_of)
        u (id, src, destination, rule, result, reason, lost_to)
    WHERE u.result NOT IN ('again', 'exists', 'queued');
END
$f$;
CREATE OR REPLACE FUNCTION switchyard.ingest_keyed_leads(
    p_key bytea[], p_request bytea[],
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $f$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ordinal integer[];
    v_outcome text[];
    v_first uuid[];
    v_kept integer[];
    v_unwritten uuid[];
BEGIN
    IF p_rule_set_version IS NOT NULL
        AND NOT EXISTS (SELECT FROM switchyard.rule_set_version v WHERE v.version = p_rule_set_version) THEN
        RETURN QUERY SELECT 0, 'stale'::text, NULL::uuid;
        RETURN;
    END IF;
    -- A key that is a day old is free again.
    INSERT INTO switchyard.idempotency_keys AS k (workspace_id, key, request, lead_id, created_at)
    SELECT u.source, u.key, u.request, u.id, v_now
    FROM unnest(p_source, p_key, p_request, p_lead_id) u (source, key, request, id)
    WHERE u.key IS NOT NULL
    ORDER BY u.source, u.key
    ON CONFLICT (workspace_id, key) DO UPDATE
        SET request = excluded.request, lead_id = excluded.lead_id, created_at = excluded.created_at
        WHERE k.created_at < v_now - interval '24 hours';

    -- A new statement, so it sees what whoever we waited for has committed.
    SELECT array_agg(u.ord::integer), array_agg(CASE WHEN k.request = u.request THEN 'repeated' ELSE 'mismatch' END),
        array_agg(CASE WHEN k.request = u.request THEN k.lead_id END)
    INTO v_ordinal, v_outcome, v_first
    FROM unnest(p_source, p_key, p_request, p_lead_id) WITH ORDINALITY u (source, key, request, id, ord)
    JOIN switchyard.idempotency_keys k ON k.workspace_id = u.source AND k.key = u.key
    WHERE k.lead_id <> u.id;
    IF v_ordinal IS NOT NULL THEN
        RETURN QUERY SELECT * FROM unnest(v_ordinal, v_outcome, v_first);
    END IF;

    v_kept := ARRAY(SELECT i FROM generate_subscripts(p_lead_id, 1) i WHERE v_ordinal IS NULL OR i <> ALL (v_ordinal) ORDER BY i);
    IF v_ordinal IS NOT NULL THEN
        p_key := ARRAY(SELECT p_key[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_lead_id := ARRAY(SELECT p_lead_id[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_source := ARRAY(SELECT p_source[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_destination := ARRAY(SELECT p_destination[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_rule := ARRAY(SELECT p_rule[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_result := ARRAY(SELECT p_result[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_reason := ARRAY(SELECT p_reason[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_email := ARRAY(SELECT p_email[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_phone := ARRAY(SELECT p_phone[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_first_name := ARRAY(SELECT p_first_name[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_last_name := ARRAY(SELECT p_last_name[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_company_name := ARRAY(SELECT p_company_name[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_industry := ARRAY(SELECT p_industry[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_size := ARRAY(SELECT p_size[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_revenue := ARRAY(SELECT p_revenue[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_location := ARRAY(SELECT p_location[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_lead_source := ARRAY(SELECT p_lead_source[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_source_id := ARRAY(SELECT p_source_id[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_metadata := ARRAY(SELECT p_metadata[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_dedupe_hash := ARRAY(SELECT p_dedupe_hash[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_claim_1 := ARRAY(SELECT p_claim_1[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_claim_2 := ARRAY(SELECT p_claim_2[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
    END IF;

    SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_first
    FROM switchyard.ingest_leads(p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email,
        p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source,
        p_source_id, p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat) s;
    IF v_ordinal IS NULL THEN
        RETURN;
    END IF;
    -- What was not written has not used its key.
    SELECT array_agg(p_lead_id[u.ord]) INTO v_unwritten
    FROM unnest(v_ordinal, v_outcome) u (ord, outcome) WHERE u.outcome = 'again';
    IF 'stale' = ANY (v_outcome) THEN
        v_unwritten := p_lead_id;
    END IF;
    IF v_unwritten IS NOT NULL THEN
        DELETE FROM switchyard.idempotency_keys k USING unnest(p_source, p_key, p_lead_id) u (source, key, id)
        WHERE k.workspace_id = u.source AND k.key = u.key AND k.lead_id = u.id AND u.id = ANY (v_unwritten);
    END IF;
    RETURN QUERY
    SELECT CASE WHEN u.ord = 0 THEN 0 ELSE v_kept[u.ord] END, u.outcome, u.first
    FROM unnest(v_ordinal, v_outcome, v_first) u (ord, outcome, first);
END
$f$;
CREATE OR REPLACE FUNCTION switchyard.settle_leads(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_error text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer, p_owner uuid
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $f$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ord integer[];
    v_id uuid[];
    v_source uuid[];
    v_destination uuid[];
    v_rule uuid[];
    v_result text[];
    v_reason text[];
    v_error text[];
    v_hash text[];
    v_claim_1 bytea[];
    v_claim_2 bytea[];
    v_attempt integer[];
    v_duplicate_of uuid[];
    v_lost_ord integer[];
    v_lost_outcome text[];
    v_lost_to uuid[];
BEGIN
    -- What is really held, and what its result can be. The source is read here, before anything is written.
    WITH held AS MATERIALIZED (
        SELECT l.id, l.source_workspace_id, l.dedupe_hash, coalesce(l.routing_attempts, 0) AS attempts,
            CASE WHEN p_owner IS NOT NULL THEN switchyard.lead_claims(l.email::text, l.phone::text, l.company_name::text) END AS claims
        FROM public.leads l
        WHERE l.id = ANY (p_lead_id)
            AND CASE WHEN p_owner IS NULL THEN l.routing_status = 'pending'
                ELSE l.routing_status = 'routing' AND l.routing_locked_by = p_owner END
        ORDER BY l.id
        FOR UPDATE
    ), wanted AS (
        SELECT u.ord::integer AS ord, h.id, h.source_workspace_id AS source, u.rule, u.reason, u.error,
            coalesce(u.hash, encode(h.claims[1], 'hex'), h.dedupe_hash) AS hash,
            CASE WHEN u.result = 'unmatched' AND p_owner IS NULL THEN h.source_workspace_id ELSE u.destination END AS destination,
            CASE WHEN u.result <> 'decided' THEN u.result
                WHEN u.rule IS NOT NULL OR u.destination IS DISTINCT FROM h.source_workspace_id THEN 'success'
                ELSE 'unmatched' END AS result,
            CASE WHEN p_owner IS NULL THEN u.claim_1 ELSE h.claims[1] END AS claim_1,
            CASE WHEN p_owner IS NULL THEN u.claim_2 ELSE h.claims[2] END AS claim_2,
            h.attempts + (p_owner IS NULL)::integer AS attempt
        FROM (
            -- A lead that is named twice is taken once.
            SELECT DISTINCT ON (n.id) n.*
            FROM unnest(p_lead_id, p_destination, p_rule, p_result, p_reason, p_error, p_dedupe_hash, p_claim_1, p_claim_2)
                WITH ORDINALITY n (id, destination, rule, result, reason, error, hash, claim_1, claim_2, ord)
            ORDER BY n.id, n.ord
        ) u
        JOIN held h ON h.id = u.id
    ), possible AS (
        SELECT w.*, CASE WHEN w.result IN ('retry', 'failed') THEN NULL
            WHEN w.result IN ('success', 'fallback', 'unmatched') AND EXISTS (SELECT FROM public.workspaces d
                WHERE d.id = w.destination AND d.deleted_at IS NULL
                    AND (d.is_active OR (w.result = 'unmatched' AND p_owner IS NULL))) THEN NULL
            WHEN w.destination IS NULL THEN 'There is no workspace that the lead could go to or stay in.'
            ELSE 'The destination workspace does not exist, is closed, or is not active.' END AS obstacle
        FROM wanted w
    ), final AS (
        SELECT p.*, CASE WHEN (p.obstacle IS NOT NULL OR p.result = 'retry') AND p.attempt >= p_max_attempts THEN 'failed'
            WHEN p.obstacle IS NOT NULL THEN 'retry' ELSE p.result END AS end_result
        FROM possible p
    )
    SELECT array_agg(f.ord), array_agg(f.id), array_agg(f.source), array_agg(f.destination),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback') THEN f.rule END), array_agg(f.end_result),
        array_agg(coalesce(f.obstacle, f.reason)),
        array_agg(CASE WHEN f.end_result IN ('retry', 'failed') THEN coalesce(f.obstacle, f.error, f.reason) END),
        array_agg(f.hash),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback') OR (f.end_result = 'retry' AND p_owner IS NULL)
            THEN f.claim_1 END),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback') OR (f.end_result = 'retry' AND p_owner IS NULL)
            THEN f.claim_2 END),
        array_agg(f.attempt)
    INTO v_ord, v_id, v_source, v_destination, v_rule, v_result, v_reason, v_error, v_hash, v_claim_1, v_claim_2, v_attempt
    FROM final f;

    -- Held leads come in any order; claims are numbered by their place among the held.
    IF v_id IS NOT NULL THEN
        SELECT array_agg(c.ordinal), array_agg(c.outcome), array_agg(c.duplicate_of) INTO v_lost_ord, v_lost_outcome, v_lost_to
        FROM switchyard.claim_identities(v_id, v_source, v_claim_1, v_claim_2) c;
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
            array_agg(x.lost_to ORDER BY u.ord)
        INTO v_result, v_destination, v_rule, v_reason, v_error, v_duplicate_of
        FROM unnest(v_result, v_source, v_destination, v_rule, v_reason, v_error)
            WITH ORDINALITY u (result, source, destination, rule, reason, error, ord)
        LEFT JOIN unnest(v_lost_ord, v_lost_outcome, v_lost_to) x (ord, outcome, lost_to) ON x.ord = u.ord;
    END IF;

    PERFORM set_config('switchyard.deciding', 'batch', true);
    UPDATE public.leads l
    SET routing_status = CASE u.result WHEN 'retry' THEN 'pending' WHEN 'failed' THEN 'failed' ELSE 'routed' END::public.lead_routing_status,
        workspace_id = CASE WHEN u.result IN ('retry', 'failed') THEN l.workspace_id ELSE u.destination END,
        matched_rule_id = u.rule,
        duplicate_of = u.lost_to,
        routed_at = CASE WHEN u.result IN ('retry', 'failed') THEN NULL ELSE v_now END,
        routing_attempts = u.attempt,
        routing_error = u.error,
        routing_last_attempted_at = v_now,
        routing_locked_by = NULL,
        routing_locked_at = NULL,
        dedupe_hash = u.hash,
        updated_at = v_now
    FROM unnest(v_id, v_destination, v_rule, v_result, v_error, v_hash, v_attempt, v_duplicate_of)
        u (id, destination, rule, result, error, hash, attempt, lost_to)
    WHERE l.id = u.id AND u.result <> 'again';
    PERFORM set_config('switchyard.deciding', '', true);

    DELETE FROM public.lead_routing_queue q USING unnest(v_id, v_result) u (id, result)
    WHERE q.lead_id = u.id AND u.result NOT IN ('retry', 'again');

    IF 'retry' = ANY (v_result) THEN
        INSERT INTO public.lead_routing_queue AS q (lead_id, workspace_id, attempt_number, next_retry_at, last_error)
        SELECT u.id, l.workspace_id, u.attempt, v_now + switchyard.retry_delay(u.attempt), u.error
        FROM unnest(v_id, v_result, v_attempt, v_error) u (id, result, attempt, error)
        JOIN public.leads l ON l.id = u.id
        WHERE u.result = 'retry'
        ORDER BY u.id
        ON CONFLICT (lead_id) DO UPDATE SET attempt_number = excluded.attempt_number, next_retry_at = excluded.next_retry_at,
            last_error = excluded.last_error;
    END IF;
    IF 'failed' = ANY (v_result) THEN
        DELETE FROM public.lead_identity_claims c USING unnest(v_id, v_result) u (id, result)
        WHERE c.lead_id = u.id AND u.result = 'failed';
    END IF;

    INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
    SELECT u.id, u.source, coalesce(l.partner_id, (SELECT p.id FROM public.partners p WHERE p.workspace_id = u.source
        ORDER BY p.is_active DESC, p.created_at, p.id LIMIT 1))
    FROM unnest(v_id, v_source, v_result) u (id, source, result)
    JOIN public.leads l ON l.id = u.id
    WHERE u.result IN ('success', 'fallback') AND u.source IS NOT NULL
    ON CONFLICT DO NOTHING;

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, error_message, attempt, rule_set_version, duplicate_of, created_at)
    SELECT u.id, u.source, CASE WHEN u.result NOT IN ('retry', 'failed') THEN u.destination END, u.rule, u.result, u.reason,
        u.error, u.attempt, p_rule_set_version, u.lost_to, v_now
    FROM unnest(v_id, v_source, v_destination, v_rule, v_result, v_reason, v_error, v_attempt, v_duplicate_of)
        u (id, source, destination, rule, result, reason, error, attempt, lost_to)
    WHERE u.result <> 'again';

    RETURN QUERY
    SELECT w.ord::integer, CASE WHEN u.result IS NULL THEN 'refused' WHEN u.result IN ('success', 'unmatched', 'fallback') THEN 'routed'
        WHEN u.result = 'retry' THEN 'pending' ELSE u.result END, u.lost_to
    FROM unnest(p_lead_id) WITH ORDINALITY w (id, ord)
    LEFT JOIN unnest(v_ord, v_result, v_duplicate_of) u (ord, result, lost_to) ON u.ord = w.ord
    ORDER BY w.ord;
END
$f$;
CREATE OR REPLACE FUNCTION switchyard.settle_claimed(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = ''
AS $f$
#variable_conflict use_column
BEGIN
    IF p_rule_set_version IS NOT NULL
        AND NOT EXISTS (SELECT FROM switchyard.rule_set_version v WHERE v.version = p_rule_set_version) THEN
        RETURN QUERY SELECT 0, 'stale'::text, NULL::uuid;
        RETURN;
    END IF;
    IF NOT p_result <@ ARRAY['success', 'unmatched', 'fallback', 'retry', 'failed'] THEN
        RAISE EXCEPTION 'A result is none of success, unmatched, fallback, retry, failed.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY
    SELECT s.ordinal, CASE s.outcome WHEN 'refused' THEN 'again' ELSE s.outcome END, s.duplicate_of
    FROM switchyard.settle_leads(p_rule_set_version, p_lead_id, p_destination, p_rule, p_result, p_reason, NULL,
        p_dedupe_hash, p_claim_1, p_claim_2, coalesce(p_max_attempts, 5), NULL) s
    WHERE s.outcome IN ('duplicate', 'again', 'failed', 'refused')
        -- Meant to be assigned, and could not be: the destination is not there.
        OR (s.outcome = 'pending' AND p_result[s.ordinal] <> 'retry');
END
$f$;
CREATE OR REPLACE FUNCTION switchyard.routing_health() RETURNS TABLE (
    pending_count bigint, routing_count bigint, failed_count bigint, retry_queue_count bigint, stale_lock_count bigint,
    expired_count bigint, success_rate double precision, oldest_pending_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off
AS $f$
#variable_conflict use_column
DECLARE
    v_now timestamptz := now();
    v_hour_ago timestamptz := now() - interval '1 hour';
BEGIN
    RETURN QUERY SELECT
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'pending' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'failed' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.attempt_number > 0 LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing'
            AND l.routing_locked_at < v_now - interval '5 minutes' LIMIT 100000) x),
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_logs g WHERE g.routing_result = 'expired'
            AND g.created_at > v_hour_ago LIMIT 100000) x),
        (SELECT avg((x.routing_result NOT IN ('retry', 'failed'))::integer)::double precision
            FROM (SELECT g.routing_result FROM public.lead_routing_logs g WHERE g.created_at > v_hour_ago
                ORDER BY g.created_at DESC LIMIT 10000) x
            WHERE x.routing_result NOT IN ('expired', 'released', 'requeued')),
        (SELECT extract(epoch FROM v_now - min(l.created_at))::double precision FROM public.leads l WHERE l.routing_status = 'pending');
END
$f$;
END
$rollback$;

DROP FUNCTION IF EXISTS switchyard.ingest_decided(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.ingest_keyed_decided(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.settle_decided(bigint, uuid[], uuid[], uuid[], text[], text[], text[], text[], bytea[], bytea[], integer, uuid,
    uuid[], uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.settle_held(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[], bytea[], integer, uuid[],
    uuid[], text[]);
DROP FUNCTION IF EXISTS switchyard.hold_routing_state(smallint[], uuid[], uuid[], smallint[], text[], text[], uuid[], bytea[], uuid[], boolean,
    timestamptz);
DROP FUNCTION IF EXISTS switchyard.take_routing_state(smallint[], uuid[], uuid[], smallint[], bigint[], uuid[], bytea[], uuid[]);
DROP FUNCTION IF EXISTS switchyard.capacity_window(smallint, text, timestamptz);
DROP FUNCTION IF EXISTS switchyard.awaited_rules();
DROP FUNCTION IF EXISTS switchyard.claim_waiters(uuid, integer, uuid[]);
DROP FUNCTION IF EXISTS switchyard.waiting_for_capacity();
DROP FUNCTION IF EXISTS switchyard.return_lead(uuid, uuid, text, text);
DROP FUNCTION IF EXISTS switchyard.send_returned_lead(uuid, bigint, uuid, uuid, text, text, uuid, text, text);
DROP FUNCTION IF EXISTS switchyard.check_capacity() CASCADE; -- with its trigger
DO $$
BEGIN
    IF to_regclass('public.lead_routing_queue') IS NOT NULL THEN
        UPDATE public.lead_routing_queue SET next_retry_at = now() WHERE next_retry_at = 'infinity';
    END IF;
END
$$;
DROP TABLE IF EXISTS public.workspace_assignees;
DROP INDEX IF EXISTS public.lead_routing_queue_waiters;
DROP TABLE IF EXISTS switchyard.routing_state;
DROP TABLE IF EXISTS switchyard.sticky_destinations;
DO $$
BEGIN
    IF to_regclass('public.lead_routing_rules') IS NOT NULL THEN
        DROP POLICY IF EXISTS switchyard_pool_adds ON public.lead_routing_rules;
        DROP POLICY IF EXISTS switchyard_pool_changes ON public.lead_routing_rules;
    END IF;
END
$$;

-- The switch of the version, without the column that goes.
DO $$
BEGIN
    IF to_regprocedure('switchyard.bump_rule_set_version()') IS NOT NULL THEN
        DROP TRIGGER IF EXISTS switchyard_version ON public.workspaces;
        CREATE TRIGGER switchyard_version AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF id, name, workspace_type,
            is_active, routing_paused_at, unmatched_policy, fallback_workspace_id, deleted_at ON public.workspaces
            FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260601000001', '20260603000001');
    END IF;
END
$$;

-- What people have set (distribution of rules, capacity of workspaces) stays, and nothing reads it.
ALTER TABLE IF EXISTS public.leads DROP COLUMN IF EXISTS assignee_id;
-- 20260807000001
DROP FUNCTION IF EXISTS switchyard.erase_leads(uuid[], uuid, text, text, text, boolean);
DROP FUNCTION IF EXISTS switchyard.find_person(text, text, uuid, bigint, bigint);
DROP FUNCTION IF EXISTS switchyard.without_person(jsonb, text[], text[]);
DROP TABLE IF EXISTS switchyard.erasures;
ALTER TABLE IF EXISTS public.leads DROP COLUMN IF EXISTS erased_at;
DO $$
BEGIN
    IF to_regprocedure('switchyard.refuse_log_change()') IS NOT NULL THEN
        CREATE OR REPLACE FUNCTION switchyard.refuse_log_change() RETURNS trigger
        LANGUAGE plpgsql SET search_path = ''
        AS $f$
        BEGIN
            RAISE EXCEPTION 'The routing log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
        END
        $f$;
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260807000001';
    END IF;
END
$$;
ALTER TABLE IF EXISTS public.lead_routing_queue DROP COLUMN IF EXISTS waiting_for;
ALTER TABLE IF EXISTS public.lead_attributions DROP COLUMN IF EXISTS returned_at;

COMMIT;
