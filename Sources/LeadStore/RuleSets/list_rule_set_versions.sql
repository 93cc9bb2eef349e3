-- An owner's versions, newest first, each with what it added, changed and removed: the newest before one, or the oldest after
-- one. The columns of v are those of RuleSetVersion.columns.
SELECT v.version, v.changed_at, v.actor, v.action, v.owners, v.note,
    (SELECT count(*) FROM switchyard.rule_set_history h WHERE h.owner = :owner
        AND h.table_name = 'public.lead_routing_rules' AND h.valid_from <= v.version AND h.valid_to > v.version),
    c.added, c.changed, c.removed
FROM ((SELECT * FROM switchyard.rule_set_versions v
    WHERE v.owners @> ARRAY[:owner::uuid] AND :after::bigint IS NULL AND (:before::bigint IS NULL OR v.version < :before)
    ORDER BY v.version DESC LIMIT :limit)
    UNION ALL
    (SELECT * FROM switchyard.rule_set_versions v WHERE v.owners @> ARRAY[:owner::uuid] AND v.version > :after
    ORDER BY v.version LIMIT :limit)) v
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE o.row_key IS NULL) AS added,
        count(*) FILTER (WHERE o.row_key IS NOT NULL AND n.row_key IS NOT NULL) AS changed,
        count(*) FILTER (WHERE n.row_key IS NULL) AS removed
    FROM (SELECT h.row_key FROM switchyard.rule_set_history h WHERE h.owner = :owner
        AND h.table_name = 'public.lead_routing_rules' AND h.valid_to = v.version) o
    FULL JOIN (SELECT h.row_key FROM switchyard.rule_set_history h WHERE h.owner = :owner
        AND h.table_name = 'public.lead_routing_rules' AND h.valid_from = v.version) n ON n.row_key = o.row_key
) c
ORDER BY v.version DESC
