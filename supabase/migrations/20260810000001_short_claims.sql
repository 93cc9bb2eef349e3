-- The unique key of claims takes 28 bytes an entry where it took 52, and ingest looks before it claims only where twins have been
-- met. What they do is what they did. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('public.lead_identity_claims') IS NULL OR to_regclass('switchyard.routing_state') IS NULL THEN
        RAISE EXCEPTION 'The migration of capacity is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260601000001_capacity.sql first.';
    END IF;
END
$$;

-- 1. The keys -------------------------------------------------------------------------------------------------------

-- In one transaction, all of the table is locked first: who reads a claim and then makes one would wait for us, and we for him.
DO $$
BEGIN
    LOCK TABLE public.lead_identity_claims IN ACCESS EXCLUSIVE MODE;
END
$$;

-- What makes exactly one of two twins win. Identities are digests, so that each falls on a page of this index at random, and the
-- first to fall there after a checkpoint logs all of it: with ten million leads that is most of the log. 15 bytes of SHA-256 keep
-- people apart as well as 32 do (the odds that two of ten billion share them are below 1 in 10^16), and with
-- their length they are 16, which is what an index rounds up to.
CREATE UNIQUE INDEX IF NOT EXISTS lead_identity_claims_identity ON public.lead_identity_claims (substring(identity FROM 1 FOR 15));
-- The claims of a lead lie side by side, and at the end of the index, because ids begin with the time. It is the primary key, since
-- replication tells rows apart by one, and takes the place of the index on lead_id alone.
CREATE UNIQUE INDEX IF NOT EXISTS lead_identity_claims_of_lead ON public.lead_identity_claims (lead_id, identity);
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_constraint c
        WHERE c.conrelid = 'public.lead_identity_claims'::regclass AND c.conname = 'lead_identity_claims_pkey') THEN
        ALTER TABLE public.lead_identity_claims DROP CONSTRAINT lead_identity_claims_pkey;
        ALTER TABLE public.lead_identity_claims
            ADD CONSTRAINT lead_identity_claims_of_lead PRIMARY KEY USING INDEX lead_identity_claims_of_lead;
    END IF;
END
$$;
DROP INDEX IF EXISTS public.lead_identity_claims_lead;
COMMENT ON TABLE public.lead_identity_claims IS 'Which lead has an identity: the unique index on its first 15 bytes is what makes exactly one of two twins win.';

-- 2. Claiming -------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION switchyard.claim_identities(
    p_lead_id uuid[], p_source uuid[], p_claim_1 bytea[], p_claim_2 bytea[]
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_wanted bigint := cardinality(array_remove(p_claim_1, NULL)) + cardinality(array_remove(p_claim_2, NULL));
    v_got bigint;
BEGIN
    INSERT INTO public.lead_identity_claims (identity, lead_id, workspace_id)
    SELECT DISTINCT ON (c.identity) c.identity, c.id, c.source
    FROM (
        SELECT u.identity, u.id, u.source, u.ord FROM unnest(p_claim_1, p_lead_id, p_source) WITH ORDINALITY u (identity, id, source, ord)
        WHERE u.identity IS NOT NULL
        UNION ALL
        SELECT u.identity, u.id, u.source, u.ord FROM unnest(p_claim_2, p_lead_id, p_source) WITH ORDINALITY u (identity, id, source, ord)
        WHERE u.identity IS NOT NULL
    ) c
    ORDER BY c.identity, c.ord
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_got = ROW_COUNT;
    IF v_got = v_wanted THEN
        RETURN;
    END IF;

    -- A new statement, so it sees what whoever we waited for has committed.
    RETURN QUERY
    WITH mine AS MATERIALIZED (
        SELECT u.ord, u.id, 1 AS strength, substring(u.identity FROM 1 FOR 15) AS key FROM unnest(p_lead_id, p_claim_1) WITH ORDINALITY u (id, identity, ord)
        WHERE u.identity IS NOT NULL
        UNION ALL
        SELECT u.ord, u.id, 2, substring(u.identity FROM 1 FOR 15) FROM unnest(p_lead_id, p_claim_2) WITH ORDINALITY u (id, identity, ord)
        WHERE u.identity IS NOT NULL
    ), lost AS MATERIALIZED (
        SELECT m.ord, m.id, m.strength, c.lead_id AS holder
        FROM mine m LEFT JOIN public.lead_identity_claims c ON substring(c.identity FROM 1 FOR 15) = m.key
        WHERE c.lead_id IS DISTINCT FROM m.id
    ), withdrawn AS (
        DELETE FROM public.lead_identity_claims c USING mine m
        WHERE substring(c.identity FROM 1 FOR 15) = m.key AND c.lead_id = m.id AND m.id IN (SELECT l.id FROM lost l)
    )
    SELECT DISTINCT ON (l.ord) l.ord::integer,
        CASE WHEN k.holder IS NULL THEN 'again' ELSE 'duplicate' END, k.holder
    FROM lost l
    LEFT JOIN lost k ON k.ord = l.ord AND k.strength = l.strength AND k.holder IS NOT NULL
        AND k.holder NOT IN (SELECT o.id FROM lost o)
    ORDER BY l.ord, k.holder IS NULL, l.strength;
END
$$;

-- Batches that look for claims before they insert theirs, since there were twins, are 16 for each connection.
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
    v_version bigint;
    v_has_partners boolean;
    v_identity bytea[];
    v_is_new boolean;
    v_looks integer;
    v_waits boolean;
BEGIN
    IF v_count = 0 THEN
        RETURN;
    END IF;
    -- What the batch depends on, in one look.
    SELECT v.version, x.missing, EXISTS (SELECT FROM public.partners)
    INTO v_version, v_missing, v_has_partners
    FROM (
        SELECT (array_agg(coalesce(u.id, '00000000-0000-0000-0000-000000000000')))[1] AS missing
        FROM (SELECT DISTINCT unnest(p_source || p_destination)) u (id)
        WHERE NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = u.id AND w.deleted_at IS NULL)
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
        RAISE EXCEPTION 'A result is none of success, unmatched, fallback, retry, queued, waiting.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF 'waiting' = ANY (p_result)
        AND EXISTS (SELECT FROM unnest(p_result, p_waiting_for) u (result, rule) WHERE u.result = 'waiting' AND u.rule IS NULL) THEN
        RAISE EXCEPTION 'A lead waits for a rule that is not named.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF v_missing IS NOT NULL THEN
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

    -- All are new, most often, and a plain insertion finds that out for less than ON CONFLICT, which looks before each row by
    -- itself and writes it in two steps. One that is claimed already, or by somebody meanwhile, ends it, after a wait for
    -- their commit; its savepoint leaves dead rows and nothing else, and claim_identities finds out who lost to whom. So that
    -- few batches are written twice, the next batches of a connection that met a twin look before they insert. Rows are
    -- written in the order of their bytes here as there, so nobody waits in a circle.
    v_looks := coalesce(nullif(current_setting('switchyard.looks_left', true), '')::integer, 0);
    v_identity := p_claim_1 || p_claim_2;
    v_is_new := NOT p_repeat;
    IF v_is_new AND v_looks > 0 THEN
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
    IF NOT p_repeat AND (NOT v_is_new OR v_looks > 0) THEN
        v_setting := set_config('switchyard.looks_left', CASE WHEN v_is_new THEN v_looks - 1 ELSE 16 END::text, false);
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

    -- The trigger that queues pending leads is told that it is done here. An assignment, and not PERFORM: that would be a query
    -- of its own.
    v_waits := p_result && ARRAY['retry', 'queued', 'waiting'];
    IF v_waits THEN
        v_setting := set_config('switchyard.deciding', 'batch', true);
    END IF;
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
    IF v_waits THEN
        v_setting := set_config('switchyard.deciding', '', true);
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

CREATE OR REPLACE FUNCTION public.check_cross_partner_duplicate(p_dedupe_hash varchar, p_source_workspace_id uuid)
RETURNS TABLE (duplicate_lead_id uuid, duplicate_workspace_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_dedupe_hash !~ '^[0-9a-fA-F]{64}$' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.lead_id, c.workspace_id, coalesce(l.created_at::timestamptz, c.claimed_at)
    FROM public.lead_identity_claims c
    LEFT JOIN public.leads l ON l.id = c.lead_id
    WHERE substring(c.identity FROM 1 FOR 15) = substring(decode(p_dedupe_hash, 'hex') FROM 1 FOR 15) AND c.workspace_id IS DISTINCT FROM p_source_workspace_id;
END
$$;

-- Whoever might run it may still: a function that is replaced keeps its privileges.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
