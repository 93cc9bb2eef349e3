-- The installation's tables that every client of its API may read or write: without row-level security, and with rights of anon or
-- authenticated.
SELECT c.relname::text, string_agg(r.rolname || ' may ' || x.rights, ', ' ORDER BY r.rolname)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_roles r ON r.rolname IN ('anon', 'authenticated')
CROSS JOIN LATERAL (
    SELECT string_agg(p.name, ', ' ORDER BY p.ord) AS rights
    FROM (VALUES ('SELECT', 1), ('INSERT', 2), ('UPDATE', 3), ('DELETE', 4), ('TRUNCATE', 5)) p (name, ord)
    WHERE has_table_privilege(r.oid, c.oid, p.name)
) x
WHERE c.relnamespace = to_regnamespace('public') AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity AND x.rights IS NOT NULL
    AND c.relname IN ('leads', 'workspaces', 'users', 'user_workspaces', 'partners', 'lead_routing_rules')
GROUP BY c.relname
ORDER BY c.relname
