-- Capacity: counters of caps, turns of pools, and sticky destinations. A batch locks its rows
-- while it is decided and written, or, if there is room, at its end: so a cap of 100 is 100 under any concurrency.

-- Small rows that change often, in place: no changing column is indexed.
CREATE TABLE switchyard.routing_state (
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

CREATE TABLE switchyard.sticky_destinations (
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
CREATE POLICY switchyard_service ON switchyard.routing_state TO service_role USING (true) WITH CHECK (true);
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
