-- Routing: capacity, ingest, waiting leads, returned leads, and health. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Writers queue behind a lock that this file waits for, so it waits a second at most.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.rule_set_history') IS NULL THEN
        RAISE EXCEPTION 'The migration of rule sets is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20261130000001_rule_sets.sql first.';
    END IF;
END
$$;

-- 1. Capacity -------------------------------------------------------------------------------------------------------

-- Capacity: counters of caps, turns of pools, and sticky destinations. A batch locks its rows while it is decided and written,
-- or, if there is room, at its end: so a cap of 100 is 100 under any concurrency.

-- Small rows that change often, in place: no changing column is indexed.
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
COMMENT ON TABLE switchyard.routing_state IS 'What decisions depend on besides the rules: leads counted in windows, and turns.';
COMMENT ON COLUMN switchyard.routing_state.scope IS '0 workspace, 1 rule, 2 member of a rule, 3 person of a workspace, 4 load of a member, 5 source whose leads wait for a rule.';
COMMENT ON COLUMN switchyard.routing_state.period IS '0 turn, 1 hour, 2 day, 3 week, 4 month, 5 total.';
COMMENT ON COLUMN switchyard.routing_state.amount IS 'Leads in the window; for a turn, the current weight of smooth weighted round robin (they sum to zero); for scope 5, when the source was last served, in microseconds.';

CREATE TABLE IF NOT EXISTS switchyard.sticky_destinations (
    rule_id uuid NOT NULL,
    key bytea NOT NULL,
    workspace_id uuid NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (rule_id, key)
);
COMMENT ON TABLE switchyard.sticky_destinations IS 'Where the leads of a company or email domain went under a sticky rule; key is a digest.';

ALTER TABLE switchyard.routing_state ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.sticky_destinations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_state, switchyard.sticky_destinations FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_state, switchyard.sticky_destinations TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.routing_state;
CREATE POLICY switchyard_service ON switchyard.routing_state TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.sticky_destinations;
CREATE POLICY switchyard_service ON switchyard.sticky_destinations TO service_role USING (true) WITH CHECK (true);

-- When a window begins and ends in the calendar of a time zone; an hour that the clock shows twice counts as two hours.
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
COMMENT ON FUNCTION switchyard.capacity_window(smallint, text, timestamptz) IS
    'The hour, day, week or month that contains p_now, in the calendar of a time zone.';

-- The state that the decisions of a batch may look at, locked until the transaction ends (p_lock false: only read).
-- Missing rows are inserted first, in the order of their keys, and then all rows are locked in that order, so two
-- batches wait for each other in one direction only. A window that has passed begins anew.
--
-- Rows of the answer, by kind: 0 the time (microseconds); 1 a counter, with the beginning of its window (microseconds);
-- 2 the local time of a workspace (minutes); 3 where the leads of a company or domain went; 4 a rule for which leads
-- wait. place is the place in the request, from 1.
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
    -- Read after the rows are locked: a window may have ended during the wait.
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
COMMENT ON FUNCTION switchyard.hold_routing_state(smallint[], uuid[], uuid[], smallint[], text[], text[], uuid[], bytea[], uuid[], boolean, timestamptz) IS
    'Reads what decisions depend on besides the rules, and locks it until the transaction ends.';

-- Charges the leads of a batch to rows that hold_routing_state has locked.
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
COMMENT ON FUNCTION switchyard.take_routing_state(smallint[], uuid[], uuid[], smallint[], bigint[], uuid[], bytea[], uuid[]) IS
    'Adds the leads of a batch to the counters that the transaction holds.';

-- Adds to counters if all of them have room in the windows that the caller saw; otherwise returns false, and the caller
-- has to roll its transaction back. Counters are locked in the order of their keys, as everywhere. The caller has
-- claimed identities before, and other transactions claim identities while they hold these locks; so this waits 250 ms
-- at most, and gives way before the deadlock detector would run (deadlock_timeout, one second).
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
COMMENT ON FUNCTION switchyard.take_within_caps(smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], bigint[]) IS
    'Adds to counters if all of them have room in the windows that the caller saw; false if not.';

-- 2. Ingest ---------------------------------------------------------------------------------------------------------

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

-- 3. Idempotency keys -----------------------------------------------------------------------------------------------

-- Ingest with idempotency keys: a client that repeats a request with the same key gets the first answer, and no second lead.

CREATE TABLE IF NOT EXISTS switchyard.idempotency_keys (
    workspace_id uuid NOT NULL,
    key bytea NOT NULL CONSTRAINT idempotency_keys_key_check CHECK (octet_length(key) = 32),
    request bytea NOT NULL CONSTRAINT idempotency_keys_request_check CHECK (octet_length(request) = 32),
    lead_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
-- For prune, which deletes keys after a day.
CREATE INDEX IF NOT EXISTS idempotency_keys_created ON switchyard.idempotency_keys (created_at);
COMMENT ON TABLE switchyard.idempotency_keys IS 'SHA-256 of the key that a client gave its request, and the lead that the request created; valid for 24 hours. The answer itself is the first log row of that lead.';

ALTER TABLE switchyard.idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.idempotency_keys FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.idempotency_keys TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.idempotency_keys;
CREATE POLICY switchyard_service ON switchyard.idempotency_keys TO service_role USING (true) WITH CHECK (true);

-- ingest_decided for batches in which some leads (p_key not NULL) carry an idempotency key.
--
-- Two more outcomes: repeated (the same request was made before; duplicate_of is the lead it created) and mismatch
-- (another request has used the key). Neither writes anything. Every writer inserts keys before identities, in the
-- order of their bytes, so a transaction that waits for a key holds no identity.
CREATE OR REPLACE FUNCTION switchyard.ingest_keyed_decided(
    p_key bytea[], p_request bytea[],
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
    -- A key may be used again after 24 hours.
    INSERT INTO switchyard.idempotency_keys AS k (workspace_id, key, request, lead_id, created_at)
    SELECT u.source, u.key, u.request, u.id, v_now
    FROM unnest(p_source, p_key, p_request, p_lead_id) u (source, key, request, id)
    WHERE u.key IS NOT NULL
    ORDER BY u.source, u.key
    ON CONFLICT (workspace_id, key) DO UPDATE
        SET request = excluded.request, lead_id = excluded.lead_id, created_at = excluded.created_at
        WHERE k.created_at < v_now - interval '24 hours';

    -- A new statement, so that it sees what the transaction we waited for has committed.
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
        p_log_metadata, p_look) s;
    IF v_ordinal IS NULL THEN
        RETURN;
    END IF;
    -- A lead that was not written has not used its key.
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
COMMENT ON FUNCTION switchyard.ingest_keyed_decided(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[], boolean) IS
    'ingest_decided for batches with idempotency keys; also returns repeated (duplicate_of: the first lead) and mismatch.';

-- 4. Ingest within caps ---------------------------------------------------------------------------------------------

-- Ingest towards capped destinations, with their counters locked no longer than a commit takes.

-- ingest_decided, or with keys ingest_keyed_decided, for leads that were decided without locking the counters of caps,
-- because there was room. p_scope and the arrays after it list the counters; lead p_charge_lead[i] counts in counter
-- p_charge_counter[i]. A lead that is not written as decided counts in none. If the caps have no room left for the
-- others, the function fails with SWCAP and nothing is written. Counters are locked last, so batches for the same
-- destination wait for each other's commit and no longer.
CREATE OR REPLACE FUNCTION switchyard.ingest_within_caps(
    p_key bytea[], p_request bytea[],
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[],
    p_scope smallint[], p_owner uuid[], p_member uuid[], p_period smallint[], p_limit bigint[], p_window bigint[],
    p_charge_lead integer[], p_charge_counter integer[], p_look boolean DEFAULT false
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
        FROM switchyard.ingest_decided(p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason,
            p_email, p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id,
            p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for, p_log_metadata, p_look) s;
    ELSE
        SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
        FROM switchyard.ingest_keyed_decided(p_key, p_request, p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason,
            p_email, p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id,
            p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for, p_log_metadata, p_look) s;
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
        RAISE EXCEPTION 'The caps no longer have room for the whole batch.' USING ERRCODE = 'SWCAP';
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.ingest_within_caps(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[], smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], integer[], integer[], boolean) IS
    'Stores a batch of leads that were decided while their caps had room; locks the counters last, and fails with SWCAP if there is no room.';

-- 5. Waiting leads --------------------------------------------------------------------------------------------------

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

-- 6. Waiting for capacity -------------------------------------------------------------------------------------------

-- Leads that wait for capacity: pending, due at infinity, and drained oldest first when their rule's destinations have room again.

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
COMMENT ON FUNCTION switchyard.awaited_rules() IS
    'The rules that leads wait for. One index probe for each rule (a loose index scan), however many leads wait.';

-- One node at a time drains a rule: it locks the rule's row of scope 5, and other nodes skip the rule meanwhile. Each
-- source gets an equal share of p_limit, its oldest leads first; the source that was served longest ago comes first.
CREATE OR REPLACE FUNCTION switchyard.claim_waiters(p_rule uuid, p_limit integer, p_except uuid[] DEFAULT '{}')
RETURNS TABLE (lead_id uuid, source_workspace_id uuid, attempts integer, email text, phone text, company_name text,
    company_industry text, company_size text, company_revenue text, company_location jsonb)
LANGUAGE plpgsql SET search_path = '' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
    SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
    v_sources uuid[];
    v_share integer;
    v_taken uuid[] := '{}';
    v_part uuid[];
    v_source uuid;
    v_served uuid[] := '{}';
BEGIN
    IF p_limit < 1 OR EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = v_nil) THEN
        RETURN;
    END IF;
    INSERT INTO switchyard.routing_state (scope, owner_id, member_id, period) VALUES (5, p_rule, v_nil, 0) ON CONFLICT DO NOTHING;
    PERFORM FROM switchyard.routing_state s WHERE s.scope = 5 AND s.owner_id = p_rule AND s.member_id = v_nil AND s.period = 0
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
            AND t.member_id = s.id AND t.period = 0 AND s.id <> v_nil), 0),
        (SELECT q.created_at FROM public.lead_routing_queue q WHERE q.waiting_for = p_rule
            AND coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000') = s.id
            ORDER BY q.waiting_for, coalesce(q.workspace_id, '00000000-0000-0000-0000-000000000000'), q.created_at LIMIT 1), s.id)
    INTO v_sources
    FROM source s
    WHERE s.id IS NOT NULL AND NOT EXISTS (SELECT FROM switchyard.routing_pauses p WHERE p.workspace_id = s.id)
        AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = s.id AND w.routing_suspended_at IS NOT NULL);
    IF v_sources IS NULL THEN
        RETURN;
    END IF;
    -- The first round gives each source its share, the second distributes what is left.
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
    FROM unnest(v_served) WITH ORDINALITY u (id, turn) WHERE u.id <> v_nil GROUP BY u.id
    ON CONFLICT (scope, owner_id, member_id, period) DO UPDATE SET amount = excluded.amount;
    RETURN QUERY
    SELECT l.id, coalesce(l.source_workspace_id, l.workspace_id, v_nil), coalesce(l.routing_attempts, 0), l.email::text,
        l.phone::text, l.company_name::text, l.company_industry::text, l.company_size::text, l.company_revenue::text,
        to_jsonb(l.company_location)
    FROM unnest(v_taken) WITH ORDINALITY u (id, turn) JOIN public.leads l ON l.id = u.id;
END
$$;
COMMENT ON FUNCTION switchyard.claim_waiters(uuid, integer, uuid[]) IS
    'Holds leads that wait for a rule by row lock until the transaction ends: oldest first, in turns of their sources, none of a paused source. Returns nothing while another node drains the rule.';

CREATE OR REPLACE FUNCTION switchyard.waiting_for_capacity() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL LIMIT 20000) x);
END
$$;
COMMENT ON FUNCTION switchyard.waiting_for_capacity() IS 'How many leads wait for capacity; stops counting at 20,000.';

-- One row: its lock lets one node review at a time, and a node that dies releases it.
CREATE TABLE IF NOT EXISTS switchyard.waiting_reviews (
    one boolean PRIMARY KEY DEFAULT true CONSTRAINT waiting_reviews_one_check CHECK (one),
    version bigint NOT NULL DEFAULT 0,
    horizon xid8,
    reviewed_at timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE switchyard.waiting_reviews IS 'The newest version of the rule set under which waiting leads were reviewed: leads that the new rules would route become due at once.';
COMMENT ON COLUMN switchyard.waiting_reviews.horizon IS 'The oldest transaction that was running during the review. Leads are reviewed once more when all transactions before it have ended; NULL when that is done.';
INSERT INTO switchyard.waiting_reviews (one) VALUES (true) ON CONFLICT DO NOTHING;

ALTER TABLE switchyard.waiting_reviews ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.waiting_reviews FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.waiting_reviews TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.waiting_reviews;
CREATE POLICY switchyard_service ON switchyard.waiting_reviews TO service_role USING (true) WITH CHECK (true);

-- 7. Returned and requeued leads ------------------------------------------------------------------------------------

-- Leads that their destination returns, and leads that an operator queues again.

-- Takes a lead back from its destination: the lead's place is free again in each window that is still running, its attribution
-- is marked, and the lead is in its source workspace, still routed. p_workspace_id is the workspace that returns it,
-- NULL for an administrator. Outcomes: returned; already (that workspace returned it before, nothing changes); none (it
-- has no such routed lead).
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
    -- Locked in the order of the keys, as every transaction locks these rows. The log says which counters were charged
    -- by their place among those the decision looked at: [scope, owner, member, period, amount, beginning of the
    -- window].
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
    PERFORM set_config('search_path', NULL, true);
    UPDATE public.leads l SET workspace_id = l.source_workspace_id, matched_rule_id = NULL, assignee_id = NULL, updated_at = v_now
    WHERE l.id = p_lead_id;
    PERFORM set_config('search_path', '', true);
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result,
        reason, actor, created_at)
    VALUES (p_lead_id, v_lead.source_workspace_id, v_lead.workspace_id, v_lead.matched_rule_id, 'returned', p_reason, p_actor, v_now);
    RETURN 'returned';
END
$$;
COMMENT ON FUNCTION switchyard.return_lead(uuid, uuid, text, text) IS
    'Takes a lead back from its destination, with its place under the caps and its credit: returned, already, or none.';

-- Assigns a lead again that return_lead has taken back, in this transaction or earlier.
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
    PERFORM set_config('search_path', NULL, true);
    UPDATE public.leads l SET workspace_id = p_destination, matched_rule_id = p_rule, assignee_id = p_assignee, routed_at = v_now,
        updated_at = v_now
    WHERE l.id = p_lead_id AND l.routing_status = 'routed'
    RETURNING l.source_workspace_id INTO v_source;
    PERFORM set_config('search_path', '', true);
    UPDATE public.lead_attributions a SET returned_at = NULL WHERE a.lead_id = p_lead_id AND p_result IN ('success', 'fallback');
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result,
        reason, actor, rule_set_version, metadata, created_at)
    VALUES (p_lead_id, v_source, p_destination, p_rule, p_result, p_reason, p_actor, p_rule_set_version, p_log_metadata::jsonb,
        v_now + interval '1 microsecond');
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.send_returned_lead(uuid, bigint, uuid, uuid, text, text, uuid, text, text) IS
    'Assigns a returned lead again; false if the rules have changed, and then nothing is written.';

-- The lead keeps its claims, as every waiting lead does. It has no attribution, because it was assigned to no other
-- workspace. Its log keeps the earlier decision, and statistics count the next decision as well, as they do for a lead
-- that had failed.
CREATE OR REPLACE FUNCTION switchyard.requeue_lead(p_lead_id uuid, p_actor text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz;
    v_lead record;
BEGIN
    SELECT l.routing_status, l.source_workspace_id, l.workspace_id INTO v_lead FROM public.leads l
    WHERE l.id = p_lead_id
        AND (l.routing_status = 'failed' OR (l.routing_status = 'routed' AND l.workspace_id = l.source_workspace_id
            AND l.matched_rule_id IS NULL AND l.duplicate_of IS NULL))
        AND (l.lead_expires_at IS NULL OR l.lead_expires_at > clock_timestamp())
    FOR UPDATE;
    -- A separate statement, so that it sees what the transaction that held the lead has written.
    IF NOT FOUND OR (v_lead.routing_status = 'routed' AND NOT switchyard.is_unmatched(p_lead_id)) THEN
        RETURN false;
    END IF;
    v_now := clock_timestamp();
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
    UPDATE public.leads l
    SET routing_status = 'pending', routing_attempts = 0, routing_error = NULL, routed_at = NULL, updated_at = v_now
    WHERE l.id = p_lead_id;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at)
    VALUES (p_lead_id, v_lead.workspace_id, 0, v_now)
    ON CONFLICT (lead_id) DO UPDATE SET attempt_number = 0, next_retry_at = excluded.next_retry_at, last_error = NULL;
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, actor, created_at)
    VALUES (p_lead_id, v_lead.source_workspace_id, 'requeued', CASE v_lead.routing_status WHEN 'routed'
        THEN 'No rule had matched it; an operator has put it back into the queue.'
        ELSE 'An operator has put it back into the queue.' END, 0, p_actor, v_now);
    RETURN true;
END
$$;
COMMENT ON FUNCTION switchyard.requeue_lead(uuid, text) IS
    'Makes a lead pending again, with all its attempts, if it failed, or if no rule matched it and its source keeps it; false for any other lead and for one past its expiry.';

-- 8. Health ---------------------------------------------------------------------------------------------------------

-- The figures of GET /api/health, at a cost that does not grow with the number of leads.

-- Walks the index on created_at from its end, whatever the statistics say. After a burst of leads, or with default cost
-- settings, the planner would rather sort or collect all rows of the hour.
CREATE OR REPLACE FUNCTION switchyard.newest_results(p_since timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
    SELECT g.routing_result FROM public.lead_routing_logs g WHERE g.created_at > p_since ORDER BY g.created_at DESC LIMIT 5000
$$;
COMMENT ON FUNCTION switchyard.newest_results(timestamptz) IS 'The results of the newest 5,000 log rows since a time.';

-- Every figure reads at most 5,000 index entries; the success rate looks at the 5,000 newest decisions of the last
-- hour.
CREATE OR REPLACE FUNCTION switchyard.routing_health() RETURNS TABLE (
    pending_count bigint, routing_count bigint, failed_count bigint, retry_queue_count bigint, stale_lock_count bigint,
    expired_count bigint, success_rate double precision, oldest_pending_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    c_most constant bigint := 5000;
    v_now timestamptz := now();
    v_hour_ago timestamptz := now() - interval '1 hour';
    v_pending bigint := (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'pending' LIMIT 5000) x);
    v_failed bigint := (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'failed' LIMIT 5000) x);
    v_retries bigint := (SELECT count(*) FROM (SELECT FROM public.lead_routing_queue q WHERE q.attempt_number > 0 LIMIT 5000) x);
BEGIN
    -- Above that, use the row estimates of a table and an index that have one row for each of these leads.
    IF v_pending = c_most THEN
        v_pending := greatest(c_most, pg_catalog.pg_stat_get_live_tuples('public.lead_routing_queue'::pg_catalog.regclass));
    END IF;
    IF v_failed = c_most THEN
        v_failed := greatest(c_most, (SELECT c.reltuples::bigint - v_pending FROM pg_catalog.pg_class c
            WHERE c.oid = pg_catalog.to_regclass('public.idx_leads_routing_status')));
    END IF;
    IF v_retries = c_most THEN
        v_retries := greatest(c_most, (SELECT c.reltuples::bigint FROM pg_catalog.pg_class c
            WHERE c.oid = pg_catalog.to_regclass('public.lead_routing_queue_retries')));
    END IF;
    RETURN QUERY SELECT
        v_pending,
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing' LIMIT 5000) x),
        v_failed,
        v_retries,
        (SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.routing_status = 'routing'
            AND l.routing_locked_at < v_now - interval '5 minutes' LIMIT 5000) x),
        (SELECT count(*) FROM (SELECT FROM public.lead_routing_logs g WHERE g.routing_result = 'expired'
            AND g.created_at > v_hour_ago LIMIT 5000) x),
        (SELECT avg((x.routing_result NOT IN ('retry', 'failed'))::integer)::double precision
            FROM switchyard.newest_results(v_hour_ago) x (routing_result)
            WHERE x.routing_result NOT IN ('expired', 'released', 'requeued', 'waiting', 'returned')),
        -- A lead that waits for capacity is not late: take the oldest of the first 10,000 that does not wait for
        -- capacity.
        (SELECT extract(epoch FROM v_now - CASE WHEN EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.waiting_for IS NOT NULL)
            THEN (SELECT min(x.created_at) FROM (SELECT l.id, l.created_at FROM public.leads l WHERE l.routing_status = 'pending'
                ORDER BY l.created_at LIMIT 10000) x
                WHERE NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = x.id AND q.waiting_for IS NOT NULL))
            ELSE (SELECT min(l.created_at) FROM public.leads l WHERE l.routing_status = 'pending') END)::double precision);
END
$$;
COMMENT ON FUNCTION switchyard.routing_health() IS
    'The state of routing. Counts are exact up to 5,000; above that, pending leads, failed leads and retries are estimated and the other counts stop. expired_count covers the last hour; success_rate (0 to 1) is the share of the newest 5,000 attempts of the last hour that did not end as retry or failed, NULL if there were none.';

-- 9. Who may run functions: service_role, and the owner -------------------------------------------------------------

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE (p.pronamespace = 'public'::regnamespace AND p.proname IN ('acquire_routing_lock', 'complete_routing', 'fail_routing',
                'release_stale_routing_locks', 'generate_dedupe_hash', 'check_cross_partner_duplicate', 'mark_expired_leads'))
            OR (p.pronamespace = 'switchyard'::regnamespace
                AND p.proname NOT IN ('visible_workspaces', 'acting_workspace', 'visible_duplicate'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
END
$$;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
