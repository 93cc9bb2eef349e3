-- The first log row of leads: what was answered when they came in. OFFSET 0 as in lead_outcomes.sql.
SELECT l.id, log.routing_result::text, log.destination_workspace_id, log.matched_rule_id, r.rule_name::text,
    log.reason::text, log.duplicate_of, l.source_workspace_id, NULL::uuid, r.workspace_id
FROM public.leads l
LEFT JOIN LATERAL (
    SELECT g.routing_result, g.destination_workspace_id, g.matched_rule_id, g.reason, g.duplicate_of
    FROM (
        SELECT * FROM public.lead_routing_logs g
        WHERE g.lead_id = l.id AND g.attempt IN (0, 1) AND g.created_at <= l.created_at OFFSET 0
    ) g
    ORDER BY g.created_at, g.id
    LIMIT 1
) log ON true
LEFT JOIN public.lead_routing_rules r ON r.id = log.matched_rule_id
WHERE l.id = ANY (:leads)
