-- Rate limits: tokens of a window, which nodes lease ahead of need and spend in memory. No request needs a statement.

CREATE TABLE switchyard.rate_buckets (
    policy smallint NOT NULL,
    subject uuid NOT NULL,
    window_start timestamptz NOT NULL,
    spent bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (policy, subject, window_start)
) WITH (fillfactor = 50);
COMMENT ON TABLE switchyard.rate_buckets IS 'What nodes have reported as spent of a limit, for each subject and window. A subject that spends little is in no row.';
COMMENT ON COLUMN switchyard.rate_buckets.policy IS '1: requests of a key; 2: requests of a workspace; 3: requests of an address, which is the subject as 128 bits; 4: leads of a workspace; 5: failed sign-ins with an email address, whose digest is the subject.';

-- No foreign key: a bucket is deleted with its leases, and both are changed under its row lock.
CREATE TABLE switchyard.rate_leases (
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
CREATE POLICY switchyard_service ON switchyard.rate_buckets TO service_role USING (true) WITH CHECK (true);
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
