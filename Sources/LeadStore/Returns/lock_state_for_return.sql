-- Locks the counters that return_lead frees and those that the next decision may look at, in the order of their keys.
SELECT s.scope FROM switchyard.routing_state s
JOIN (
    SELECT k.scope, k.owner, k.member, k.period
    FROM unnest(:scopes::smallint[], :owners::uuid[], :members::uuid[], :periods::smallint[]) k (scope, owner, member, period)
    UNION
    SELECT (c.c ->> 0)::smallint, (c.c ->> 1)::uuid,
        coalesce((c.c ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'), (c.c ->> 3)::smallint
    FROM (SELECT g.metadata FROM public.lead_routing_logs g
        WHERE g.lead_id = :lead AND g.routing_result IN ('success', 'fallback', 'returned')
        ORDER BY g.created_at DESC, g.id DESC LIMIT 1) g
    CROSS JOIN LATERAL jsonb_array_elements(g.metadata -> 'charged') p
    CROSS JOIN LATERAL (SELECT g.metadata #> ARRAY['state', 'amounts', p #>> '{}']) c (c)
) k ON s.scope = k.scope AND s.owner_id = k.owner AND s.member_id = k.member AND s.period = k.period
ORDER BY s.scope, s.owner_id, s.member_id, s.period
FOR UPDATE OF s
