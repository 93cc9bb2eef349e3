-- Capacity: pools, caps, turns and opening hours of destinations, leads that wait for them, and the return of leads. What
-- decisions depend on beside the rules is rows, held while a batch is decided and written in its transaction: a cap of 100
-- is 100 under any concurrency. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regprocedure('switchyard.claim_turn(integer,boolean)') IS NULL OR to_regclass('switchyard.idempotency_keys') IS NULL THEN
        RAISE EXCEPTION 'The routing migrations are missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260501000001_retry_herd.sql and those before it first.';
    END IF;
END
$$;

-- 1. Columns -------------------------------------------------------------------------------------------------------

ALTER TABLE public.lead_routing_rules ADD COLUMN IF NOT EXISTS distribution jsonb;
ALTER TABLE public.workspaces ADD COLUMN IF NOT EXISTS capacity jsonb;
ALTER TABLE public.leads ADD COLUMN IF NOT EXISTS assignee_id uuid;
ALTER TABLE public.lead_routing_queue ADD COLUMN IF NOT EXISTS waiting_for uuid;
ALTER TABLE public.lead_attributions ADD COLUMN IF NOT EXISTS returned_at timestamptz;
COMMENT ON COLUMN public.lead_routing_rules.distribution IS 'Pool, caps and what to do when they are full; NULL: destination_workspace_id takes every lead. For a pool that column holds its first member.';
COMMENT ON COLUMN public.workspaces.capacity IS 'Time zone, caps, opening hours, holidays and minimum score; NULL: takes every lead at any time.';
COMMENT ON COLUMN public.leads.assignee_id IS 'The person of its workspace to whom it is given.';
COMMENT ON COLUMN public.lead_routing_queue.waiting_for IS 'The rule whose destinations were full or closed; such a row is due at infinity, and moves when they can take leads again.';
COMMENT ON COLUMN public.lead_attributions.returned_at IS 'When the destination gave the lead back.';

-- The oldest that waits for a rule, by source, without reading the others.
CREATE INDEX IF NOT EXISTS lead_routing_queue_waiters ON public.lead_routing_queue
    (waiting_for, coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'), created_at) WHERE waiting_for IS NOT NULL;

-- Not validated: what is stored met the narrower condition, and reading it all would keep writers waiting.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = 'public.lead_routing_logs'::regclass
        AND c.conname = 'lead_routing_logs_routing_result_check' AND pg_get_constraintdef(c.oid) LIKE '%returned%') THEN
        ALTER TABLE public.lead_routing_logs DROP CONSTRAINT IF EXISTS lead_routing_logs_routing_result_check;
        ALTER TABLE public.lead_routing_logs ADD CONSTRAINT lead_routing_logs_routing_result_check CHECK (routing_result IN ('success',
            'unmatched', 'fallback', 'duplicate', 'retry', 'failed', 'expired', 'released', 'requeued', 'waiting', 'returned')) NOT VALID;
    END IF;
END
$$;

-- A time zone that PostgreSQL does not know would stop every batch that asks for its day.
CREATE OR REPLACE FUNCTION switchyard.check_capacity() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM now() AT TIME ZONE coalesce(NEW.capacity ->> 'timeZone', 'UTC');
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.check_capacity() IS 'Refuses a capacity whose time zone does not exist (22023).';
CREATE OR REPLACE TRIGGER switchyard_capacity BEFORE INSERT OR UPDATE OF capacity ON public.workspaces
    FOR EACH ROW WHEN (NEW.capacity IS NOT NULL) EXECUTE FUNCTION switchyard.check_capacity();

-- Decisions depend on the capacity of workspaces as well.
CREATE OR REPLACE TRIGGER switchyard_version AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF id, name, workspace_type,
    is_active, routing_paused_at, unmatched_policy, fallback_workspace_id, deleted_at, capacity ON public.workspaces
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_rule_set_version();

-- 2. The state -----------------------------------------------------------------------------------------------------

-- Small rows that change often, in place: nothing that changes is indexed.
CREATE TABLE IF NOT EXISTS switchyard.routing_state (
    scope smallint NOT NULL CONSTRAINT routing_state_scope_check CHECK (scope BETWEEN 0 AND 5),
    owner_id uuid NOT NULL,
    member_id uuid NOT NULL,
    period smallint NOT NULL CONSTRAINT routing_state_period_check CHECK (period BETWEEN 0 AND 5),
    window_start timestamptz NOT NULL DEFAULT 'epoch',
    window_end timestamptz NOT NULL DEFAULT 'infinity',
    amount bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, owner_id, member_id, period)
) WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE switchyard.routing_state IS 'What decisions depend on beside the rules: leads counted in windows, and turns.';
COMMENT ON COLUMN switchyard.routing_state.scope IS '0 workspace, 1 rule, 2 member of a rule, 3 person of a workspace, 4 load of a member, 5 source whose leads wait for a rule.';
COMMENT ON COLUMN switchyard.routing_state.period IS '0 turn, 1 hour, 2 day, 3 week, 4 month, 5 total.';
COMMENT ON COLUMN switchyard.routing_state.amount IS 'Leads in the window; of a turn the current of smooth weighted round robin (they sum to zero), of scope 5 when it was last served, in microseconds.';

CREATE TABLE IF NOT EXISTS switchyard.sticky_destinations (
    rule_id uuid NOT NULL,
    key bytea NOT NULL,
    workspace_id uuid NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (rule_id, key)
);
COMMENT ON TABLE switchyard.sticky_destinations IS 'Where the leads of a company or e-mail domain went under a sticky rule; key is a digest.';

-- When a window begins and ends by the calendar of a time zone; hours that a clock shows twice are two.
CREATE OR REPLACE FUNCTION switchyard.capacity_window(p_period smallint, p_zone text, p_now timestamptz,
    OUT window_start timestamptz, OUT window_end timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
    v_unit text := (ARRAY['hour', 'day', 'week', 'month'])[p_period];
BEGIN
    IF v_unit IS NULL THEN
        window_start := 'epoch';
        window_end := 'infinity';
        RETURN;
    END IF;
    window_start := date_trunc(v_unit, p_now, p_zone);
    IF p_period = 1 THEN
        window_end := window_start + interval '1 hour';
    ELSE
        window_end := (date_trunc(v_unit, p_now AT TIME ZONE p_zone) + ('1 ' || v_unit)::interval) AT TIME ZONE p_zone;
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.capacity_window(smallint, text, timestamptz) IS 'The hour, day, week or month that a time is in, by the calendar of a time zone.';

-- The state that a batch of decisions may look at, locked until the transaction ends (p_lock false: only read). Rows that
-- are missing are made first, in the order of their keys, and then all are locked in that order: two batches wait for each
-- other in one direction only. A window that has passed begins anew. Answers: kind 0 the time (microseconds), 1 a number of
-- the state with the beginning of its window (microseconds), 2 the local time of a workspace (minutes), 3 where a company or
-- domain went, 4 a rule for which leads wait; place is the place in the request, from 1.
CREATE OR REPLACE FUNCTION switchyard.hold_routing_state(
    p_scope smallint[], p_owner uuid[], p_member uuid[], p_period smallint[], p_zone text[], p_clock_zone text[],
    p_sticky_rule uuid[], p_sticky_key bytea[], p_waiting uuid[], p_lock boolean DEFAULT true, p_now timestamptz DEFAULT NULL
) RETURNS TABLE (kind integer, place integer, amount bigint, window_start bigint, id uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET enable_hashjoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz;
BEGIN
    IF p_lock AND cardinality(p_owner) > 0 THEN
        IF EXISTS (SELECT FROM unnest(p_scope, p_owner, p_member, p_period) k (scope, owner, member, period)
            WHERE NOT EXISTS (SELECT FROM switchyard.routing_state s WHERE s.scope = k.scope AND s.owner_id = k.owner
                AND s.member_id = k.member AND s.period = k.period)) THEN
            INSERT INTO switchyard.routing_state (scope, owner_id, member_id, period, window_end)
            SELECT k.scope, k.owner, k.member, k.period, CASE WHEN k.period BETWEEN 1 AND 4 THEN '-infinity' ELSE 'infinity' END::timestamptz
            FROM unnest(p_scope, p_owner, p_member, p_period) k (scope, owner, member, period)
            ORDER BY k.scope, k.owner, k.member, k.period
            ON CONFLICT DO NOTHING;
        END IF;
        PERFORM FROM unnest(p_scope, p_owner, p_member, p_period) k (scope, owner, member, period)
        JOIN switchyard.routing_state s ON s.scope = k.scope AND s.owner_id = k.owner AND s.member_id = k.member AND s.period = k.period
        ORDER BY s.scope, s.owner_id, s.member_id, s.period
        FOR UPDATE OF s;
    END IF;
    -- Not before the rows are held: a window may have passed meanwhile.
    v_now := coalesce(p_now, clock_timestamp());
    IF p_lock AND cardinality(p_owner) > 0 THEN
        UPDATE switchyard.routing_state s
        SET window_start = w.window_start, window_end = w.window_end, amount = 0
        FROM unnest(p_scope, p_owner, p_member, p_period, p_zone) k (scope, owner, member, period, zone)
        CROSS JOIN LATERAL switchyard.capacity_window(k.period, k.zone, v_now) w
        WHERE s.scope = k.scope AND s.owner_id = k.owner AND s.member_id = k.member AND s.period = k.period
            AND s.window_end <= v_now;
    END IF;
    RETURN QUERY SELECT 0, 0, (extract(epoch FROM v_now) * 1000000)::bigint, 0::bigint, NULL::uuid;
    RETURN QUERY
    SELECT 1, k.place::integer, CASE WHEN s.window_end > v_now THEN s.amount ELSE 0 END,
        (extract(epoch FROM s.window_start) * 1000000)::bigint, NULL::uuid
    FROM unnest(p_scope, p_owner, p_member, p_period) WITH ORDINALITY k (scope, owner, member, period, place)
    JOIN switchyard.routing_state s ON s.scope = k.scope AND s.owner_id = k.owner AND s.member_id = k.member AND s.period = k.period;
    RETURN QUERY
    SELECT 2, k.place::integer, floor(extract(epoch FROM v_now AT TIME ZONE k.zone) / 60)::bigint, 0::bigint, NULL::uuid
    FROM unnest(p_clock_zone) WITH ORDINALITY k (zone, place);
    RETURN QUERY
    SELECT 3, k.place::integer, 0::bigint, 0::bigint, s.workspace_id
    FROM unnest(p_sticky_rule, p_sticky_key) WITH ORDINALITY k (rule, key, place)
    JOIN switchyard.sticky_destinations s ON s.rule_id = k.rule AND s.key = k.key;
    RETURN QUERY
    SELECT 4, k.place::integer, 0::bigint, 0::bigint, NULL::uuid
    FROM unnest(p_waiting) WITH ORDINALITY k (rule, place)
    WHERE EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for = k.rule);
END
$$;
COMMENT ON FUNCTION switchyard.hold_routing_state(smallint[], uuid[], uuid[], smallint[], text[], text[], uuid[], bytea[], uuid[], boolean, timestamptz)
    IS 'Reads what decisions depend on beside the rules, and locks it until the transaction ends.';

-- What the leads of a batch have taken, for rows that hold_routing_state has locked.
CREATE OR REPLACE FUNCTION switchyard.take_routing_state(
    p_scope smallint[], p_owner uuid[], p_member uuid[], p_period smallint[], p_amount bigint[],
    p_sticky_rule uuid[], p_sticky_key bytea[], p_sticky_workspace uuid[]
) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET enable_hashjoin = off SET jit = off
AS $$
BEGIN
    UPDATE switchyard.routing_state s SET amount = s.amount + k.amount
    FROM unnest(p_scope, p_owner, p_member, p_period, p_amount) k (scope, owner, member, period, amount)
    WHERE s.scope = k.scope AND s.owner_id = k.owner AND s.member_id = k.member AND s.period = k.period;
    IF cardinality(p_sticky_rule) > 0 THEN
        INSERT INTO switchyard.sticky_destinations AS d (rule_id, key, workspace_id)
        SELECT k.rule, k.key, k.workspace FROM unnest(p_sticky_rule, p_sticky_key, p_sticky_workspace) k (rule, key, workspace)
        ORDER BY k.rule, k.key
        ON CONFLICT (rule_id, key) DO UPDATE SET workspace_id = excluded.workspace_id, updated_at = now()
            WHERE d.workspace_id <> excluded.workspace_id;
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.take_routing_state(smallint[], uuid[], uuid[], smallint[], bigint[], uuid[], bytea[], uuid[])
    IS 'Adds what a batch has taken to the rows that it holds.';

-- 3. Writing -------------------------------------------------------------------------------------------------------
--
-- The functions of before, with three arrays more (each may be NULL): to whom a lead is given, the rule that it waits for
-- (result 'waiting': pending, due at infinity, no attempt used), and what the decision saw, for the log. The old
-- signatures remain for nodes of the version before.

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
    IF EXISTS (SELECT FROM unnest(p_result, p_waiting_for) u (result, rule) WHERE u.result = 'waiting' AND u.rule IS NULL) THEN
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
        END IF;
    END IF;

    SELECT array_agg(c.ordinal), array_agg(c.outcome), array_agg(c.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
    FROM switchyard.claim_identities(p_lead_id, p_source, p_claim_1, p_claim_2) c;
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

    PERFORM set_config('switchyard.deciding', 'batch', true);
    INSERT INTO public.leads (id, workspace_id, source_workspace_id, email, phone, first_name, last_name, company_name,
        company_industry, company_size, company_revenue, company_location, source, source_id, metadata, routing_status,
        routing_attempts, routing_last_attempted_at, routing_error, dedupe_hash, matched_rule_id, duplicate_of, routed_at,
        assignee_id)
    SELECT u.id, CASE WHEN u.result IN ('retry', 'queued', 'waiting') THEN u.src ELSE u.destination END, u.src, u.email, u.phone, u.first_name,
        u.last_name, u.company_name, u.industry, u.size, u.revenue, u.location::jsonb, u.lead_source, u.source_id,
        u.metadata::jsonb,
        CASE WHEN u.result IN ('retry', 'queued', 'waiting') THEN 'pending'::public.lead_routing_status ELSE 'routed' END,
        CASE WHEN u.result IN ('queued', 'waiting') THEN 0 ELSE 1 END,
        CASE WHEN u.result <> 'queued' THEN now() END,
        CASE WHEN u.result = 'retry' THEN u.reason END,
        u.hash, u.rule, u.lost_to,
        CASE WHEN u.result NOT IN ('retry', 'queued', 'waiting') THEN now() END,
        u.assignee
    FROM unnest(p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email, p_phone, p_first_name, p_last_name,
        p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id, p_metadata, p_dedupe_hash,
        v_duplicate_of, p_assignee)
        u (id, src, destination, rule, result, reason, email, phone, first_name, last_name, company_name, industry, size,
            revenue, location, lead_source, source_id, metadata, hash, lost_to, assignee)
    WHERE u.result NOT IN ('again', 'exists');
    PERFORM set_config('switchyard.deciding', '', true);

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
        SELECT u.id, u.src FROM unnest(p_lead_id, p_source, p_result) u (id, src, result)
        WHERE u.result IN ('success', 'fallback');
    ELSE
        INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
        SELECT u.id, u.src, f.partner FROM unnest(p_lead_id, p_source, p_result) u (id, src, result)
        LEFT JOIN unnest(v_credited, v_partner) f (workspace, partner) ON f.workspace = u.src
        WHERE u.result IN ('success', 'fallback');
    END IF;

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, attempt, rule_set_version, duplicate_of, metadata)
    SELECT u.id, u.src, CASE WHEN u.result NOT IN ('retry', 'waiting') THEN u.destination END, u.rule, u.result, u.reason,
        CASE WHEN u.result = 'waiting' THEN 0 ELSE 1 END, p_rule_set_version, u.lost_to, u.metadata::jsonb
    FROM unnest(p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, v_duplicate_of, p_log_metadata)
        u (id, src, destination, rule, result, reason, lost_to, metadata)
    WHERE u.result NOT IN ('again', 'exists', 'queued');
END
$$;
COMMENT ON FUNCTION switchyard.ingest_decided(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[])
    IS 'Stores a batch of decided leads, each in its final state; returns exceptions only.';

CREATE OR REPLACE FUNCTION switchyard.ingest_leads(
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN QUERY SELECT * FROM switchyard.ingest_decided(
        p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email, p_phone,
        p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source,
        p_source_id, p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, NULL, NULL, NULL);
END
$$;

CREATE OR REPLACE FUNCTION switchyard.ingest_keyed_decided(
    p_key bytea[], p_request bytea[],
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
        p_assignee := ARRAY(SELECT p_assignee[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_waiting_for := ARRAY(SELECT p_waiting_for[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_log_metadata := ARRAY(SELECT p_log_metadata[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
    END IF;

    SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_first
    FROM switchyard.ingest_decided(p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email,
        p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source,
        p_source_id, p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for,
        p_log_metadata) s;
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
$$;
COMMENT ON FUNCTION switchyard.ingest_keyed_decided(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[],
    text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[],
    uuid[], text[])
    IS 'ingest_decided for batches with idempotency keys; also returns repeated (duplicate_of: the first lead) and mismatch.';

CREATE OR REPLACE FUNCTION switchyard.ingest_keyed_leads(
    p_key bytea[], p_request bytea[],
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN QUERY SELECT * FROM switchyard.ingest_keyed_decided(
        p_key, p_request, p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason,
        p_email, p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location,
        p_lead_source, p_source_id, p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, NULL, NULL, NULL);
END
$$;

CREATE OR REPLACE FUNCTION switchyard.settle_decided(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_error text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer, p_owner uuid,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[]
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
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
    v_assignee uuid[];
    v_waiting_for uuid[];
    v_metadata text[];
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
            -- Waiting for capacity uses no attempt.
            h.attempts + (p_owner IS NULL AND u.result <> 'waiting')::integer AS attempt, u.assignee, u.waiting_for, u.metadata
        FROM (
            -- A lead that is named twice is taken once.
            SELECT DISTINCT ON (n.id) n.*
            FROM unnest(p_lead_id, p_destination, p_rule, p_result, p_reason, p_error, p_dedupe_hash, p_claim_1, p_claim_2,
                p_assignee, p_waiting_for, p_log_metadata)
                WITH ORDINALITY n (id, destination, rule, result, reason, error, hash, claim_1, claim_2, assignee, waiting_for,
                    metadata, ord)
            ORDER BY n.id, n.ord
        ) u
        JOIN held h ON h.id = u.id
    ), possible AS (
        SELECT w.*, CASE WHEN w.result IN ('retry', 'failed', 'waiting') THEN NULL
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
            THEN f.claim_1 WHEN f.end_result = 'waiting' THEN f.claim_1 END),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback') OR (f.end_result = 'retry' AND p_owner IS NULL)
            THEN f.claim_2 WHEN f.end_result = 'waiting' THEN f.claim_2 END),
        array_agg(f.attempt),
        array_agg(CASE WHEN f.end_result IN ('success', 'fallback') THEN f.assignee END),
        array_agg(CASE WHEN f.end_result = 'waiting' THEN f.waiting_for END),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback', 'waiting') THEN f.metadata END)
    INTO v_ord, v_id, v_source, v_destination, v_rule, v_result, v_reason, v_error, v_hash, v_claim_1, v_claim_2, v_attempt,
        v_assignee, v_waiting_for, v_metadata
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

    INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
    SELECT u.id, u.source, coalesce(l.partner_id, (SELECT p.id FROM public.partners p WHERE p.workspace_id = u.source
        ORDER BY p.is_active DESC, p.created_at, p.id LIMIT 1))
    FROM unnest(v_id, v_source, v_result) u (id, source, result)
    JOIN public.leads l ON l.id = u.id
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
    SELECT w.ord::integer, CASE WHEN u.result IS NULL THEN 'refused' WHEN u.result IN ('success', 'unmatched', 'fallback') THEN 'routed'
        WHEN u.result IN ('retry', 'waiting') THEN 'pending' ELSE u.result END, u.lost_to
    FROM unnest(p_lead_id) WITH ORDINALITY w (id, ord)
    LEFT JOIN unnest(v_ord, v_result, v_duplicate_of) u (ord, result, lost_to) ON u.ord = w.ord
    ORDER BY w.ord;
END
$$;
COMMENT ON FUNCTION switchyard.settle_decided(bigint, uuid[], uuid[], uuid[], text[], text[], text[], text[], bytea[], bytea[], integer, uuid,
    uuid[], uuid[], text[])
    IS 'Ends an attempt for a batch of held leads: the one implementation beneath settle_held, complete_routings and fail_routings.';

CREATE OR REPLACE FUNCTION switchyard.settle_leads(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_error text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer, p_owner uuid
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN QUERY SELECT * FROM switchyard.settle_decided(
        p_rule_set_version, p_lead_id, p_destination, p_rule, p_result, p_reason, p_error, p_dedupe_hash, p_claim_1,
        p_claim_2, p_max_attempts, p_owner, NULL, NULL, NULL);
END
$$;

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
        RAISE EXCEPTION 'A result is none of success, unmatched, fallback, retry, failed, waiting.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM unnest(p_result, p_waiting_for) u (result, rule) WHERE u.result = 'waiting' AND u.rule IS NULL) THEN
        RAISE EXCEPTION 'A lead waits for a rule that is not named.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY
    SELECT s.ordinal, CASE s.outcome WHEN 'refused' THEN 'again' ELSE s.outcome END, s.duplicate_of
    FROM switchyard.settle_decided(p_rule_set_version, p_lead_id, p_destination, p_rule, p_result, p_reason, NULL,
        p_dedupe_hash, p_claim_1, p_claim_2, coalesce(p_max_attempts, 5), NULL, p_assignee, p_waiting_for, p_log_metadata) s
    WHERE s.outcome IN ('duplicate', 'again', 'failed', 'refused')
        -- Meant to be assigned, and could not be: the destination is not there.
        OR (s.outcome = 'pending' AND p_result[s.ordinal] NOT IN ('retry', 'waiting'));
END
$$;
COMMENT ON FUNCTION switchyard.settle_held(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[], bytea[], integer, uuid[],
    uuid[], text[])
    IS 'Writes the outcome of leads that are held by row lock; returns exceptions only: duplicate, again, failed, pending (destination not there), or (0, stale).';

CREATE OR REPLACE FUNCTION switchyard.settle_claimed(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN QUERY SELECT * FROM switchyard.settle_held(
        p_rule_set_version, p_lead_id, p_destination, p_rule, p_result, p_reason, p_dedupe_hash, p_claim_1,
        p_claim_2, p_max_attempts, NULL, NULL, NULL);
END
$$;

-- 4. Waiting for capacity ------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION switchyard.awaited_rules() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE rule (id) AS (
        (SELECT q.waiting_for FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL ORDER BY q.waiting_for LIMIT 1)
        UNION ALL
        SELECT (SELECT q.waiting_for FROM public.lead_routing_queue q WHERE q.waiting_for > r.id ORDER BY q.waiting_for LIMIT 1)
        FROM rule r WHERE r.id IS NOT NULL
    )
    SELECT r.id FROM rule r WHERE r.id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION switchyard.awaited_rules() IS 'The rules for which leads wait: a probe for each (a loose index scan), however many leads that are.';

-- One node at a time drains a rule: the row of the rule in scope 5 is its turn, and whoever comes meanwhile goes on.
-- Every source has an equal share of the leads that are asked for, its oldest first; whoever was served longest ago is first.
CREATE OR REPLACE FUNCTION switchyard.claim_waiters(p_rule uuid, p_limit integer, p_except uuid[] DEFAULT '{}')
RETURNS TABLE (lead_id uuid, source_workspace_id uuid, attempts integer, email text, phone text, company_name text,
    company_industry text, company_size text, company_revenue text, company_location jsonb)
LANGUAGE plpgsql SET search_path = '' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
    SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    v_sources uuid[];
    v_share integer;
    v_taken uuid[] := '{}';
    v_part uuid[];
    v_source uuid;
    v_served uuid[] := '{}';
BEGIN
    IF p_limit < 1 OR EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = v_nobody) THEN
        RETURN;
    END IF;
    INSERT INTO switchyard.routing_state (scope, owner_id, member_id, period) VALUES (5, p_rule, v_nobody, 0) ON CONFLICT DO NOTHING;
    PERFORM FROM switchyard.routing_state s WHERE s.scope = 5 AND s.owner_id = p_rule AND s.member_id = v_nobody AND s.period = 0
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    WITH RECURSIVE source (id) AS (
        (SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') FROM public.lead_routing_queue q
            WHERE q.waiting_for = p_rule
            ORDER BY q.waiting_for, coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') FROM public.lead_routing_queue q
            WHERE q.waiting_for = p_rule AND coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') > s.id
            ORDER BY q.waiting_for, coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') LIMIT 1)
        FROM source s WHERE s.id IS NOT NULL
    )
    SELECT array_agg(s.id ORDER BY coalesce((SELECT t.amount FROM switchyard.routing_state t WHERE t.scope = 5 AND t.owner_id = p_rule
            AND t.member_id = s.id AND t.period = 0 AND s.id <> v_nobody), 0),
        (SELECT q.created_at FROM public.lead_routing_queue q WHERE q.waiting_for = p_rule
            AND coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') = s.id
            ORDER BY q.waiting_for, coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.created_at LIMIT 1), s.id)
    INTO v_sources
    FROM source s
    WHERE s.id IS NOT NULL AND NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id);
    IF v_sources IS NULL THEN
        RETURN;
    END IF;
    -- Once for each source's share, and once more for what is left.
    v_share := greatest(p_limit / cardinality(v_sources), 1);
    FOR i IN 1 .. 2 LOOP
        FOREACH v_source IN ARRAY v_sources LOOP
            EXIT WHEN cardinality(v_taken) >= p_limit;
            v_part := ARRAY(
                SELECT q.lead_id FROM public.lead_routing_queue q
                CROSS JOIN LATERAL (
                    SELECT FROM public.leads l
                    WHERE l.id = q.lead_id AND l.routing_status = 'pending' AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
                    FOR UPDATE SKIP LOCKED
                ) l
                WHERE q.waiting_for = p_rule
                    AND coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') = v_source
                    AND q.lead_id <> ALL (v_taken) AND q.lead_id <> ALL (p_except)
                ORDER BY q.waiting_for, coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.created_at
                LIMIT least(v_share, p_limit - cardinality(v_taken))
                FOR UPDATE OF q SKIP LOCKED);
            IF cardinality(v_part) > 0 THEN
                v_taken := v_taken || v_part;
                v_served := v_served || v_source;
            END IF;
        END LOOP;
        EXIT WHEN cardinality(v_taken) >= p_limit OR cardinality(v_sources) = 1;
        v_share := p_limit - cardinality(v_taken);
    END LOOP;
    INSERT INTO switchyard.routing_state AS s (scope, owner_id, member_id, period, amount)
    SELECT 5, p_rule, u.id, 0, (extract(epoch FROM v_now) * 1000000)::bigint + min(u.turn)
    FROM unnest(v_served) WITH ORDINALITY u (id, turn) WHERE u.id <> v_nobody GROUP BY u.id
    ON CONFLICT (scope, owner_id, member_id, period) DO UPDATE SET amount = excluded.amount;
    RETURN QUERY
    SELECT l.id, coalesce(l.source_workspace_id, l.workspace_id, v_nobody), coalesce(l.routing_attempts, 0), l.email::text,
        l.phone::text, l.company_name::text, l.company_industry::text, l.company_size::text, l.company_revenue::text,
        to_jsonb(l.company_location)
    FROM unnest(v_taken) WITH ORDINALITY u (id, turn) JOIN public.leads l ON l.id = u.id;
END
$$;
COMMENT ON FUNCTION switchyard.claim_waiters(uuid, integer, uuid[]) IS 'Holds leads that wait for a rule by row lock until the transaction ends: oldest first, in turns of their sources, none of a paused source; nothing while another node drains the rule.';

CREATE OR REPLACE FUNCTION switchyard.waiting_for_capacity() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL LIMIT 100000) x);
END
$$;
COMMENT ON FUNCTION switchyard.waiting_for_capacity() IS 'How many leads wait for capacity; stops at 100,000.';

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
            WHERE x.routing_result NOT IN ('expired', 'released', 'requeued', 'waiting', 'returned')),
        -- Who waits for capacity is not late; of the 10,000 oldest, the first that does not.
        (SELECT extract(epoch FROM v_now - CASE WHEN EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL)
            THEN (SELECT min(x.created_at) FROM (SELECT l.id, l.created_at FROM public.leads l WHERE l.routing_status = 'pending'
                ORDER BY l.created_at LIMIT 10000) x
                WHERE NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = x.id AND q.waiting_for IS NOT NULL))
            ELSE (SELECT min(l.created_at) FROM public.leads l WHERE l.routing_status = 'pending') END)::double precision);
END
$$;

-- 5. Return --------------------------------------------------------------------------------------------------------

-- Takes a lead back from its destination: its room is free again in each window that is still running, its credit is marked,
-- and it is in its source workspace, still routed. p_workspace_id: on whose behalf, NULL for an administrator. Outcomes:
-- returned; already (it was returned from there before, nothing changes); none (no such routed lead there).
CREATE OR REPLACE FUNCTION switchyard.return_lead(p_lead_id uuid, p_workspace_id uuid, p_actor text, p_reason text) RETURNS text
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_lead record;
    v_log record;
BEGIN
    SELECT l.id, l.workspace_id, l.source_workspace_id, l.matched_rule_id, l.duplicate_of INTO v_lead FROM public.leads l
    WHERE l.id = p_lead_id AND l.routing_status = 'routed'
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'none';
    END IF;
    SELECT g.id, g.routing_result, g.destination_workspace_id, g.metadata, g.created_at INTO v_log FROM public.lead_routing_logs g
    WHERE g.lead_id = p_lead_id AND g.routing_result IN ('success', 'fallback', 'returned')
    ORDER BY g.created_at DESC, g.id DESC LIMIT 1;
    IF v_lead.workspace_id IS NOT DISTINCT FROM v_lead.source_workspace_id OR v_log.routing_result IS NULL
        OR v_log.routing_result = 'returned' OR (p_workspace_id IS NOT NULL AND v_lead.workspace_id <> p_workspace_id) THEN
        RETURN CASE WHEN EXISTS (SELECT FROM public.lead_routing_logs g WHERE g.lead_id = p_lead_id AND g.routing_result = 'returned'
            AND (p_workspace_id IS NULL OR g.destination_workspace_id = p_workspace_id)) THEN 'already' ELSE 'none' END;
    END IF;
    -- In the order of the keys, as every holder of these rows locks them. What was charged is named by its place among what
    -- the decision looked at: [scope, owner, member, period, amount, beginning of the window].
    PERFORM FROM jsonb_array_elements(v_log.metadata -> 'charged') p
    CROSS JOIN LATERAL (SELECT v_log.metadata #> ARRAY['state', 'amounts', p #>> '{}']) c (c)
    JOIN switchyard.routing_state s ON s.scope = (c ->> 0)::smallint AND s.owner_id = (c ->> 1)::uuid
        AND s.member_id = coalesce((c ->> 2)::uuid, '00000000-0000-0000-0000-000000000000') AND s.period = (c ->> 3)::smallint
    ORDER BY s.scope, s.owner_id, s.member_id, s.period
    FOR UPDATE OF s;
    UPDATE switchyard.routing_state s SET amount = greatest(s.amount - 1, 0)
    FROM jsonb_array_elements(v_log.metadata -> 'charged') p
    CROSS JOIN LATERAL (SELECT v_log.metadata #> ARRAY['state', 'amounts', p #>> '{}']) c (c)
    WHERE s.scope = (c ->> 0)::smallint AND s.owner_id = (c ->> 1)::uuid
        AND s.member_id = coalesce((c ->> 2)::uuid, '00000000-0000-0000-0000-000000000000') AND s.period = (c ->> 3)::smallint
        AND (extract(epoch FROM s.window_start) * 1000000)::bigint = (c ->> 5)::bigint;
    UPDATE public.lead_attributions a SET returned_at = v_now WHERE a.lead_id = p_lead_id;
    UPDATE public.leads l SET workspace_id = l.source_workspace_id, matched_rule_id = NULL, assignee_id = NULL, updated_at = v_now
    WHERE l.id = p_lead_id;
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result,
        reason, actor, created_at)
    VALUES (p_lead_id, v_lead.source_workspace_id, v_lead.workspace_id, v_lead.matched_rule_id, 'returned', p_reason, p_actor, v_now);
    RETURN 'returned';
END
$$;
COMMENT ON FUNCTION switchyard.return_lead(uuid, uuid, text, text) IS 'Takes a lead back from its destination, with its room and its credit: returned, already, or none.';

-- Sends a lead on that return_lead has taken back in this transaction, or earlier.
CREATE OR REPLACE FUNCTION switchyard.send_returned_lead(p_lead_id uuid, p_rule_set_version bigint, p_destination uuid, p_rule uuid,
    p_result text, p_reason text, p_assignee uuid, p_log_metadata text, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_source uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM switchyard.rule_set_version v WHERE v.version = p_rule_set_version) THEN
        RETURN false;
    END IF;
    UPDATE public.leads l SET workspace_id = p_destination, matched_rule_id = p_rule, assignee_id = p_assignee, routed_at = v_now,
        updated_at = v_now
    WHERE l.id = p_lead_id AND l.routing_status = 'routed'
    RETURNING l.source_workspace_id INTO v_source;
    UPDATE public.lead_attributions a SET returned_at = NULL WHERE a.lead_id = p_lead_id AND p_result IN ('success', 'fallback');
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result,
        reason, actor, rule_set_version, metadata, created_at)
    VALUES (p_lead_id, v_source, p_destination, p_rule, p_result, p_reason, p_actor, p_rule_set_version, p_log_metadata::jsonb,
        v_now + interval '1 microsecond');
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.send_returned_lead(uuid, bigint, uuid, uuid, text, text, uuid, text, text) IS 'Assigns a returned lead anew; false if the rules have changed, and then nothing is written.';

-- 6. Who may see and do what ---------------------------------------------------------------------------------------

ALTER TABLE switchyard.routing_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.sticky_destinations ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_state, switchyard.sticky_destinations FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_state, switchyard.sticky_destinations TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.routing_state;
CREATE POLICY switchyard_service ON switchyard.routing_state TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.sticky_destinations;
CREATE POLICY switchyard_service ON switchyard.sticky_destinations TO service_role USING (true) WITH CHECK (true);

-- Every member of a pool has agreed, as the one destination of a rule has.
DO $$
BEGIN
    IF NOT (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.lead_routing_rules'::regclass) THEN
        RETURN;
    END IF;
    DROP POLICY IF EXISTS switchyard_pool_adds ON public.lead_routing_rules;
    CREATE POLICY switchyard_pool_adds ON public.lead_routing_rules AS RESTRICTIVE FOR INSERT TO authenticated
        WITH CHECK (NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(distribution #> '{pool,members}') WHEN 'array'
                THEN distribution #> '{pool,members}' ELSE '[]' END) m
            WHERE lower(m ->> 'workspaceId') IS DISTINCT FROM workspace_id::text AND NOT EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id::text = lower(m ->> 'workspaceId') AND a.sending_workspace_id = workspace_id)));
    DROP POLICY IF EXISTS switchyard_pool_changes ON public.lead_routing_rules;
    CREATE POLICY switchyard_pool_changes ON public.lead_routing_rules AS RESTRICTIVE FOR UPDATE TO authenticated
        USING (true)
        WITH CHECK (NOT EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(distribution #> '{pool,members}') WHEN 'array'
                THEN distribution #> '{pool,members}' ELSE '[]' END) m
            WHERE lower(m ->> 'workspaceId') IS DISTINCT FROM workspace_id::text AND NOT EXISTS (SELECT FROM public.routing_agreements a
                WHERE a.receiving_workspace_id::text = lower(m ->> 'workspaceId') AND a.sending_workspace_id = workspace_id)));
END
$$;

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname IN ('check_capacity', 'capacity_window', 'hold_routing_state',
            'take_routing_state', 'ingest_decided', 'ingest_leads', 'ingest_keyed_decided', 'ingest_keyed_leads', 'settle_decided',
            'settle_leads', 'settle_held', 'settle_claimed', 'awaited_rules', 'claim_waiters', 'waiting_for_capacity', 'routing_health',
            'return_lead', 'send_returned_lead')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
