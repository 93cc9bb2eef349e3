-- Switchyard's own: agreements, API keys, scheduled runs, the version of the rule set, and the set-based functions that
-- the server routes with. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('public.lead_identity_claims') IS NULL OR to_regclass('public.lead_routing_queue') IS NULL THEN
        RAISE EXCEPTION 'The lead routing migration is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260131000001_lead_routing_fixes.sql first.';
    END IF;
END
$$;

-- 1. Tables --------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS public.routing_agreements (
    receiving_workspace_id uuid NOT NULL
        CONSTRAINT routing_agreements_receiving_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    sending_workspace_id uuid NOT NULL
        CONSTRAINT routing_agreements_sending_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (receiving_workspace_id, sending_workspace_id)
);
CREATE INDEX IF NOT EXISTS routing_agreements_sending ON public.routing_agreements (sending_workspace_id);
COMMENT ON TABLE public.routing_agreements IS 'Who has agreed to receive leads from whom; decided by the receiver.';

CREATE TABLE IF NOT EXISTS switchyard.api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    prefix text NOT NULL CONSTRAINT api_keys_prefix_key UNIQUE,
    secret_hash bytea NOT NULL,
    workspace_id uuid CONSTRAINT api_keys_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    name text NOT NULL DEFAULT '',
    scopes text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE switchyard.api_keys IS 'API keys: found by prefix, checked by SHA-256 of the secret; the secret itself is nowhere.';
COMMENT ON COLUMN switchyard.api_keys.workspace_id IS 'Whom the key acts for; NULL: an administrator.';

CREATE TABLE IF NOT EXISTS switchyard.scheduled_runs (
    name text NOT NULL,
    due_at timestamptz NOT NULL,
    node text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    affected bigint,
    error text,
    PRIMARY KEY (name, due_at)
);
COMMENT ON TABLE switchyard.scheduled_runs IS 'Each due time of a scheduled function once, over all nodes: whoever inserts the row runs it.';

CREATE TABLE IF NOT EXISTS switchyard.rule_set_version (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT rule_set_version_singleton_check CHECK (singleton),
    version bigint NOT NULL
);
COMMENT ON TABLE switchyard.rule_set_version IS 'One row; its number rises with every change of rules, agreements, or what routing reads of workspaces.';
INSERT INTO switchyard.rule_set_version (version) VALUES (1) ON CONFLICT DO NOTHING;

-- 2. The version of the rule set -----------------------------------------------------------------------------------

-- Runs as its owner: whoever may change a rule need not be able to write the version.
CREATE OR REPLACE FUNCTION switchyard.bump_rule_set_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    UPDATE switchyard.rule_set_version SET version = version + 1;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.bump_rule_set_version() IS 'Says that decisions made so far are made under old rules.';

CREATE OR REPLACE FUNCTION switchyard.current_rule_set_version() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
BEGIN
    RETURN (SELECT v.version FROM switchyard.rule_set_version v);
END
$$;
COMMENT ON FUNCTION switchyard.current_rule_set_version() IS 'The version of the rules that are in force.';

CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.lead_routing_rules
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();
CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.routing_agreements
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();
CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF id, name, workspace_type,
    is_active, routing_paused_at, unmatched_policy, fallback_workspace_id, deleted_at ON public.workspaces
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

-- 3. Ingest --------------------------------------------------------------------------------------------------------

-- Leads that arrive decided, each written once, in its final state, with claims, credit and log row.
--
-- Returns exceptions only: duplicate (written as routed in its source), again (nothing written: decide it again),
-- exists (p_repeat: stored by an earlier try), or the single row (0, stale) when the rules have changed, and then
-- nothing at all is written. p_rule_set_version NULL asks for no check, for batches of which everything is 'queued'.
-- p_result is one of success, unmatched, fallback (assigned), retry (waits a minute), queued (never tried, due now).
-- Every workspace is looked up once per batch, not once per lead; an unknown one refuses the batch (23503).
CREATE OR REPLACE FUNCTION switchyard.ingest_leads(
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean
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
$$;
COMMENT ON FUNCTION switchyard.ingest_leads(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean)
    IS 'Stores a batch of decided leads, each in its final state; returns exceptions only.';

-- 4. Waiting leads -------------------------------------------------------------------------------------------------

-- Held by row lock until the end of the transaction; whoever else claims passes over them. In order of next_retry_at.
--
-- The statistics of a queue are always old, and a plan that suits an empty one reads all of a full one: so the way
-- along the indexes is prescribed: down the queue by next_retry_at, and from each row to its lead, as far as the limit
-- goes. A lead without a workspace comes with the nil UUID as its source.
CREATE OR REPLACE FUNCTION switchyard.claim_waiting(p_limit integer, p_lead_id uuid DEFAULT NULL, p_new_only boolean DEFAULT false)
RETURNS TABLE (lead_id uuid, source_workspace_id uuid, attempts integer, email text, phone text, first_name text,
    last_name text, company_name text, company_industry text, company_size text, company_revenue text,
    company_location jsonb, dedupe_hash text, created_at timestamptz)
LANGUAGE plpgsql SET search_path = '' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
    SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    IF p_lead_id IS NOT NULL THEN
        RETURN QUERY
        SELECT l.id, coalesce(l.source_workspace_id, l.workspace_id, '00000000-0000-0000-0000-000000000000'),
            coalesce(l.routing_attempts, 0), l.email::text, l.phone::text, l.first_name::text, l.last_name::text,
            l.company_name::text, l.company_industry::text, l.company_size::text, l.company_revenue::text,
            to_jsonb(l.company_location), l.dedupe_hash::text, l.created_at::timestamptz
        FROM public.lead_routing_queue q JOIN public.leads l ON l.id = q.lead_id
        WHERE q.lead_id = p_lead_id AND l.routing_status = 'pending'
            AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
        FOR UPDATE OF q, l SKIP LOCKED;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT l.*
    FROM public.lead_routing_queue q
    CROSS JOIN LATERAL (
        SELECT l.id, coalesce(l.source_workspace_id, l.workspace_id, '00000000-0000-0000-0000-000000000000'),
            coalesce(l.routing_attempts, 0), l.email::text, l.phone::text, l.first_name::text, l.last_name::text,
            l.company_name::text, l.company_industry::text, l.company_size::text, l.company_revenue::text,
            to_jsonb(l.company_location), l.dedupe_hash::text, l.created_at::timestamptz
        FROM public.leads l
        WHERE l.id = q.lead_id AND l.routing_status = 'pending'
            AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
        FOR UPDATE SKIP LOCKED
    ) l
    WHERE q.next_retry_at <= v_now AND (p_new_only IS NOT TRUE OR q.attempt_number = 0)
    ORDER BY q.next_retry_at
    LIMIT p_limit
    FOR UPDATE OF q SKIP LOCKED;
END
$$;
COMMENT ON FUNCTION switchyard.claim_waiting(integer, uuid, boolean) IS 'Holds waiting leads that are due (or the one that is named, due or not) by row lock until the transaction ends.';

-- For any part of what claim_waiting gave, in the same transaction, as often as needed.
CREATE OR REPLACE FUNCTION switchyard.settle_claimed(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer
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
$$;
COMMENT ON FUNCTION switchyard.settle_claimed(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[], bytea[], integer)
    IS 'Writes the outcome of leads that claim_waiting holds; returns exceptions only: duplicate, again, failed, pending (destination not there), or (0, stale).';

CREATE OR REPLACE FUNCTION switchyard.requeue_lead(p_lead_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_found boolean;
    v_source uuid;
    v_workspace uuid;
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true);
    UPDATE public.leads l
    SET routing_status = 'pending', routing_attempts = 0, routing_error = NULL, updated_at = v_now
    WHERE l.id = p_lead_id AND l.routing_status = 'failed' AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
    RETURNING l.source_workspace_id, l.workspace_id INTO v_source, v_workspace;
    v_found := FOUND;
    PERFORM set_config('switchyard.deciding', '', true);
    IF NOT v_found THEN
        RETURN false;
    END IF;
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at)
    VALUES (p_lead_id, v_workspace, 0, v_now)
    ON CONFLICT (lead_id) DO UPDATE SET attempt_number = 0, next_retry_at = excluded.next_retry_at, last_error = NULL;
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, actor, created_at)
    VALUES (p_lead_id, v_source, 'requeued', 'An operator has put it back into the queue.', 0, p_actor, v_now);
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.requeue_lead(uuid, text) IS 'Makes a failed lead pending again, with all its attempts; false if it is not failed, or past its expiry.';

-- The invariant "one queue row for each pending lead" is kept by whoever changes a lead; this mends what a restored
-- backup, a disabled trigger or a session in replica mode has left.
CREATE OR REPLACE FUNCTION switchyard.enqueue_orphans(p_limit integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_count integer;
BEGIN
    DELETE FROM public.lead_routing_queue q
    WHERE q.lead_id = ANY (ARRAY(
        SELECT o.lead_id FROM public.lead_routing_queue o
        WHERE NOT EXISTS (SELECT FROM public.leads l WHERE l.id = o.lead_id AND l.routing_status = 'pending')
        ORDER BY o.lead_id
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED))
        AND NOT EXISTS (SELECT FROM public.leads l WHERE l.id = q.lead_id AND l.routing_status = 'pending');
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
    SELECT l.id, l.workspace_id, coalesce(l.routing_attempts, 0) FROM public.leads l
    WHERE l.routing_status = 'pending'
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = l.id)
    ORDER BY l.id
    LIMIT p_limit
    FOR UPDATE OF l SKIP LOCKED
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.enqueue_orphans(integer) IS 'Gives pending leads without a queue row one, and removes queue rows without a pending lead; returns how many leads were given one.';

-- 5. Health --------------------------------------------------------------------------------------------------------

-- All three hold little, and let health be told without reading what is done with.
CREATE INDEX IF NOT EXISTS lead_routing_queue_retries ON public.lead_routing_queue (next_retry_at) WHERE attempt_number > 0;
CREATE INDEX IF NOT EXISTS lead_routing_logs_created ON public.lead_routing_logs (created_at);
CREATE INDEX IF NOT EXISTS lead_routing_logs_expired ON public.lead_routing_logs (created_at) WHERE routing_result = 'expired';

-- Every figure reads at most so many index entries: counts stop at 100,000 (then it is "at least"), the rate looks at
-- the 10,000 newest decisions of the last hour.
CREATE OR REPLACE FUNCTION switchyard.routing_health() RETURNS TABLE (
    pending_count bigint, routing_count bigint, failed_count bigint, retry_queue_count bigint, stale_lock_count bigint,
    expired_count bigint, success_rate double precision, oldest_pending_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off
AS $$
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
$$;
COMMENT ON FUNCTION switchyard.routing_health() IS 'How routing is doing: counts stop at 100,000; expired_count is of the last hour; success_rate (0 to 1) is the part of the newest 10,000 attempts of the last hour that assigned their lead, NULL without any.';

-- 6. Who may see and do what ---------------------------------------------------------------------------------------

ALTER TABLE public.routing_agreements ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.scheduled_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rule_set_version ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON public.routing_agreements, switchyard.api_keys, switchyard.scheduled_runs, switchyard.rule_set_version
    FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.routing_agreements, switchyard.api_keys, switchyard.scheduled_runs,
    switchyard.rule_set_version TO service_role;
GRANT SELECT, INSERT, DELETE ON public.routing_agreements TO authenticated;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['public.routing_agreements', 'switchyard.api_keys', 'switchyard.scheduled_runs',
        'switchyard.rule_set_version'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS switchyard_service ON %s', v_table);
        EXECUTE format('CREATE POLICY switchyard_service ON %s TO service_role USING (true) WITH CHECK (true)', v_table);
    END LOOP;
END
$$;

DROP POLICY IF EXISTS switchyard_members ON public.routing_agreements;
CREATE POLICY switchyard_members ON public.routing_agreements FOR SELECT TO authenticated
    USING (receiving_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))
        OR sending_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
-- The receiver alone decides, by its API key.
DROP POLICY IF EXISTS switchyard_receiver_agrees ON public.routing_agreements;
CREATE POLICY switchyard_receiver_agrees ON public.routing_agreements FOR INSERT TO authenticated
    WITH CHECK (receiving_workspace_id = (SELECT switchyard.acting_workspace()));
DROP POLICY IF EXISTS switchyard_receiver_ends ON public.routing_agreements;
CREATE POLICY switchyard_receiver_ends ON public.routing_agreements FOR DELETE TO authenticated
    USING (receiving_workspace_id = (SELECT switchyard.acting_workspace()));

-- An API key writes the rules of its workspace, and only to where it has leave to send.
DO $$
BEGIN
    IF NOT (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.lead_routing_rules'::regclass) THEN
        RETURN;
    END IF;
    GRANT INSERT, UPDATE, DELETE ON public.lead_routing_rules TO authenticated;
    DROP POLICY IF EXISTS switchyard_owner_adds ON public.lead_routing_rules;
    CREATE POLICY switchyard_owner_adds ON public.lead_routing_rules FOR INSERT TO authenticated
        WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace())
            AND (destination_workspace_id = workspace_id OR EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id = destination_workspace_id AND a.sending_workspace_id = workspace_id)));
    DROP POLICY IF EXISTS switchyard_owner_changes ON public.lead_routing_rules;
    CREATE POLICY switchyard_owner_changes ON public.lead_routing_rules FOR UPDATE TO authenticated
        USING (workspace_id = (SELECT switchyard.acting_workspace()))
        WITH CHECK (workspace_id = (SELECT switchyard.acting_workspace())
            AND (destination_workspace_id = workspace_id OR EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id = destination_workspace_id AND a.sending_workspace_id = workspace_id)));
    DROP POLICY IF EXISTS switchyard_owner_removes ON public.lead_routing_rules;
    CREATE POLICY switchyard_owner_removes ON public.lead_routing_rules FOR DELETE TO authenticated
        USING (workspace_id = (SELECT switchyard.acting_workspace()));
END
$$;

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname NOT IN ('visible_workspaces', 'acting_workspace')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
END
$$;
-- Functions that later migrations of the same owner add start closed as well.
ALTER DEFAULT PRIVILEGES IN SCHEMA switchyard GRANT EXECUTE ON FUNCTIONS TO service_role;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
