-- Operations: statistics, erasure, API keys, alerts, the schedule, and retention. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Writers queue behind a lock that this file waits for, so it waits a second at most.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regprocedure('switchyard.routing_health()') IS NULL THEN
        RAISE EXCEPTION 'The migration of routing is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20261130000002_routing.sql first.';
    END IF;
END
$$;

-- 1. Statistics -----------------------------------------------------------------------------------------------------

-- Statistics of routing: sums for each day, gathered from the log in the background and never while a lead is routed.

-- A log row counts for the workspace that sent the lead (out) and, if the lead was assigned, for the one that received it (in).
CREATE TABLE IF NOT EXISTS switchyard.routing_statistics (
    day date NOT NULL,
    workspace_id uuid NOT NULL,
    direction text NOT NULL CONSTRAINT routing_statistics_direction_check CHECK (direction IN ('in', 'out')),
    dimension text NOT NULL CONSTRAINT routing_statistics_dimension_check
        CHECK (dimension IN ('all', 'rule', 'industry', 'place', 'partner')),
    key text NOT NULL,
    routed bigint NOT NULL DEFAULT 0,
    unmatched bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    retried bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    waited bigint NOT NULL DEFAULT 0,
    returned bigint NOT NULL DEFAULT 0,
    latency_ms bigint NOT NULL DEFAULT 0,
    latency_counts bigint[] NOT NULL DEFAULT '{0,0,0,0,0,0,0,0}'
        CONSTRAINT routing_statistics_latency_counts_check CHECK (cardinality(latency_counts) = 8),
    PRIMARY KEY (workspace_id, day, direction, dimension, key)
);
CREATE INDEX IF NOT EXISTS routing_statistics_day ON switchyard.routing_statistics (day, dimension);
COMMENT ON TABLE switchyard.routing_statistics IS 'Sums of the routing log for each day (UTC), workspace and direction, and of these for each rule, industry, place (country|state) or partner; written by switchyard.gather_statistics.';
COMMENT ON COLUMN switchyard.routing_statistics.workspace_id IS 'The workspace that the figures belong to; 00000000-0000-0000-0000-000000000000: leads without a workspace.';
COMMENT ON COLUMN switchyard.routing_statistics.waited IS 'Leads that began to wait for capacity.';
COMMENT ON COLUMN switchyard.routing_statistics.returned IS 'Leads that their destination returned; counted for the sender and for the destination.';
COMMENT ON COLUMN switchyard.routing_statistics.latency_ms IS 'Routed leads: the sum of the time from creation to decision.';
COMMENT ON COLUMN switchyard.routing_statistics.latency_counts IS 'Routed leads: how many took up to 0.1 s, 1 s, 10 s, 1 min, 10 min, 1 h, 1 day, and longer.';

-- The same over all workspaces, so that a dashboard of thirty days reads some thousand rows, however many workspaces there are.
CREATE TABLE IF NOT EXISTS switchyard.routing_totals (
    dimension text NOT NULL,
    day date NOT NULL,
    direction text NOT NULL,
    key text NOT NULL,
    routed bigint NOT NULL,
    unmatched bigint NOT NULL,
    duplicates bigint NOT NULL,
    retried bigint NOT NULL,
    failed bigint NOT NULL,
    expired bigint NOT NULL,
    waited bigint NOT NULL,
    returned bigint NOT NULL,
    latency_ms bigint NOT NULL,
    latency_counts bigint[] NOT NULL CONSTRAINT routing_totals_latency_counts_check CHECK (cardinality(latency_counts) = 8),
    PRIMARY KEY (dimension, day, direction, key)
);
COMMENT ON TABLE switchyard.routing_totals IS 'switchyard.routing_statistics summed over all workspaces, by its triggers; for administrators.';

-- Adds what a statement has added to the statistics, and subtracts what it has removed: after gathering, rebuilding a
-- day or a change by hand, the totals are the sums of routing_statistics.
CREATE OR REPLACE FUNCTION switchyard.follow_statistics() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' SET jit = off
AS $$
DECLARE
    v_came switchyard.routing_statistics[];
    v_gone switchyard.routing_statistics[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM switchyard.routing_totals;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT array_agg(c) INTO v_came FROM came c;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        SELECT array_agg(g) INTO v_gone FROM gone g;
    END IF;
    INSERT INTO switchyard.routing_totals AS t (dimension, day, direction, key,
        routed, unmatched, duplicates, retried, failed, expired, waited, returned, latency_ms, latency_counts)
    SELECT c.dimension, c.day, c.direction, c.key,
        sum(x.sign * c.routed), sum(x.sign * c.unmatched), sum(x.sign * c.duplicates), sum(x.sign * c.retried),
        sum(x.sign * c.failed), sum(x.sign * c.expired), sum(x.sign * c.waited), sum(x.sign * c.returned),
        sum(x.sign * c.latency_ms),
        ARRAY[sum(x.sign * c.latency_counts[1]), sum(x.sign * c.latency_counts[2]), sum(x.sign * c.latency_counts[3]),
            sum(x.sign * c.latency_counts[4]), sum(x.sign * c.latency_counts[5]),
            sum(x.sign * c.latency_counts[6]), sum(x.sign * c.latency_counts[7]),
            sum(x.sign * c.latency_counts[8])]::bigint[]
    FROM (VALUES (1, v_came), (-1, v_gone)) x (sign, changed)
    CROSS JOIN LATERAL unnest(x.changed) c
    GROUP BY 1, 2, 3, 4
    -- A fixed order, in case two transactions change them at once.
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (dimension, day, direction, key) DO UPDATE SET
        routed = t.routed + excluded.routed, unmatched = t.unmatched + excluded.unmatched,
        duplicates = t.duplicates + excluded.duplicates, retried = t.retried + excluded.retried,
        failed = t.failed + excluded.failed, expired = t.expired + excluded.expired, waited = t.waited + excluded.waited,
        returned = t.returned + excluded.returned, latency_ms = t.latency_ms + excluded.latency_ms,
        latency_counts = ARRAY(SELECT x.a + x.b FROM unnest(t.latency_counts, excluded.latency_counts) WITH ORDINALITY x (a, b, n) ORDER BY n);
    -- Rows whose figures are all zero again.
    DELETE FROM switchyard.routing_totals t
    USING (SELECT DISTINCT g.dimension, g.day, g.direction, g.key FROM unnest(v_gone) g) g
    WHERE (t.dimension, t.day, t.direction, t.key) = (g.dimension, g.day, g.direction, g.key)
        AND (t.routed, t.unmatched, t.duplicates, t.retried, t.failed, t.expired, t.waited, t.returned, t.latency_ms) = (0, 0, 0, 0, 0, 0, 0, 0, 0);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.follow_statistics() IS
    'Keeps switchyard.routing_totals up to date; called by triggers, once for each statement.';

CREATE OR REPLACE TRIGGER switchyard_totals_insert AFTER INSERT ON switchyard.routing_statistics
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
CREATE OR REPLACE TRIGGER switchyard_totals_update AFTER UPDATE ON switchyard.routing_statistics
    REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
CREATE OR REPLACE TRIGGER switchyard_totals_delete AFTER DELETE ON switchyard.routing_statistics
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();
CREATE OR REPLACE TRIGGER switchyard_totals_truncate AFTER TRUNCATE ON switchyard.routing_statistics
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.follow_statistics();

-- Every log row whose transaction is older than the horizon has been counted, and no other.
CREATE TABLE IF NOT EXISTS switchyard.statistics_watermark (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT statistics_watermark_singleton_check CHECK (singleton),
    place text NOT NULL,
    horizon xid8 NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    rebuild_before date
);
COMMENT ON TABLE switchyard.statistics_watermark IS 'Up to where the log has been counted: transactions before the horizon. rebuild_before: days before it still have to be counted again; NULL: none.';

-- Maps transaction ids to times, to find how far back in time the rows of a transaction can be.
CREATE TABLE IF NOT EXISTS switchyard.statistics_horizons (
    seen_at timestamptz PRIMARY KEY,
    next_xid xid8 NOT NULL
);
COMMENT ON TABLE switchyard.statistics_horizons IS 'Transactions from next_xid on began to write after seen_at.';

ALTER TABLE switchyard.routing_statistics ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.routing_totals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.statistics_watermark ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.statistics_horizons ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.routing_statistics, switchyard.routing_totals, switchyard.statistics_watermark, switchyard.statistics_horizons
    FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.routing_statistics, switchyard.routing_totals, switchyard.statistics_watermark,
    switchyard.statistics_horizons TO service_role;
GRANT SELECT ON switchyard.routing_statistics TO authenticated;
DROP POLICY IF EXISTS switchyard_service ON switchyard.routing_statistics;
CREATE POLICY switchyard_service ON switchyard.routing_statistics TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON switchyard.routing_statistics;
CREATE POLICY switchyard_members ON switchyard.routing_statistics FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));
DROP POLICY IF EXISTS switchyard_service ON switchyard.routing_totals;
CREATE POLICY switchyard_service ON switchyard.routing_totals TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.statistics_watermark;
CREATE POLICY switchyard_service ON switchyard.statistics_watermark TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.statistics_horizons;
CREATE POLICY switchyard_service ON switchyard.statistics_horizons TO service_role USING (true) WITH CHECK (true);

-- Sums what is there already, for a database in which routing_totals was dropped. Every writer of the statistics holds the watermark,
-- so nothing is added meanwhile.
DO $$
BEGIN
    PERFORM FROM switchyard.statistics_watermark w FOR UPDATE;
    LOCK TABLE switchyard.routing_statistics IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM switchyard.routing_totals;
    INSERT INTO switchyard.routing_totals (dimension, day, direction, key,
        routed, unmatched, duplicates, retried, failed, expired, waited, returned, latency_ms, latency_counts)
    SELECT c.dimension, c.day, c.direction, c.key,
        sum(c.routed), sum(c.unmatched), sum(c.duplicates), sum(c.retried), sum(c.failed), sum(c.expired), sum(c.waited),
        sum(c.returned), sum(c.latency_ms),
        ARRAY[sum(c.latency_counts[1]), sum(c.latency_counts[2]), sum(c.latency_counts[3]), sum(c.latency_counts[4]),
            sum(c.latency_counts[5]), sum(c.latency_counts[6]), sum(c.latency_counts[7]),
            sum(c.latency_counts[8])]::bigint[]
    FROM switchyard.routing_statistics c
    GROUP BY 1, 2, 3, 4;
END
$$;

-- 2. Gathering statistics -------------------------------------------------------------------------------------------

-- How statistics are gathered from the log: each log row exactly once, whatever the order of commits.

-- Transaction ids have no meaning in another cluster or in a copy of the database.
CREATE OR REPLACE FUNCTION switchyard.statistics_place() RETURNS text
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT s.system_identifier || ' ' || d.oid || ' ' || coalesce(to_regclass('public.lead_routing_logs')::oid::text, '')
    FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION switchyard.statistics_place() IS 'Identifies the cluster, the database and the log table.';

-- A row holds the lower 32 bits of the id of the transaction that wrote it; this restores the rest.
CREATE OR REPLACE FUNCTION switchyard.whole_xid(p_xid xid, p_next xid8) RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT greatest(n.latest - ((n.latest - p_xid::text::bigint) & 4294967295), 0)::text::xid8
    FROM (SELECT p_next::text::bigint + 1073741824 AS latest) n
$$;
COMMENT ON FUNCTION switchyard.whole_xid(xid, xid8) IS
    'A transaction id with its epoch, given a reference id that is at most a billion older or three billion younger.';

-- Adds the log rows of a time range, written by transactions of an id range, to the sums. A row that an erasure has
-- rewritten is marked as counted before.
--
-- A row has the lower 32 bits of its transaction id. The calculation of whole_xid is repeated here, because a function
-- with its own search_path is not inlined: a million calls took four seconds.
--
-- Rows that are equal in everything that is counted are grouped first; the figures for five dimensions, for sender and
-- receiver, are then calculated once for each group.
CREATE OR REPLACE FUNCTION switchyard.add_statistics(p_from timestamptz, p_to timestamptz, p_first xid8, p_horizon xid8) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' SET jit = off
AS $$
DECLARE
    v_latest bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1073741824;
    v_first bigint := p_first::text::bigint;
    v_horizon bigint := coalesce(p_horizon::text::bigint, 9223372036854775807);
    v_count bigint;
BEGIN
    WITH decided AS (
        SELECT (g.created_at AT TIME ZONE 'UTC')::date AS day,
            coalesce(g.source_workspace_id, '00000000-0000-0000-0000-000000000000') AS source,
            g.destination_workspace_id AS destination, g.matched_rule_id AS rule, g.routing_result AS result,
            coalesce(l.company_industry::text, '') AS industry,
            CASE WHEN jsonb_typeof(p.place) = 'object' THEN upper(coalesce(p.place ->> 'country', '') || '|' || coalesce(p.place ->> 'state', ''))
                ELSE '|' END AS place,
            coalesce(a.partner_id, l.partner_id)::text AS partner,
            CASE WHEN g.routing_result IN ('success', 'fallback') THEN
                greatest(extract(epoch FROM g.created_at - l.created_at::timestamptz) * 1000, 0)::bigint END AS latency
        FROM public.lead_routing_logs g
        LEFT JOIN public.leads l ON l.id = g.lead_id
        LEFT JOIN public.lead_attributions a ON a.lead_id = g.lead_id
        LEFT JOIN LATERAL (SELECT to_jsonb(l.company_location) AS place) p ON true
        WHERE g.created_at >= p_from AND g.created_at < p_to
            AND g.routing_result IN ('success', 'fallback', 'unmatched', 'duplicate', 'retry', 'failed', 'expired', 'waiting', 'returned')
            AND (v_latest - ((v_latest - g.xmin::text::bigint) & 4294967295) < v_horizon
                OR v_first IS NULL AND g.metadata ? 'counted')
            AND (v_first IS NULL OR v_latest - ((v_latest - g.xmin::text::bigint) & 4294967295) >= v_first
                AND NOT coalesce(g.metadata ? 'counted', false))
    ), counted AS MATERIALIZED (
        SELECT d.day, d.source, d.destination, d.rule, d.result, d.industry, d.place, d.partner,
            width_bucket(d.latency, ARRAY[101, 1001, 10001, 60001, 600001, 3600001, 86400001]::bigint[]) AS bucket,
            count(*) AS leads, coalesce(sum(d.latency), 0) AS latency
        FROM decided d
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ), seen AS (
        SELECT c.*, c.source AS workspace, 'out' AS direction FROM counted c
        UNION ALL
        SELECT c.*, c.destination, 'in' FROM counted c WHERE c.result IN ('success', 'fallback', 'returned') AND c.destination IS NOT NULL
    ), keyed AS (
        SELECT s.*, d.dimension, left(d.key, 200) AS key
        FROM seen s
        CROSS JOIN LATERAL (VALUES ('all', ''), ('rule', s.rule::text), ('industry', s.industry), ('place', s.place),
            -- Attribution concerns the sender only.
            ('partner', CASE WHEN s.direction = 'out' THEN s.partner END)) d (dimension, key)
        WHERE d.key IS NOT NULL
    ), summed AS (
        SELECT k.day, k.workspace, k.direction, k.dimension, k.key,
            coalesce(sum(k.leads) FILTER (WHERE k.result IN ('success', 'fallback')), 0)::bigint AS routed,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'unmatched'), 0)::bigint AS unmatched,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'duplicate'), 0)::bigint AS duplicates,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'retry'), 0)::bigint AS retried,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'failed'), 0)::bigint AS failed,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'expired'), 0)::bigint AS expired,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'waiting'), 0)::bigint AS waited,
            coalesce(sum(k.leads) FILTER (WHERE k.result = 'returned'), 0)::bigint AS returned,
            sum(k.latency)::bigint AS latency_ms,
            ARRAY[coalesce(sum(k.leads) FILTER (WHERE k.bucket = 0), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 1), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 2), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 3), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 4), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 5), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 6), 0)::bigint,
                coalesce(sum(k.leads) FILTER (WHERE k.bucket = 7), 0)::bigint] AS latency_counts
        FROM keyed k
        GROUP BY 1, 2, 3, 4, 5
    ), written AS (
        INSERT INTO switchyard.routing_statistics AS t (day, workspace_id, direction, dimension, key, routed, unmatched, duplicates,
            retried, failed, expired, waited, returned, latency_ms, latency_counts)
        SELECT s.* FROM summed s
        ON CONFLICT (workspace_id, day, direction, dimension, key) DO UPDATE SET
            routed = t.routed + excluded.routed, unmatched = t.unmatched + excluded.unmatched,
            duplicates = t.duplicates + excluded.duplicates, retried = t.retried + excluded.retried,
            failed = t.failed + excluded.failed, expired = t.expired + excluded.expired,
            waited = t.waited + excluded.waited, returned = t.returned + excluded.returned,
            latency_ms = t.latency_ms + excluded.latency_ms,
            latency_counts = ARRAY(SELECT x.a + x.b FROM unnest(t.latency_counts, excluded.latency_counts) WITH ORDINALITY x (a, b, n) ORDER BY n)
    )
    SELECT coalesce(sum(c.leads), 0) INTO v_count FROM counted c;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.add_statistics(timestamptz, timestamptz, xid8, xid8) IS
    'Adds log rows to the sums; for gather_statistics and rebuild_statistics, which hold the watermark.';

CREATE OR REPLACE FUNCTION switchyard.rebuild_statistics(p_day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    w switchyard.statistics_watermark;
    v_from timestamptz := p_day::timestamp AT TIME ZONE 'UTC';
    v_to timestamptz := (p_day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    SELECT * INTO w FROM switchyard.statistics_watermark FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM switchyard.gather_statistics();
        SELECT * INTO w FROM switchyard.statistics_watermark FOR UPDATE;
    END IF;
    -- Log rows that retention has dropped stay counted.
    IF NOT EXISTS (SELECT FROM public.lead_routing_logs g WHERE g.created_at >= v_from AND g.created_at < v_to) THEN
        RETURN 0;
    END IF;
    DELETE FROM switchyard.routing_statistics t WHERE t.day = p_day;
    -- After a week every transaction is finished, and its id may have been used again.
    RETURN switchyard.add_statistics(v_from, v_to, NULL, CASE WHEN v_to > w.counted_at - interval '7 days' THEN w.horizon END);
END
$$;
COMMENT ON FUNCTION switchyard.rebuild_statistics(date) IS
    'Counts one day (UTC) again from the log; returns how many log rows. Days that the log no longer has keep their figures.';

-- Counts what was written since the last run: rows of transactions that were not finished then and are finished now. Of
-- two concurrent runs one does the work. A transaction that has written and stays open delays the figures and does not
-- falsify them.
--
-- Rows are searched from the time at which the oldest uncounted transaction can have begun to write, less five minutes,
-- because created_at may be the start of a statement. A statement that takes longer before it writes is counted by the
-- next rebuild only.
CREATE OR REPLACE FUNCTION switchyard.gather_statistics() RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    w switchyard.statistics_watermark;
    v_now timestamptz := clock_timestamp();
    v_place text := switchyard.statistics_place();
    v_horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    v_next xid8 := pg_snapshot_xmax(pg_current_snapshot());
    v_since timestamptz;
    v_day date;
    v_count bigint := 0;
BEGIN
    SELECT * INTO w FROM switchyard.statistics_watermark FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        IF NOT EXISTS (SELECT FROM switchyard.statistics_watermark) THEN
            INSERT INTO switchyard.statistics_watermark (place, horizon, rebuild_before)
            VALUES (v_place, v_horizon, (v_now AT TIME ZONE 'UTC')::date + 1) ON CONFLICT DO NOTHING;
            INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next) ON CONFLICT DO NOTHING;
        END IF;
        RETURN 0;
    END IF;
    -- The database was restored or copied: its transaction ids are different ones.
    IF w.place <> v_place OR w.horizon > v_next THEN
        DELETE FROM switchyard.statistics_horizons;
        UPDATE switchyard.statistics_watermark SET place = v_place, horizon = v_horizon, counted_at = v_now,
            rebuild_before = (v_now AT TIME ZONE 'UTC')::date + 1;
        INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next);
        RETURN 0;
    END IF;
    IF w.horizon < v_horizon THEN
        SELECT max(h.seen_at) INTO v_since FROM switchyard.statistics_horizons h WHERE h.next_xid <= w.horizon;
        -- Without a recorded horizon, start from the beginning.
        v_count := switchyard.add_statistics(coalesce(v_since - interval '5 minutes', '-infinity'), 'infinity', w.horizon, v_horizon);
    END IF;
    UPDATE switchyard.statistics_watermark SET horizon = v_horizon, counted_at = v_now;
    INSERT INTO switchyard.statistics_horizons VALUES (v_now, v_next) ON CONFLICT DO NOTHING;
    DELETE FROM switchyard.statistics_horizons h WHERE h.seen_at < (SELECT max(o.seen_at) FROM switchyard.statistics_horizons o
        WHERE o.next_xid <= v_horizon);

    -- Each run also counts one day from before the first run, newest first.
    IF w.rebuild_before IS NOT NULL THEN
        SELECT (max(g.created_at) AT TIME ZONE 'UTC')::date INTO v_day FROM public.lead_routing_logs g
        WHERE g.created_at < w.rebuild_before::timestamp AT TIME ZONE 'UTC';
        IF v_day IS NOT NULL THEN
            v_count := v_count + switchyard.rebuild_statistics(v_day);
        END IF;
        UPDATE switchyard.statistics_watermark SET rebuild_before = v_day;
    END IF;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.gather_statistics() IS 'Adds new log rows to the statistics; returns how many.';

-- 3. Erasure --------------------------------------------------------------------------------------------------------

-- Erasing a person: personal data is removed from all tables in one transaction. The fact that there was a lead, its decision, the
-- attribution and the statistics stay.

-- Nothing personal: the id of the lead stands for the person.
CREATE TABLE IF NOT EXISTS switchyard.erasures (
    lead_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    actor text NOT NULL,
    found_by text NOT NULL CONSTRAINT erasures_found_by_check CHECK (found_by IN ('lead', 'email', 'phone')),
    on_behalf_of uuid,
    status_before text NOT NULL,
    keeps_identity boolean NOT NULL,
    PRIMARY KEY (lead_id, erased_at)
);
COMMENT ON TABLE switchyard.erasures IS 'Leads whose personal data was erased, and by whom; append-only.';
COMMENT ON COLUMN switchyard.erasures.on_behalf_of IS 'The workspace whose API key requested it; NULL: an administrator.';
COMMENT ON COLUMN switchyard.erasures.status_before IS 'The state of the lead before; a lead that was not assigned yet was expired.';
COMMENT ON COLUMN switchyard.erasures.keeps_identity IS 'Whether the digests by which duplicates are recognised were kept.';

CREATE OR REPLACE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON switchyard.erasures
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.erasures
    EXECUTE FUNCTION switchyard.refuse_log_change();

ALTER TABLE switchyard.erasures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.erasures FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT ON switchyard.erasures TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.erasures;
CREATE POLICY switchyard_service ON switchyard.erasures TO service_role USING (true) WITH CHECK (true);

-- Reads the leads themselves and not only the digests: most leads have a phone number beside an email address, and only
-- the strongest identity is indexed. Called for one part of the table at a time, so that no statement takes long; cheap
-- comparisons come first.
CREATE OR REPLACE FUNCTION switchyard.find_person(
    p_kind text, p_value text, p_workspace_id uuid DEFAULT NULL, p_from_page bigint DEFAULT 0, p_to_page bigint DEFAULT 4294967295
) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off
AS $$
DECLARE
    v_value text := switchyard.normalised_identity(p_kind, p_value);
    v_hash text := encode(switchyard.lead_identity(p_kind, p_value), 'hex');
    v_from tid := format('(%s,0)', p_from_page);
    v_to tid := format('(%s,0)', p_to_page);
    v_domain text;
    v_digits text;
BEGIN
    IF p_kind NOT IN ('email', 'phone') THEN
        RAISE EXCEPTION 'p_kind must be email or phone.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF v_value IS NULL THEN
        RETURN;
    END IF;
    IF p_kind = 'email' THEN
        -- googlemail.com equals gmail.com; an address that is not plain ASCII can be written in several ways.
        v_domain := CASE WHEN octet_length(v_value) <> length(v_value) THEN '@'
            ELSE replace(split_part(v_value, '@', 2), 'gmail.com', 'mail.com') END;
        RETURN QUERY
        SELECT l.id FROM public.leads l
        WHERE l.ctid >= v_from AND l.ctid < v_to
            AND (p_workspace_id IS NULL OR l.workspace_id = p_workspace_id OR l.source_workspace_id = p_workspace_id)
            AND (l.dedupe_hash = v_hash OR (strpos(lower(l.email::text COLLATE "C"), v_domain) > 0
                AND switchyard.normalised_identity('email', l.email::text) = v_value));
        RETURN;
    END IF;
    v_digits := right(v_value, 7);
    RETURN QUERY
    SELECT l.id FROM public.leads l
    WHERE l.ctid >= v_from AND l.ctid < v_to
        AND (p_workspace_id IS NULL OR l.workspace_id = p_workspace_id OR l.source_workspace_id = p_workspace_id)
        AND (l.dedupe_hash = v_hash
            OR (strpos(regexp_replace(replace(l.phone::text, '(0)', ''), '[^0-9]', '', 'g'), v_digits) > 0
                AND switchyard.normalised_identity('phone', l.phone::text) = v_value));
END
$$;
COMMENT ON FUNCTION switchyard.find_person(text, text, uuid, bigint, bigint) IS
    'The leads that have this email or phone, however it is written, in the pages of the table from p_from_page up to, not including, p_to_page; with p_workspace_id only leads that the workspace has or has sent.';

CREATE OR REPLACE FUNCTION switchyard.without_person(p_example jsonb, p_emails text[], p_phones text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = ''
AS $$
BEGIN
    IF jsonb_typeof(p_example -> 'lead') = 'object' AND (
        switchyard.normalised_identity('email', p_example #>> '{lead,email}') = ANY (p_emails)
        OR switchyard.normalised_identity('phone', p_example #>> '{lead,phone}') = ANY (p_phones)) THEN
        RETURN p_example || jsonb_build_object(
            -- The name of the example may be the person's; names of examples must differ.
            'name', 'Erased example ' || left(gen_random_uuid()::text, 8),
            'lead', (p_example -> 'lead') - '{email,phone,firstName,lastName,companyName,source,sourceId,metadata}'::text[]
                #- '{location,city}');
    END IF;
    RETURN p_example;
END
$$;
COMMENT ON FUNCTION switchyard.without_person(jsonb, text[], text[]) IS
    'A golden lead without its personal data if it has one of these normalised addresses or numbers; otherwise unchanged.';

-- SECURITY DEFINER, because no other role may change the log.
--
-- A lead that is not assigned yet expires first, and its queue row is deleted. The row lock decides between an erasure
-- and a claim: the second of them sees what the first has written. If a lead is locked by acquire_routing_lock it is
-- busy, for five minutes at most; then nothing at all is done.
CREATE OR REPLACE FUNCTION switchyard.erase_leads(
    p_lead_ids uuid[], p_workspace_id uuid, p_actor text, p_found_by text, p_value text, p_forget_identity boolean
) RETURNS TABLE (lead_id uuid, outcome text, examples bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
#variable_conflict use_column
DECLARE
    -- Texts that Switchyard writes; any other text may be about the person.
    c_ours constant text[] := ARRAY['The same lead was here before.', 'There is no workspace that the lead could go to or stay in.',
        'The destination workspace does not exist, is closed, or is not active.', 'The lock was older than five minutes.',
        'The attempt did not end within five minutes.', 'The lead was not assigned before it expired.',
        'The same lead was here before, and this one has no workspace to stay in.', 'An operator has put it back into the queue.',
        'No rule had matched it; an operator has put it back into the queue.', 'The person was erased before the lead was assigned.'];
    v_now timestamptz := clock_timestamp();
    v_next xid8 := pg_snapshot_xmax(pg_current_snapshot());
    v_id uuid[];
    v_outcome text[];
    v_before text[];
    v_todo uuid[];
    v_open uuid[];
    v_emails text[];
    v_phones text[];
    v_sets text;
    v_line record;
    v_horizon xid8;
    v_examples bigint := 0;
    v_count bigint;
BEGIN
    -- Locked in the order of their ids, as every writer of several leads locks them.
    SELECT array_agg(h.id), array_agg(h.outcome), array_agg(h.status) INTO v_id, v_outcome, v_before
    FROM (
        SELECT l.id, l.routing_status::text AS status, CASE
                WHEN p_workspace_id IS NOT NULL AND l.workspace_id IS DISTINCT FROM p_workspace_id
                    THEN CASE WHEN l.source_workspace_id = p_workspace_id THEN 'elsewhere' ELSE 'none' END
                WHEN l.routing_status = 'routing' AND l.routing_locked_at >= v_now - interval '5 minutes' THEN 'busy'
                WHEN l.erased_at IS NOT NULL AND coalesce(l.email::text, '') = '' AND coalesce(l.phone::text, '') = ''
                    AND coalesce(l.first_name::text, '') = '' AND coalesce(l.last_name::text, '') = ''
                    AND coalesce(l.company_name::text, '') = '' AND coalesce(l.source_id::text, '') = ''
                    AND (l.dedupe_hash IS NULL OR NOT p_forget_identity) THEN 'already'
                ELSE 'erased' END AS outcome
        FROM public.leads l
        WHERE l.id = ANY (p_lead_ids)
        ORDER BY l.id
        FOR UPDATE
    ) h;
    IF 'busy' = ANY (v_outcome) THEN
        RETURN QUERY SELECT u.id, u.outcome, 0::bigint FROM unnest(v_id, v_outcome) u (id, outcome) WHERE u.outcome = 'busy';
        RETURN;
    END IF;
    SELECT array_agg(u.id), array_agg(u.id) FILTER (WHERE u.status NOT IN ('routed', 'expired')) INTO v_todo, v_open
    FROM unnest(v_id, v_outcome, v_before) u (id, outcome, status) WHERE u.outcome = 'erased';
    SELECT array_agg(DISTINCT x.email) FILTER (WHERE x.email IS NOT NULL), array_agg(DISTINCT x.phone) FILTER (WHERE x.phone IS NOT NULL)
    INTO v_emails, v_phones
    FROM (
        SELECT switchyard.normalised_identity('email', l.email::text) AS email, switchyard.normalised_identity('phone', l.phone::text) AS phone
        FROM public.leads l WHERE p_found_by = 'lead' AND l.id = ANY (v_todo)
        UNION ALL
        SELECT CASE WHEN p_found_by = 'email' THEN switchyard.normalised_identity('email', p_value) END,
            CASE WHEN p_found_by = 'phone' THEN switchyard.normalised_identity('phone', p_value) END
    ) x;

    IF v_todo IS NOT NULL THEN
        -- The triggers delete the queue row and the claims, as for every lead that expires.
        PERFORM set_config('search_path', NULL, true);
        UPDATE public.leads l SET routing_status = 'pending', routing_locked_by = NULL, routing_locked_at = NULL
        WHERE l.id = ANY (v_open) AND l.routing_status = 'routing';
        UPDATE public.leads l SET routing_status = 'expired', updated_at = v_now WHERE l.id = ANY (v_open);
        PERFORM set_config('search_path', '', true);
        INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, actor, created_at)
        SELECT l.id, l.source_workspace_id, 'expired', 'The person was erased before the lead was assigned.', l.routing_attempts,
            p_actor, v_now
        FROM public.leads l WHERE l.id = ANY (v_open);
        IF p_forget_identity THEN
            DELETE FROM public.lead_identity_claims c WHERE c.lead_id = ANY (v_todo);
        END IF;

        -- A column that the installation has made NOT NULL is emptied instead.
        SELECT string_agg(format('%I = %s', a.attname, CASE
            WHEN a.attname = 'company_location' AND a.atttypid = 'jsonb'::regtype THEN
                $q$CASE WHEN pg_catalog.jsonb_typeof(l.company_location) = 'object' THEN pg_catalog.jsonb_strip_nulls(
                    pg_catalog.jsonb_build_object('country', l.company_location OPERATOR(pg_catalog.->) 'country',
                    'state', l.company_location OPERATOR(pg_catalog.->) 'state')) END$q$
            WHEN NOT a.attnotnull THEN 'NULL'
            WHEN a.atttypid IN ('jsonb'::regtype, 'json'::regtype) THEN $q$'{}'$q$
            ELSE $q$''$q$ END), ', ')
        INTO v_sets FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND NOT a.attisdropped AND a.attname IN ('email', 'phone', 'first_name', 'last_name',
            'company_name', 'company_location', 'source', 'source_id', 'metadata');
        -- Past its expiry the lead is never decided again, even if it is queued again. The digest is kept only while a
        -- claim needs it to recognise duplicates.
        v_sets := format($q$
            UPDATE public.leads l SET %s, erased_at = $2, updated_at = $2, lead_expires_at = least(l.lead_expires_at, $2),
                routing_error = CASE WHEN l.routing_error IS NULL OR l.routing_error = ANY ($3) THEN l.routing_error ELSE '(erased)' END,
                dedupe_hash = CASE WHEN EXISTS (SELECT FROM public.lead_identity_claims c WHERE c.lead_id = l.id) THEN l.dedupe_hash END
            WHERE l.id = ANY ($1)
            $q$, v_sets);
        PERFORM set_config('search_path', NULL, true);
        EXECUTE v_sets USING v_todo, v_now, c_ours;
        PERFORM set_config('search_path', '', true);

        FOR v_line IN
            SELECT g.lead_id, g.id, g.created_at, n.*
            FROM public.lead_routing_logs g
            CROSS JOIN LATERAL (SELECT
                CASE WHEN g.reason IS NULL OR g.reason = ANY (c_ours) OR (g.rule_set_version IS NOT NULL AND g.routing_result <> 'returned'
                        -- The message of a function of the installation, which may say anything.
                        AND g.reason NOT LIKE '% The message: %')
                    THEN g.reason ELSE '(erased)' END AS reason,
                CASE WHEN g.error_message IS NULL OR g.error_message = ANY (c_ours)
                    OR (g.rule_set_version IS NOT NULL AND g.error_message = g.reason AND g.reason NOT LIKE '% The message: %')
                    THEN g.error_message ELSE '(erased)' END AS error,
                CASE WHEN jsonb_typeof(g.metadata) = 'object' THEN (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
                    FROM jsonb_each(g.metadata) m WHERE m.key IN ('state', 'charged', 'counted')) ELSE '{}' END AS kept) n
            WHERE g.lead_id = ANY (v_todo) AND (n.reason IS DISTINCT FROM g.reason OR n.error IS DISTINCT FROM g.error_message
                OR n.kept <> coalesce(g.metadata, '{}'))
        LOOP
            -- Wait for statistics. Mark a row that was counted: rewritten, it looks like a new one.
            IF v_horizon IS NULL THEN
                SELECT w.horizon INTO v_horizon FROM switchyard.statistics_watermark w FOR UPDATE;
            END IF;
            UPDATE public.lead_routing_logs g
            SET reason = v_line.reason, error_message = v_line.error, metadata = v_line.kept || CASE
                WHEN switchyard.whole_xid(g.xmin, v_next) < v_horizon THEN '{"counted": true}' ELSE '{}' END::jsonb
            WHERE g.lead_id = v_line.lead_id AND g.created_at = v_line.created_at AND g.id = v_line.id;
        END LOOP;
        -- The rows of the log that a rollback of the migrations has kept.
        IF to_regclass('public.lead_routing_logs_before_rollback') IS NOT NULL THEN
            UPDATE public.lead_routing_logs_before_rollback b SET reason = NULL, error_message = NULL, metadata = NULL
            WHERE b.lead_id = ANY (v_todo) AND (b.reason IS NOT NULL OR b.error_message IS NOT NULL OR b.metadata IS NOT NULL);
        END IF;

        INSERT INTO switchyard.erasures (lead_id, erased_at, actor, found_by, on_behalf_of, status_before, keeps_identity)
        SELECT u.id, v_now, p_actor, p_found_by, p_workspace_id, u.status,
            EXISTS (SELECT FROM public.lead_identity_claims c WHERE c.lead_id = u.id)
        FROM unnest(v_id, v_outcome, v_before) u (id, outcome, status) WHERE u.outcome = 'erased';
    END IF;

    -- Golden leads should be made-up people. Where one is this person, erase the personal data in all versions.
    IF v_emails IS NOT NULL OR v_phones IS NOT NULL THEN
        v_emails := coalesce(v_emails, '{}');
        v_phones := coalesce(v_phones, '{}');
        IF EXISTS (SELECT FROM switchyard.golden_leads g WHERE (p_workspace_id IS NULL OR g.workspace_id = p_workspace_id)
            AND switchyard.without_person(g.content, v_emails, v_phones) <> g.content) THEN
            PERFORM set_config('switchyard.actor', p_actor, true), set_config('switchyard.action', 'edit', true),
                set_config('switchyard.note', 'A person was erased from an example.', true);
            UPDATE switchyard.golden_leads g SET content = switchyard.without_person(g.content, v_emails, v_phones), updated_at = now()
            WHERE (p_workspace_id IS NULL OR g.workspace_id = p_workspace_id)
                AND switchyard.without_person(g.content, v_emails, v_phones) <> g.content;
            GET DIAGNOSTICS v_examples = ROW_COUNT;
            -- The actor stays: the audit reads it at the commit.
            PERFORM set_config('switchyard.action', '', true),
                set_config('switchyard.note', '', true);
        END IF;
        UPDATE switchyard.rule_set_history h
        SET content = jsonb_set(h.content, '{content}', switchyard.without_person(h.content -> 'content', v_emails, v_phones))
        WHERE h.table_name = 'switchyard.golden_leads' AND (p_workspace_id IS NULL OR h.owner = p_workspace_id)
            AND switchyard.without_person(h.content -> 'content', v_emails, v_phones) <> h.content -> 'content';
        UPDATE switchyard.rule_set_drafts d
        SET document = jsonb_set(d.document, '{goldenLeads}', (SELECT coalesce(jsonb_agg(
            switchyard.without_person(e.value, v_emails, v_phones) ORDER BY e.ordinality), '[]')
            FROM jsonb_array_elements(d.document -> 'goldenLeads') WITH ORDINALITY e)),
            updated_at = greatest(clock_timestamp(), d.updated_at + interval '1 microsecond')
        WHERE jsonb_typeof(d.document -> 'goldenLeads') = 'array' AND (p_workspace_id IS NULL OR d.owner = p_workspace_id)
            AND EXISTS (SELECT FROM jsonb_array_elements(d.document -> 'goldenLeads') e
                WHERE switchyard.without_person(e.value, v_emails, v_phones) <> e.value);
        GET DIAGNOSTICS v_count = ROW_COUNT;
        v_examples := v_examples + v_count;
    END IF;

    RETURN QUERY
    SELECT w.id, coalesce(u.outcome, 'none'), v_examples
    FROM unnest(p_lead_ids) w (id) LEFT JOIN unnest(v_id, v_outcome) u (id, outcome) ON u.id = w.id
    UNION ALL
    SELECT NULL::uuid, 'none', v_examples WHERE v_examples > 0 AND cardinality(p_lead_ids) = 0;
END
$$;
COMMENT ON FUNCTION switchyard.erase_leads(uuid[], uuid, text, text, text, boolean) IS
    'Erases the personal data of these leads in all tables. Outcomes: erased; already; elsewhere (another workspace than p_workspace_id has the lead now); none (does not exist, or is not visible to p_workspace_id). If any lead is busy, nothing is done and only the busy ones are returned. examples: how many golden leads and drafts were changed.';

-- 4. API keys -------------------------------------------------------------------------------------------------------

-- API keys.

CREATE TABLE IF NOT EXISTS switchyard.api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    prefix text NOT NULL CONSTRAINT api_keys_prefix_key UNIQUE,
    secret_hash bytea NOT NULL,
    workspace_id uuid CONSTRAINT api_keys_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    is_test boolean NOT NULL DEFAULT false,
    name text NOT NULL DEFAULT '',
    scopes text[] NOT NULL DEFAULT '{}',
    allowed_networks cidr[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    last_used_address inet,
    expires_at timestamptz,
    revoked_at timestamptz,
    replaced_by uuid,
    CONSTRAINT api_keys_test_check CHECK (NOT is_test OR workspace_id IS NOT NULL)
);
COMMENT ON TABLE switchyard.api_keys IS 'API keys: found by prefix, checked by SHA-256 of the token without its checksum; the token itself is not stored.';
COMMENT ON COLUMN switchyard.api_keys.workspace_id IS 'The workspace that the key acts for; NULL: an administrator.';
COMMENT ON COLUMN switchyard.api_keys.is_test IS 'Whether leads sent with it are decided as a test, and not stored as leads.';
COMMENT ON COLUMN switchyard.api_keys.allowed_networks IS 'The networks from which it may be used; empty: from everywhere.';
COMMENT ON COLUMN switchyard.api_keys.last_used_at IS 'When it was last used, to the minute.';
COMMENT ON COLUMN switchyard.api_keys.replaced_by IS 'The key that was made when this one was rolled; this one ends at expires_at.';

CREATE TABLE IF NOT EXISTS switchyard.access_version (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT access_version_singleton_check CHECK (singleton),
    version bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE switchyard.access_version IS 'One row; its number rises with every change of what a key may do: of keys, and of suspended, closed and inactive workspaces. Nodes read it twice a second while they are used.';
INSERT INTO switchyard.access_version (version) VALUES (1) ON CONFLICT DO NOTHING;

ALTER TABLE switchyard.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.access_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.api_keys, switchyard.access_version FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.api_keys TO service_role;
GRANT SELECT ON switchyard.access_version TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.api_keys;
CREATE POLICY switchyard_service ON switchyard.api_keys TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.access_version;
CREATE POLICY switchyard_service ON switchyard.access_version TO service_role USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION switchyard.bump_access_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    UPDATE switchyard.access_version v SET version = v.version + 1;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.bump_access_version() IS
    'Raises the version of keys, so that every node looks them up again within a second.';

-- Not of last_used_at and last_used_address, which change all the time. A new key needs no news: no node has a copy of it.
CREATE OR REPLACE TRIGGER switchyard_access AFTER DELETE OR TRUNCATE OR UPDATE OF id, prefix, secret_hash, workspace_id, is_test, scopes,
    allowed_networks, expires_at, revoked_at ON switchyard.api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_access_version();
CREATE OR REPLACE TRIGGER switchyard_access AFTER DELETE OR TRUNCATE OR UPDATE OF id, is_active, routing_suspended_at, routing_suspended_reason,
    deleted_at
    ON public.workspaces
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_access_version();

-- 5. Alerts and nodes -----------------------------------------------------------------------------------------------

-- Alerts and their notifications, and the nodes that run. One node evaluates an alert, one node sends a notification.

CREATE TABLE IF NOT EXISTS switchyard.alerts (
    name text PRIMARY KEY,
    phase text NOT NULL DEFAULT 'ok' CONSTRAINT alerts_phase_check CHECK (phase IN ('ok', 'pending', 'firing')),
    episode bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now(),
    clear_since timestamptz,
    notified_at timestamptz,
    reminders integer NOT NULL DEFAULT 0,
    value double precision,
    silenced_until timestamptz,
    silenced_by text,
    silence_reason text,
    evaluated_at timestamptz NOT NULL DEFAULT '-infinity',
    evaluated_by text
);
COMMENT ON TABLE switchyard.alerts IS 'The state of each alert. The row lock decides which node evaluates it.';
COMMENT ON COLUMN switchyard.alerts.episode IS 'How many times the alert has begun to fire.';
COMMENT ON COLUMN switchyard.alerts.since IS 'When the phase began.';
COMMENT ON COLUMN switchyard.alerts.clear_since IS 'While the alert fires: since when its condition no longer holds.';

CREATE TABLE IF NOT EXISTS switchyard.alert_notifications (
    alert text NOT NULL,
    episode bigint NOT NULL,
    kind text NOT NULL CONSTRAINT alert_notifications_kind_check CHECK (kind IN ('fired', 'reminder', 'resolved')),
    number integer NOT NULL,
    target text NOT NULL,
    severity text NOT NULL,
    value double precision,
    created_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    claim uuid,
    delivered_at timestamptz,
    given_up_at timestamptz,
    error text,
    PRIMARY KEY (alert, episode, kind, number, target)
);
CREATE INDEX IF NOT EXISTS alert_notifications_open ON switchyard.alert_notifications (next_attempt_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;
COMMENT ON TABLE switchyard.alert_notifications IS 'Notifications to send, written with the change of the alert; the key allows each only once.';
COMMENT ON COLUMN switchyard.alert_notifications.claim IS 'The node that sends the notification: only it may mark it as delivered.';

CREATE TABLE IF NOT EXISTS switchyard.nodes (
    name text PRIMARY KEY,
    host text NOT NULL DEFAULT '',
    version text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    report jsonb
);
COMMENT ON TABLE switchyard.nodes IS 'Nodes that run or have crashed; a node that stops normally deletes its row.';
COMMENT ON COLUMN switchyard.nodes.report IS 'The node''s figures of the last five minutes.';

ALTER TABLE switchyard.alerts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.alert_notifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.nodes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.alerts, switchyard.alert_notifications, switchyard.nodes FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.alerts, switchyard.alert_notifications, switchyard.nodes TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.alerts;
CREATE POLICY switchyard_service ON switchyard.alerts TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.alert_notifications;
CREATE POLICY switchyard_service ON switchyard.alert_notifications TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.nodes;
CREATE POLICY switchyard_service ON switchyard.nodes TO service_role USING (true) WITH CHECK (true);

-- 6. Schedule -------------------------------------------------------------------------------------------------------

-- The schedule: each due time of a scheduled function runs once over all nodes, or by pg_cron where no node runs.

-- claim: a node that claimed a due time and never got the answer may ask again.
CREATE TABLE IF NOT EXISTS switchyard.scheduled_runs (
    name text NOT NULL,
    due_at timestamptz NOT NULL,
    node text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    affected bigint,
    error text,
    claim uuid,
    PRIMARY KEY (name, due_at)
);
COMMENT ON TABLE switchyard.scheduled_runs IS 'Each due time of a scheduled function once, over all nodes: the node that inserts the row runs it.';

ALTER TABLE switchyard.scheduled_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.scheduled_runs FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.scheduled_runs TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.scheduled_runs;
CREATE POLICY switchyard_service ON switchyard.scheduled_runs TO service_role USING (true) WITH CHECK (true);

-- What pg_cron runs. It claims the due time as a node does, and does nothing when a node has run it. pg_cron starts two
-- minutes after the due time, so that a node, which does more, comes first wherever one runs.
CREATE OR REPLACE FUNCTION switchyard.run_from_cron(p_name text) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_due timestamptz;
    v_affected bigint := 0;
    v_count bigint;
BEGIN
    v_due := CASE p_name
        WHEN 'cleanupStaleRoutingLocks' THEN date_bin('10 minutes', v_now, timestamptz '2000-01-01 00:00:00+00')
        WHEN 'markExpiredLeads' THEN date_bin('1 day', v_now, timestamptz '2000-01-01 02:00:00+00') END;
    IF v_due IS NULL THEN
        RAISE EXCEPTION 'pg_cron cannot run a function named %.', p_name USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Use cleanupStaleRoutingLocks or markExpiredLeads.';
    END IF;
    INSERT INTO switchyard.scheduled_runs (name, due_at, node, started_at) VALUES (p_name, v_due, 'pg_cron', v_now)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    IF p_name = 'cleanupStaleRoutingLocks' THEN
        v_affected := public.release_stale_routing_locks() + switchyard.enqueue_orphans(10000);
        PERFORM switchyard.gather_statistics();
        PERFORM switchyard.prune();
    ELSE
        FOR i IN 1 .. 1000 LOOP
            v_count := public.mark_expired_leads();
            v_affected := v_affected + v_count;
            EXIT WHEN v_count = 0;
        END LOOP;
        PERFORM switchyard.set_vacuum_settings();
    END IF;
    UPDATE switchyard.scheduled_runs SET finished_at = clock_timestamp(), affected = v_affected
    WHERE name = p_name AND due_at = v_due AND node = 'pg_cron';
    RETURN v_affected;
END
$$;
COMMENT ON FUNCTION switchyard.run_from_cron(text) IS
    'Runs a scheduled function for its latest due time, unless a node has; returns how many leads it changed.';

-- Two jobs, with names that SELECT * FROM cron.job WHERE jobname LIKE '%stale%' and '%expire%' find.
CREATE OR REPLACE FUNCTION switchyard.schedule_by_cron() RETURNS text[]
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_offset interval;
BEGIN
    IF to_regprocedure('cron.schedule(text,text,text)') IS NULL THEN
        RAISE EXCEPTION 'pg_cron is not installed in this database.' USING ERRCODE = 'undefined_object',
            HINT = 'CREATE EXTENSION pg_cron; in the database that cron.database_name names, with pg_cron in shared_preload_libraries.';
    END IF;
    -- 02:05 UTC in the time zone of pg_cron.
    v_offset := (now() AT TIME ZONE coalesce(nullif(current_setting('cron.timezone', true), ''), 'GMT')) - (now() AT TIME ZONE 'UTC');
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING 'switchyard-release-stale-locks', '2-59/10 * * * *',
        'SELECT switchyard.run_from_cron(''cleanupStaleRoutingLocks'')';
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING 'switchyard-expire-leads',
        to_char(timestamp '2000-01-01 02:05' + v_offset, 'FMMI FMHH24') || ' * * *',
        'SELECT switchyard.run_from_cron(''markExpiredLeads'')';
    RETURN ARRAY['switchyard-release-stale-locks', 'switchyard-expire-leads'];
END
$$;
COMMENT ON FUNCTION switchyard.schedule_by_cron() IS
    'Makes pg_cron run the two schedules that must go on while no node runs; returns the names of the jobs. Safe to repeat.';

CREATE OR REPLACE FUNCTION switchyard.unschedule_by_cron() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_count integer := 0;
BEGIN
    IF to_regclass('cron.job') IS NOT NULL THEN
        EXECUTE $q$SELECT count(cron.unschedule(j.jobid)) FROM cron.job j
            WHERE j.jobname IN ('switchyard-release-stale-locks', 'switchyard-expire-leads')$q$ INTO v_count;
    END IF;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.unschedule_by_cron() IS
    'Removes the jobs that schedule_by_cron has made; returns how many.';

-- 7. Retention and upkeep -------------------------------------------------------------------------------------------

-- Retention and upkeep: what is no longer kept is removed, and tables get their vacuum settings. Run by the schedule.

CREATE TABLE IF NOT EXISTS switchyard.retention (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT retention_singleton_check CHECK (singleton),
    log_months integer CONSTRAINT retention_log_months_check CHECK (log_months >= 1),
    pruned_at timestamptz
);
INSERT INTO switchyard.retention DEFAULT VALUES ON CONFLICT DO NOTHING;
COMMENT ON TABLE switchyard.retention IS 'How long data is kept. log_months: whole months of the routing log besides the current one; NULL: for ever.';

ALTER TABLE switchyard.retention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.retention FROM PUBLIC, anon, authenticated;
GRANT SELECT, UPDATE ON switchyard.retention TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.retention;
CREATE POLICY switchyard_service ON switchyard.retention TO service_role USING (true) WITH CHECK (true);

-- SECURITY DEFINER, because a month of the log is dropped as a whole table, and no other role may remove rows from it.
CREATE OR REPLACE FUNCTION switchyard.drop_old_log_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms'
AS $$
DECLARE
    v_months integer := (SELECT r.log_months FROM switchyard.retention r);
    v_partition record;
    v_dropped integer := 0;
BEGIN
    -- Rows that statistics have not counted yet are not dropped.
    IF v_months IS NULL OR NOT EXISTS (SELECT FROM switchyard.statistics_watermark w
        WHERE w.rebuild_before IS NULL AND w.counted_at > now() - interval '1 day') THEN
        RETURN 0;
    END IF;
    FOR v_partition IN
        SELECT c.oid::regclass AS name, c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.lead_routing_logs'::regclass AND c.relname ~ '^lead_routing_logs_[0-9]{4}_[0-9]{2}$'
            AND to_date(right(c.relname, 7), 'YYYY_MM')
                < (date_trunc('month', now() AT TIME ZONE 'UTC') - v_months * interval '1 month')::date
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE %s', v_partition.name);
            v_dropped := v_dropped + 1;
        EXCEPTION WHEN lock_not_available THEN
            -- Another transaction is writing; the next run tries again.
            RETURN v_dropped;
        END;
    END LOOP;
    RETURN v_dropped;
END
$$;
COMMENT ON FUNCTION switchyard.drop_old_log_partitions() IS
    'Drops the months of the routing log that switchyard.retention does not keep; returns how many.';

CREATE OR REPLACE FUNCTION switchyard.prune() RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_sum bigint := 0;
    v_count bigint;
BEGIN
    PERFORM switchyard.ensure_log_partitions(3);
    DELETE FROM switchyard.idempotency_keys k WHERE ctid = ANY (ARRAY(SELECT o.ctid FROM switchyard.idempotency_keys o
        WHERE o.created_at < clock_timestamp() - interval '24 hours' LIMIT 20000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count;
    DELETE FROM switchyard.test_leads t WHERE t.created_at < now() - interval '7 days';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count;
    DELETE FROM switchyard.rate_leases l WHERE l.window_start < now() - interval '2 days';
    DELETE FROM switchyard.rate_buckets b WHERE b.window_start < now() - interval '2 days';
    DELETE FROM switchyard.scheduled_runs r WHERE r.due_at < now() - interval '30 days';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count + switchyard.drop_old_log_partitions();
    UPDATE switchyard.retention SET pruned_at = clock_timestamp();
    RETURN v_sum;
END
$$;
COMMENT ON FUNCTION switchyard.prune() IS
    'Creates the next months of the log and removes what is no longer kept: idempotency keys after a day, test leads after a week, scheduled runs after 30 days, months of the log as switchyard.retention says; returns how many rows and months were removed.';

-- Settings that are set already stay. Tables whose rows come and go are vacuumed early and without pauses. Tables that
-- only grow are vacuumed while their new rows are in memory, and before all of them would have to be frozen at once.
CREATE OR REPLACE FUNCTION switchyard.set_vacuum_settings() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms'
AS $$
DECLARE
    v_wanted record;
    v_count integer := 0;
BEGIN
    FOR v_wanted IN
        SELECT c.oid::regclass AS name, o.setting, o.value
        FROM (VALUES
            ('public.leads', 'autovacuum_vacuum_scale_factor', '0.05'), ('public.leads', 'autovacuum_analyze_scale_factor', '0.05'),
            ('public.leads', 'autovacuum_vacuum_insert_scale_factor', '0.1'),
            ('public.lead_routing_queue', 'autovacuum_vacuum_scale_factor', '0.02'),
            ('public.lead_routing_queue', 'autovacuum_vacuum_cost_delay', '0'),
            ('public.lead_identity_claims', 'autovacuum_vacuum_scale_factor', '0.05'),
            ('public.lead_attributions', 'autovacuum_vacuum_insert_scale_factor', '0.1'),
            ('switchyard.idempotency_keys', 'autovacuum_vacuum_scale_factor', '0.05'),
            ('switchyard.routing_statistics', 'autovacuum_vacuum_scale_factor', '0.02'),
            ('switchyard.statistics_watermark', 'autovacuum_vacuum_threshold', '200'),
            ('switchyard.scheduled_runs', 'autovacuum_vacuum_scale_factor', '0.05')
        ) o (table_name, setting, value)
        JOIN pg_catalog.pg_class c ON c.oid = to_regclass(o.table_name) AND c.relkind = 'r'
        WHERE NOT coalesce(array_to_string(c.reloptions, ' ') LIKE '%' || o.setting || '=%', false)
        UNION ALL
        SELECT c.oid::regclass, 'autovacuum_vacuum_insert_scale_factor', '0.1'
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('public.lead_routing_logs')
            AND NOT coalesce(array_to_string(c.reloptions, ' ') LIKE '%autovacuum_vacuum_insert_scale_factor=%', false)
    LOOP
        BEGIN
            EXECUTE format('ALTER TABLE %s SET (%I = %s)', v_wanted.name, v_wanted.setting, v_wanted.value);
            v_count := v_count + 1;
        EXCEPTION WHEN lock_not_available OR insufficient_privilege THEN
            NULL; -- the table is being vacuumed, or has another owner: the next run tries again
        END;
    END LOOP;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.set_vacuum_settings() IS
    'Gives each table its autovacuum settings, where none are set; returns how many settings.';

DO $$
BEGIN
    PERFORM switchyard.set_vacuum_settings();
END
$$;

-- 8. Test leads -----------------------------------------------------------------------------------------------------

-- Test leads: what a test key sends is decided as any lead is, and kept here for a week instead of among the leads.

-- A test lead identifies no person: only the values listed in the comment on content are stored.
CREATE TABLE IF NOT EXISTS switchyard.test_leads (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL CONSTRAINT test_leads_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL,
    destination_workspace_id uuid,
    matched_rule_id uuid,
    reason text NOT NULL,
    content jsonb NOT NULL
);
-- The newest of a workspace, which are listed, and the oldest, which are removed: ids grow with time.
CREATE INDEX IF NOT EXISTS test_leads_workspace ON switchyard.test_leads (workspace_id, id);
-- For prune.
CREATE INDEX IF NOT EXISTS test_leads_created ON switchyard.test_leads (created_at);
COMMENT ON TABLE switchyard.test_leads IS 'Leads that test keys sent, and how they would have been routed; the last thousand of a workspace, for a week. Nothing else reads them.';
COMMENT ON COLUMN switchyard.test_leads.content IS 'The values of the lead without email, phone, names, company and metadata.';

ALTER TABLE switchyard.test_leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.test_leads FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.test_leads TO service_role;
GRANT SELECT ON switchyard.test_leads TO authenticated;
DROP POLICY IF EXISTS switchyard_service ON switchyard.test_leads;
CREATE POLICY switchyard_service ON switchyard.test_leads TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON switchyard.test_leads;
CREATE POLICY switchyard_members ON switchyard.test_leads FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

-- 9. Rate limits ----------------------------------------------------------------------------------------------------

-- Rate limits: tokens of a window, which nodes lease ahead of need and spend in memory. No request needs a statement.

CREATE TABLE IF NOT EXISTS switchyard.rate_buckets (
    policy smallint NOT NULL,
    subject uuid NOT NULL,
    window_start timestamptz NOT NULL,
    spent bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (policy, subject, window_start)
) WITH (fillfactor = 50);
COMMENT ON TABLE switchyard.rate_buckets IS 'What nodes have reported as spent of a limit, for each subject and window. A subject that spends little is in no row.';
COMMENT ON COLUMN switchyard.rate_buckets.policy IS '1: requests of a key; 2: requests of a workspace; 3: requests of an address, which is the subject as 128 bits; 4: leads of a workspace; 5: failed sign-ins with an email address, whose digest is the subject.';

-- No foreign key: a bucket is deleted with its leases, and both are changed under its row lock.
CREATE TABLE IF NOT EXISTS switchyard.rate_leases (
    policy smallint NOT NULL,
    subject uuid NOT NULL,
    window_start timestamptz NOT NULL,
    node uuid NOT NULL,
    tokens bigint NOT NULL CONSTRAINT rate_leases_tokens_check CHECK (tokens > 0),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (policy, subject, window_start, node)
) WITH (fillfactor = 50);
COMMENT ON TABLE switchyard.rate_leases IS 'Tokens that a node may spend without asking; the tokens of a node that no longer renews its lease are free again when it expires.';

ALTER TABLE switchyard.rate_buckets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.rate_leases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.rate_buckets, switchyard.rate_leases FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.rate_buckets, switchyard.rate_leases TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.rate_buckets;
CREATE POLICY switchyard_service ON switchyard.rate_buckets TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.rate_leases;
CREATE POLICY switchyard_service ON switchyard.rate_leases TO service_role USING (true) WITH CHECK (true);

-- A limit of 0 allows nothing.
CREATE OR REPLACE FUNCTION switchyard.rate_limit_of(p_policy smallint, p_subject uuid) RETURNS bigint
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT CASE p_policy
        WHEN 1 THEN (SELECT (switchyard.quotas_of(k.workspace_id)).key_requests_per_minute FROM switchyard.api_keys k WHERE k.id = p_subject)
        WHEN 2 THEN (switchyard.quotas_of(p_subject)).requests_per_minute
        WHEN 4 THEN (switchyard.quotas_of(p_subject)).leads_per_day
    END
$$;
COMMENT ON FUNCTION switchyard.rate_limit_of(smallint, uuid) IS 'The limit of a subject; NULL for an address, whose limit is a setting of the nodes.';

-- One call leases for many subjects, some times a minute. Buckets are locked in the order of their subjects, so that two nodes cannot wait
-- for each other. A node gets what it needs and, ahead of need, at most half of what is left, so that another node gets some too.
CREATE OR REPLACE FUNCTION switchyard.lease_tokens(
    p_node uuid, p_policies smallint[], p_subjects uuid[], p_seconds integer[], p_defaults bigint[], p_windows timestamptz[],
    p_spent bigint[], p_needs bigint[], p_wants bigint[], p_lease interval
) RETURNS TABLE (o_place integer, o_window timestamptz, o_left_ms bigint, o_limit bigint, o_tokens bigint, o_free bigint)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz;
    v_ask record;
    v_spent bigint;
    v_others bigint;
BEGIN
    FOR v_ask IN
        SELECT a.policy, a.subject, a.seconds, a.usual, a.since, a.spent, a.need, a.want, a.place
        FROM unnest(p_policies, p_subjects, p_seconds, p_defaults, p_windows, p_spent, p_needs, p_wants) WITH ORDINALITY
            a (policy, subject, seconds, usual, since, spent, need, want, place)
        ORDER BY a.policy, a.subject
    LOOP
        v_now := clock_timestamp();
        o_place := v_ask.place;
        o_window := to_timestamp(floor(extract(epoch FROM v_now) / v_ask.seconds) * v_ask.seconds);
        o_left_ms := ceil(extract(epoch FROM o_window + v_ask.seconds * interval '1 second' - v_now) * 1000);
        o_limit := coalesce(switchyard.rate_limit_of(v_ask.policy, v_ask.subject), v_ask.usual);
        INSERT INTO switchyard.rate_buckets AS b (policy, subject, window_start) VALUES (v_ask.policy, v_ask.subject, o_window)
            ON CONFLICT DO NOTHING;
        IF FOUND THEN
            DELETE FROM switchyard.rate_leases l
                WHERE l.policy = v_ask.policy AND l.subject = v_ask.subject AND l.window_start < o_window;
            DELETE FROM switchyard.rate_buckets b
                WHERE b.policy = v_ask.policy AND b.subject = v_ask.subject AND b.window_start < o_window;
        END IF;
        SELECT b.spent INTO v_spent FROM switchyard.rate_buckets b
            WHERE b.policy = v_ask.policy AND b.subject = v_ask.subject AND b.window_start = o_window FOR UPDATE;
        -- What was spent in a window that has ended counts no more. Without a window, the node has spent ahead of its first lease.
        IF v_ask.spent <> 0 AND coalesce(v_ask.since, o_window) = o_window THEN
            UPDATE switchyard.rate_buckets b SET spent = greatest(0, b.spent + v_ask.spent)
                WHERE b.policy = v_ask.policy AND b.subject = v_ask.subject AND b.window_start = o_window
                RETURNING b.spent INTO v_spent;
        END IF;
        SELECT coalesce(sum(l.tokens), 0) INTO v_others FROM switchyard.rate_leases l
            WHERE l.policy = v_ask.policy AND l.subject = v_ask.subject AND l.window_start = o_window AND l.node <> p_node
                AND l.expires_at > v_now;
        o_free := greatest(0, o_limit - v_spent - v_others);
        o_tokens := least(o_free, greatest(v_ask.need, least(v_ask.want, o_free / 2)));
        o_free := o_free - o_tokens;
        IF o_tokens > 0 THEN
            INSERT INTO switchyard.rate_leases AS l (policy, subject, window_start, node, tokens, expires_at)
                VALUES (v_ask.policy, v_ask.subject, o_window, p_node, o_tokens, v_now + p_lease)
                ON CONFLICT (policy, subject, window_start, node) DO UPDATE
                    SET tokens = excluded.tokens, expires_at = excluded.expires_at;
        ELSE
            DELETE FROM switchyard.rate_leases l WHERE l.policy = v_ask.policy AND l.subject = v_ask.subject
                AND l.window_start = o_window AND l.node = p_node;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION switchyard.lease_tokens(uuid, smallint[], uuid[], integer[], bigint[], timestamptz[], bigint[], bigint[], bigint[], interval) IS
    'Adds what a node has spent, and replaces its leases: tokens that it may spend alone until the lease expires. Returns how many are left for others.';

-- 10. Audit -----------------------------------------------------------------------------------------------------------

-- The audit: every change by a person or a key, with what was before and after, in a chain of hashes.

CREATE TABLE IF NOT EXISTS switchyard.audit_log (
    sequence bigint PRIMARY KEY,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    database_user text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    subject_id text NOT NULL,
    workspace_id uuid,
    before jsonb,
    after jsonb,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_log_subject ON switchyard.audit_log (subject_id, sequence);
CREATE INDEX IF NOT EXISTS audit_log_actor ON switchyard.audit_log (actor, sequence);
CREATE INDEX IF NOT EXISTS audit_log_workspace ON switchyard.audit_log (workspace_id, sequence);
COMMENT ON TABLE switchyard.audit_log IS 'Every change by a person or a key; append-only. Each row has the hash of the one before it. No personal data: it is masked by its kind.';
COMMENT ON COLUMN switchyard.audit_log.sequence IS 'From 1 without a gap, in the order of the commits.';
COMMENT ON COLUMN switchyard.audit_log.actor IS 'key:…, user:…, service_role, command line or switchyard; database:… for a change by SQL.';
COMMENT ON COLUMN switchyard.audit_log.before IS 'The columns that changed, as they were; of a deleted row, all.';
COMMENT ON COLUMN switchyard.audit_log.after IS 'The columns that changed, as they are now; of a new row, all.';
COMMENT ON COLUMN switchyard.audit_log.hash IS 'SHA-256 of the previous hash and the content of the row, as switchyard.audit_content writes it.';

-- One row, locked by the transaction that appends. It is never updated, so that a transaction of many changes leaves no
-- trail of dead rows.
CREATE TABLE IF NOT EXISTS switchyard.audit_turn (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_turn_singleton_check CHECK (singleton)
);
INSERT INTO switchyard.audit_turn DEFAULT VALUES ON CONFLICT DO NOTHING;
COMMENT ON TABLE switchyard.audit_turn IS 'One row; its lock is the turn to append to the audit.';

CREATE OR REPLACE FUNCTION switchyard.refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RAISE EXCEPTION 'The audit is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION switchyard.refuse_audit_change() IS 'Keeps the audit append-only for every role, the owner included.';

CREATE OR REPLACE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON switchyard.audit_log
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_audit_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.audit_log
    EXECUTE FUNCTION switchyard.refuse_audit_change();

ALTER TABLE switchyard.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.audit_turn ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.audit_log, switchyard.audit_turn FROM PUBLIC, anon, authenticated;
GRANT SELECT ON switchyard.audit_log TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.audit_log;
CREATE POLICY switchyard_service ON switchyard.audit_log TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.audit_turn;
CREATE POLICY switchyard_service ON switchyard.audit_turn TO service_role USING (true) WITH CHECK (true);

-- Only a value that may hold something personal is taken apart; most do not, and then it costs one search of its text.
-- Of a condition, the value is masked if its field is a person's.
CREATE OR REPLACE FUNCTION switchyard.mask_personal(p_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = ''
AS $$
DECLARE
    v_personal constant text := '"(e_?mail|phone|(first|last|full)_?name|city|latitude|longitude|metadata|company_?name|source_?id|secret_?hash)"|@|\+[0-9]';
BEGIN
    IF p_value IS NULL OR p_value::text !~* v_personal THEN
        RETURN p_value;
    END IF;
    CASE jsonb_typeof(p_value)
    WHEN 'object' THEN
        RETURN (SELECT jsonb_object_agg(m.key, CASE
            WHEN m.kind IS NOT NULL AND m.value <> 'null' THEN to_jsonb('(' || m.kind || ')')
            ELSE switchyard.mask_personal(m.value) END)
            FROM (SELECT e.key, e.value, CASE lower(replace(CASE WHEN e.key = 'value' THEN p_value ->> 'field' ELSE e.key END, '_', ''))
                WHEN 'email' THEN 'email' WHEN 'phone' THEN 'phone'
                WHEN 'firstname' THEN 'name' WHEN 'lastname' THEN 'name' WHEN 'fullname' THEN 'name'
                WHEN 'city' THEN 'place' WHEN 'latitude' THEN 'place' WHEN 'longitude' THEN 'place'
                WHEN 'companyname' THEN 'company' WHEN 'metadata' THEN 'metadata' WHEN 'sourceid' THEN 'id'
                WHEN 'secrethash' THEN 'secret' END AS kind
                FROM jsonb_each(p_value) e) m);
    WHEN 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg(switchyard.mask_personal(e.value) ORDER BY e.ordinality), '[]')
            FROM jsonb_array_elements(p_value) WITH ORDINALITY e);
    WHEN 'string' THEN
        RETURN to_jsonb(regexp_replace(regexp_replace(p_value #>> '{}', '[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+', '(email)', 'g'),
            '\+[0-9][0-9 ().-]{6,}[0-9]', '(phone)', 'g'));
    ELSE
        RETURN p_value;
    END CASE;
END
$$;
COMMENT ON FUNCTION switchyard.mask_personal(jsonb) IS
    'The value with personal data replaced by its kind, such as (email); addresses and numbers within texts too.';

CREATE OR REPLACE FUNCTION switchyard.audit_content(p_sequence bigint, p_happened_at timestamptz, p_actor text, p_database_user text,
    p_action text, p_subject text, p_subject_id text, p_workspace_id uuid, p_before jsonb, p_after jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT jsonb_build_object('sequence', p_sequence,
        'time', to_char(p_happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'actor', p_actor,
        'databaseUser', p_database_user, 'action', p_action, 'subject', p_subject, 'subjectId', p_subject_id,
        'workspaceId', p_workspace_id, 'before', p_before, 'after', p_after)::text
$$;
COMMENT ON FUNCTION switchyard.audit_content(bigint, timestamptz, text, text, text, text, text, uuid, jsonb, jsonb) IS
    'What the hash of a row covers: all of it but the hashes, as PostgreSQL writes jsonb.';

-- Waits for its turn, and holds it until the transaction ends: so it has to be the last lock that a transaction takes.
CREATE OR REPLACE FUNCTION switchyard.append_audit(p_actor text, p_action text, p_subject text, p_subject_id text, p_workspace_id uuid,
    p_before jsonb, p_after jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_row switchyard.audit_log;
BEGIN
    PERFORM FROM switchyard.audit_turn FOR UPDATE;
    -- A separate statement, so that it sees what the transaction that had the turn has appended.
    SELECT l.sequence + 1, l.hash INTO v_row.sequence, v_row.previous_hash FROM switchyard.audit_log l ORDER BY l.sequence DESC LIMIT 1;
    v_row.sequence := coalesce(v_row.sequence, 1);
    v_row.previous_hash := coalesce(v_row.previous_hash, decode(repeat('00', 32), 'hex'));
    v_row.happened_at := clock_timestamp();
    v_row.actor := coalesce(nullif(p_actor, ''), 'user:' || auth.uid(), 'database:' || session_user);
    v_row.database_user := session_user;
    v_row.action := p_action;
    v_row.subject := p_subject;
    v_row.subject_id := p_subject_id;
    v_row.workspace_id := p_workspace_id;
    v_row.before := switchyard.mask_personal(p_before);
    v_row.after := switchyard.mask_personal(p_after);
    -- The name of a person, not of a thing.
    IF p_subject = 'assignee' THEN
        v_row.before := CASE WHEN v_row.before ? 'name' THEN v_row.before || '{"name": "(name)"}' ELSE v_row.before END;
        v_row.after := CASE WHEN v_row.after ? 'name' THEN v_row.after || '{"name": "(name)"}' ELSE v_row.after END;
    END IF;
    v_row.hash := sha256(v_row.previous_hash || convert_to(switchyard.audit_content(v_row.sequence, v_row.happened_at, v_row.actor,
        v_row.database_user, v_row.action, v_row.subject, v_row.subject_id, v_row.workspace_id, v_row.before, v_row.after), 'UTF8'));
    INSERT INTO switchyard.audit_log SELECT v_row.*;
    RETURN v_row.sequence;
END
$$;
COMMENT ON FUNCTION switchyard.append_audit(text, text, text, text, uuid, jsonb, jsonb) IS
    'Appends a row to the audit, as the last step of a transaction, and returns its number.';

-- Runs at the commit, for each changed row, so that the turn to append is the last lock of every transaction, and is held
-- for the commit only. The arguments: what a row is called; its key columns; the column with its workspace; columns that
-- are left out; the only columns that count (none: all); columns of which only a digest is kept.
CREATE OR REPLACE FUNCTION switchyard.audit_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC'
AS $$
DECLARE
    v_key constant text[] := TG_ARGV[1];
    v_left_out constant text[] := TG_ARGV[3];
    v_only constant text[] := TG_ARGV[4];
    v_digested constant text[] := TG_ARGV[5];
    v_before jsonb;
    v_after jsonb;
    v_whole jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        v_before := to_jsonb(OLD) - v_left_out;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        v_after := to_jsonb(NEW) - v_left_out;
    END IF;
    v_whole := coalesce(v_after, v_before);
    IF cardinality(v_only) > 0 THEN
        v_before := (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(v_before) e WHERE e.key = ANY (v_only));
        v_after := (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(v_after) e WHERE e.key = ANY (v_only));
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF v_before = v_after THEN
            RETURN NULL;
        END IF;
        SELECT jsonb_object_agg(e.key, e.value), jsonb_object_agg(e.key, v_after -> e.key) INTO v_before, v_after
        FROM jsonb_each(v_before) e WHERE v_after -> e.key IS DISTINCT FROM e.value;
    END IF;
    IF cardinality(v_digested) > 0 THEN
        SELECT jsonb_object_agg(e.key, CASE WHEN e.key = ANY (v_digested) THEN to_jsonb(format('(%s bytes, SHA-256 %s)',
            octet_length(e.value::text), encode(sha256(convert_to(e.value::text, 'UTF8')), 'hex'))) ELSE e.value END)
        INTO v_before FROM jsonb_each(v_before) e;
        SELECT jsonb_object_agg(e.key, CASE WHEN e.key = ANY (v_digested) THEN to_jsonb(format('(%s bytes, SHA-256 %s)',
            octet_length(e.value::text), encode(sha256(convert_to(e.value::text, 'UTF8')), 'hex'))) ELSE e.value END)
        INTO v_after FROM jsonb_each(v_after) e;
    END IF;
    PERFORM switchyard.append_audit(nullif(current_setting('switchyard.actor', true), ''),
        TG_ARGV[0] || '.' || CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'change' ELSE 'delete' END, TG_ARGV[0],
        (SELECT string_agg(v_whole ->> k.name, '|' ORDER BY k.ord) FROM unnest(v_key) WITH ORDINALITY k (name, ord)),
        nullif(v_whole ->> TG_ARGV[2], '')::uuid, v_before, v_after);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.audit_change() IS
    'Appends a change of a row to the audit; the setting switchyard.actor of the transaction says who made it.';

-- A truncation has no rows. No transaction that truncates takes another lock after it, or it waits for one that it holds.
CREATE OR REPLACE FUNCTION switchyard.audit_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    PERFORM switchyard.append_audit(nullif(current_setting('switchyard.actor', true), ''), TG_ARGV[0] || '.truncate', TG_ARGV[0],
        TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, NULL, NULL, NULL);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.audit_truncate() IS 'Appends the truncation of a table to the audit.';

-- Called once for each table whose rows persons and keys change. A later migration that adds such a table calls it too; a
-- test fails for a table that has no audit and is not in its list of exceptions.
CREATE OR REPLACE FUNCTION switchyard.keep_audit(p_table text, p_subject text, p_key text[], p_workspace text DEFAULT '',
    p_left_out text[] DEFAULT '{}', p_only text[] DEFAULT '{}', p_digested text[] DEFAULT '{}', p_events text DEFAULT NULL,
    p_when text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    -- A constraint trigger cannot be replaced.
    EXECUTE format('DROP TRIGGER IF EXISTS switchyard_audit ON %s', p_table);
    EXECUTE format('CREATE CONSTRAINT TRIGGER switchyard_audit AFTER %s ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW %s '
        'EXECUTE FUNCTION switchyard.audit_change(%L, %L, %L, %L, %L, %L)', coalesce(p_events, 'INSERT OR UPDATE OR DELETE'), p_table,
        'WHEN (' || p_when || ')', p_subject, p_key, p_workspace, p_left_out, p_only, p_digested);
    EXECUTE format('CREATE OR REPLACE TRIGGER switchyard_audit_truncate AFTER TRUNCATE ON %s '
        'EXECUTE FUNCTION switchyard.audit_truncate(%L)', p_table, p_subject);
END
$$;
COMMENT ON FUNCTION switchyard.keep_audit(text, text, text[], text, text[], text[], text[], text, text) IS
    'Starts the audit of a table; for the parameters see switchyard.audit_change.';

-- Of tables that an installation may have had before, only the columns count that Switchyard reads.
DO $$
DECLARE
    v_workspace constant text[] := ARRAY['id', 'name', 'workspace_type', 'is_active', 'routing_paused_at', 'routing_suspended_at',
        'routing_suspended_reason', 'unmatched_policy', 'fallback_workspace_id', 'deleted_at', 'capacity'];
    v_silence constant text[] := ARRAY['silenced_until', 'silenced_by', 'silence_reason'];
BEGIN
    PERFORM switchyard.keep_audit('public.workspaces', 'workspace', ARRAY['id'], 'id', p_only => v_workspace,
        p_events => 'INSERT OR DELETE OR UPDATE OF ' || array_to_string(v_workspace, ', '));
    PERFORM switchyard.keep_audit('public.user_workspaces', 'member', ARRAY['user_id', 'workspace_id'], 'workspace_id',
        p_only => ARRAY['user_id', 'workspace_id', 'role']);
    PERFORM switchyard.keep_audit('public.lead_routing_rules', 'rule', ARRAY['id'], 'workspace_id', ARRAY['updated_at']);
    PERFORM switchyard.keep_audit('public.routing_agreements', 'agreement', ARRAY['receiving_workspace_id', 'sending_workspace_id'],
        'receiving_workspace_id');
    PERFORM switchyard.keep_audit('public.workspace_assignees', 'assignee', ARRAY['id'], 'workspace_id', ARRAY['updated_at']);
    PERFORM switchyard.keep_audit('switchyard.routing_pauses', 'pause', ARRAY['workspace_id'], 'workspace_id');
    -- People name golden leads after the person.
    PERFORM switchyard.keep_audit('switchyard.golden_leads', 'golden_lead', ARRAY['id'], 'workspace_id', ARRAY['updated_at'],
        p_digested => ARRAY['name', 'content']);
    PERFORM switchyard.keep_audit('switchyard.rule_set_drafts', 'draft', ARRAY['owner'], 'owner', ARRAY['updated_at', 'updated_by'],
        p_digested => ARRAY['document']);
    PERFORM switchyard.keep_audit('switchyard.rule_set_versions', 'rule_set', ARRAY['version'], p_events => 'INSERT',
        p_when => 'NEW.action IN (''publish'', ''return'', ''auto-rollback'')');
    PERFORM switchyard.keep_audit('switchyard.api_keys', 'key', ARRAY['id'], 'workspace_id', ARRAY['last_used_at', 'last_used_address']);
    PERFORM switchyard.keep_audit('switchyard.erasures', 'erasure', ARRAY['lead_id'], 'on_behalf_of');
    PERFORM switchyard.keep_audit('switchyard.retention', 'retention', ARRAY['singleton'], p_left_out => ARRAY['pruned_at']);
    PERFORM switchyard.keep_audit('switchyard.workspace_quotas', 'quota', ARRAY['workspace_id'], 'workspace_id');
    PERFORM switchyard.keep_audit('switchyard.alerts', 'alert', ARRAY['name'], p_only => v_silence,
        p_events => 'UPDATE OF ' || array_to_string(v_silence, ', '));
END
$$;

-- 11. Local users ------------------------------------------------------------------------------------------------------

-- Local users: people who sign in with a password instead of a Supabase session. Their memberships are in user_workspaces, like everyone's.

CREATE TABLE IF NOT EXISTS switchyard.local_users (
    user_id uuid PRIMARY KEY,
    email text NOT NULL CONSTRAINT local_users_email_key UNIQUE,
    password_hash text,
    password_changed_at timestamptz,
    totp_secret bytea,
    totp_confirmed_at timestamptz,
    totp_step bigint NOT NULL DEFAULT 0,
    recovery_hashes bytea[] NOT NULL DEFAULT '{}',
    session_epoch bigint NOT NULL DEFAULT 1,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT local_users_totp_check CHECK (totp_confirmed_at IS NULL OR totp_secret IS NOT NULL)
);
COMMENT ON TABLE switchyard.local_users IS 'People who sign in with a password; user_id is the subject of their requests. No API role reads it.';
COMMENT ON COLUMN switchyard.local_users.email IS 'Trimmed, NFC, in lower case. Not verified: it is what the inviter typed.';
COMMENT ON COLUMN switchyard.local_users.password_hash IS 'scrypt with its parameters, as $scrypt$ln=…,r=…,p=…$salt$key; NULL: the invitation is not accepted.';
COMMENT ON COLUMN switchyard.local_users.totp_step IS 'The last 30-second step whose code was used: a code is used once.';
COMMENT ON COLUMN switchyard.local_users.recovery_hashes IS 'SHA-256 of the recovery codes that are not used.';
COMMENT ON COLUMN switchyard.local_users.session_epoch IS 'Sessions of another number are over: raising it signs the user out everywhere, also where a sign-in is under way.';

CREATE TABLE IF NOT EXISTS switchyard.user_sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT user_sessions_user_id_fkey REFERENCES switchyard.local_users (user_id) ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT user_sessions_token_hash_key UNIQUE,
    epoch bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    address inet,
    client text
);
CREATE INDEX IF NOT EXISTS user_sessions_user ON switchyard.user_sessions (user_id, created_at);
COMMENT ON TABLE switchyard.user_sessions IS 'Sessions of local users; the token itself is not stored, its SHA-256 is.';
COMMENT ON COLUMN switchyard.user_sessions.last_used_at IS 'To the minute; a session that is not used for 12 hours is over.';
COMMENT ON COLUMN switchyard.user_sessions.expires_at IS 'When it is over in any case.';
COMMENT ON COLUMN switchyard.user_sessions.client IS 'The first 200 characters of the User-Agent, for the user''s list of sessions.';

CREATE TABLE IF NOT EXISTS switchyard.user_links (
    id uuid PRIMARY KEY,
    user_id uuid CONSTRAINT user_links_user_id_fkey REFERENCES switchyard.local_users (user_id) ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT user_links_token_hash_key UNIQUE,
    removes_totp boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX IF NOT EXISTS user_links_user ON switchyard.user_links (user_id);
COMMENT ON TABLE switchyard.user_links IS 'Links that set a password, once: invitations and resets; the secret itself is not stored, its SHA-256 is.';
COMMENT ON COLUMN switchyard.user_links.user_id IS 'Whose password it sets; NULL: it makes the first administrator.';
COMMENT ON COLUMN switchyard.user_links.removes_totp IS 'Whether it removes the second factor too, of a person who has lost it.';
COMMENT ON COLUMN switchyard.user_links.used_at IS 'When it was used, or replaced by a newer one.';

ALTER TABLE switchyard.local_users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.user_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.user_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.local_users, switchyard.user_sessions, switchyard.user_links FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.local_users, switchyard.user_sessions, switchyard.user_links TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.local_users;
CREATE POLICY switchyard_service ON switchyard.local_users TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.user_sessions;
CREATE POLICY switchyard_service ON switchyard.user_sessions TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.user_links;
CREATE POLICY switchyard_service ON switchyard.user_links TO service_role USING (true) WITH CHECK (true);

-- Not of totp_step and last_used_at, which change with every sign-in and all the time. Of secrets the audit keeps a digest.
DO $$
DECLARE
    v_user constant text[] := ARRAY['email', 'password_hash', 'password_changed_at', 'totp_secret', 'totp_confirmed_at', 'recovery_hashes',
        'session_epoch', 'disabled_at'];
BEGIN
    PERFORM switchyard.keep_audit('switchyard.local_users', 'user', ARRAY['user_id'], p_left_out => ARRAY['totp_step'],
        p_digested => ARRAY['password_hash', 'totp_secret', 'recovery_hashes'],
        p_events => 'INSERT OR DELETE OR UPDATE OF ' || array_to_string(v_user, ', '));
    PERFORM switchyard.keep_audit('switchyard.user_sessions', 'session', ARRAY['id'], p_only => ARRAY['user_id', 'expires_at', 'ended_at'],
        p_events => 'INSERT OR UPDATE OF ended_at');
    PERFORM switchyard.keep_audit('switchyard.user_links', 'link', ARRAY['id'],
        p_only => ARRAY['user_id', 'removes_totp', 'expires_at', 'used_at'], p_events => 'INSERT OR UPDATE OF used_at');
END
$$;

-- 12. What members read of leads, and who may run functions ----------------------------------------------------------

-- A member may not read leads.duplicate_of, which may be a lead of another workspace; this tells it what it may know.
CREATE OR REPLACE FUNCTION switchyard.visible_duplicate(p_lead_id uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_visible uuid[] := ARRAY(SELECT switchyard.visible_workspaces());
    v_first uuid;
BEGIN
    SELECT l.duplicate_of INTO v_first FROM public.leads l
    WHERE l.id = p_lead_id AND (l.workspace_id = ANY (v_visible) OR l.source_workspace_id = ANY (v_visible));
    IF v_first IS NULL OR EXISTS (SELECT FROM public.leads l
        WHERE l.id = v_first AND (l.workspace_id = ANY (v_visible) OR l.source_workspace_id = ANY (v_visible))) THEN
        RETURN v_first;
    END IF;
    RETURN '00000000-0000-0000-0000-000000000000';
END
$$;
COMMENT ON FUNCTION switchyard.visible_duplicate(uuid) IS
    'The lead that came before this duplicate; 00000000-0000-0000-0000-000000000000 for one that the reader may not see, NULL if this is no duplicate.';

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

REVOKE ALL ON FUNCTION switchyard.visible_duplicate(uuid) FROM PUBLIC, anon;
GRANT EXECUTE ON FUNCTION switchyard.visible_duplicate(uuid) TO authenticated, service_role;

-- Members read every column of leads except duplicate_of, which a policy cannot hide: switchyard.visible_duplicate tells them what they may
-- know. Where row-level security is off, an installation has its own rights, which stay.
DO $$
DECLARE
    v_columns text;
BEGIN
    IF (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.leads'::regclass) THEN
        SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO v_columns FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'duplicate_of';
        REVOKE SELECT ON public.leads FROM authenticated;
        EXECUTE format('GRANT SELECT (%s) ON public.leads TO authenticated', v_columns);
    END IF;
END
$$;

-- Supabase grants every role every right on new sequences. A client that sets the sequence of the log back stops the log: its next rows
-- would have numbers that exist.
DO $$
DECLARE
    v_sequence regclass;
BEGIN
    FOR v_sequence IN
        SELECT d.objid::regclass FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
            AND (t.relnamespace = 'switchyard'::regnamespace OR t.oid = 'public.lead_routing_logs'::regclass)
    LOOP
        EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, anon, authenticated', v_sequence);
    END LOOP;
END
$$;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
