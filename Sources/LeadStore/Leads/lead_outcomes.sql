-- How leads stand, with the reason of the newest log row. OFFSET 0 keeps ORDER BY out of the subquery: the planner reads a
-- lead's rows by their index and sorts them, and does not read all rows by time until one of the lead's comes.
SELECT l.id, l.routing_status::text, l.workspace_id, l.matched_rule_id, r.rule_name::text, l.duplicate_of,
    coalesce(log.reason, log.error_message, l.routing_error)::text, log.routing_result::text,
    l.source_workspace_id, r.workspace_id
FROM public.leads l
LEFT JOIN public.lead_routing_rules r ON r.id = l.matched_rule_id
LEFT JOIN LATERAL (
    SELECT g.reason, g.error_message, g.routing_result
    FROM (SELECT * FROM public.lead_routing_logs g WHERE g.lead_id = l.id OFFSET 0) g
    ORDER BY g.created_at DESC, g.id DESC
    LIMIT 1
) log ON true
WHERE l.id = ANY (:leads)
