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
CREATE TABLE switchyard.waiting_reviews (
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
CREATE POLICY switchyard_service ON switchyard.waiting_reviews TO service_role USING (true) WITH CHECK (true);
