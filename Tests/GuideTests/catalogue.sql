-- The schema of a database as rows (object, definition), one for each object of public, switchyard and auth: what
-- check_schemas.py compares. Names stand for objects everywhere, never their oids, and lists are sorted, so that two databases
-- with the same schema give the same rows. Column order is left out, because migrations add columns at the end.
WITH ours AS (
    SELECT n.oid, n.nspname AS name, n.nspacl AS acl, n.nspowner AS owner FROM pg_catalog.pg_namespace n
    WHERE n.nspname IN ('public', 'switchyard', 'auth')
),
relations AS (
    SELECT c.*, format('%I.%I', o.name, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN ours o ON o.oid = c.relnamespace
    -- The ledger is the migrator's own.
    WHERE NOT (o.name = 'switchyard' AND c.relname IN ('migrations', 'migrations_pkey'))
),
-- An access list as "grantee=privileges", the owner's default rights written out.
lists AS (
    SELECT 'r' AS kind, r.oid, coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", r.relowner)) AS acl FROM relations r
    UNION ALL
    SELECT 'f', p.oid, coalesce(p.proacl, acldefault('f', p.proowner)) FROM pg_catalog.pg_proc p JOIN ours o ON o.oid = p.pronamespace
    UNION ALL
    SELECT 'n', o.oid, coalesce(o.acl, acldefault('n', o.owner)) FROM ours o
    UNION ALL
    SELECT 'T', t.oid, coalesce(t.typacl, acldefault('T', t.typowner)) FROM pg_catalog.pg_type t JOIN ours o ON o.oid = t.typnamespace
),
grants AS (
    SELECT l.kind, l.oid, string_agg(g.entry, ' ' ORDER BY g.entry) AS text
    FROM lists l
    CROSS JOIN LATERAL (
        SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END || '='
            || string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ',' ORDER BY a.privilege_type) AS entry
        FROM aclexplode(l.acl) a GROUP BY a.grantee
    ) g
    GROUP BY l.kind, l.oid
)
SELECT 'schema ' || o.name, concat_ws(E'\n', 'owner ' || o.owner::regrole, g.text, obj_description(o.oid, 'pg_namespace'))
FROM ours o LEFT JOIN grants g ON g.kind = 'n' AND g.oid = o.oid

UNION ALL
SELECT 'default privileges ' || coalesce(o.name, '*') || ' ' || d.defaclobjtype::text, d.defaclrole::regrole || ' ' || d.defaclacl::text
FROM pg_catalog.pg_default_acl d LEFT JOIN ours o ON o.oid = d.defaclnamespace

UNION ALL
SELECT 'type ' || format('%I.%I', o.name, t.typname), concat_ws(E'\n', 'owner ' || t.typowner::regrole,
    (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, g.text, obj_description(t.oid, 'pg_type'))
FROM pg_catalog.pg_type t JOIN ours o ON o.oid = t.typnamespace LEFT JOIN grants g ON g.kind = 'T' AND g.oid = t.oid
WHERE t.typtype IN ('e', 'd', 'r')

UNION ALL
SELECT CASE r.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'table ' END || r.name,
    concat_ws(E'\n', 'owner ' || r.relowner::regrole, 'kind ' || r.relkind::text || ' ' || r.relpersistence::text || ' replica ' || r.relreplident::text,
        CASE WHEN r.relrowsecurity THEN 'row-level security' || CASE WHEN r.relforcerowsecurity THEN ' forced' ELSE '' END END,
        'partition by ' || pg_get_partkeydef(r.oid), 'partition ' || pg_get_expr(r.relpartbound, r.oid),
        'of ' || (SELECT string_agg(i.inhparent::regclass::text, ', ') FROM pg_catalog.pg_inherits i WHERE i.inhrelid = r.oid),
        'with ' || (SELECT string_agg(x, ', ' ORDER BY x) FROM unnest(r.reloptions) x),
        CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
        (SELECT format('%s cache %s start %s increment %s', format_type(s.seqtypid, NULL), s.seqcache, s.seqstart, s.seqincrement)
            FROM pg_catalog.pg_sequence s WHERE s.seqrelid = r.oid),
        'rules ' || (SELECT string_agg(pg_get_ruledef(w.oid), E'\n' ORDER BY w.rulename) FROM pg_catalog.pg_rewrite w
            WHERE w.ev_class = r.oid AND r.relkind NOT IN ('v', 'm')),
        g.text, obj_description(r.oid, 'pg_class'))
FROM relations r LEFT JOIN grants g ON g.kind = 'r' AND g.oid = r.oid
WHERE r.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')

UNION ALL
SELECT 'column ' || r.name || '.' || a.attname, concat_ws(E'\n', format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid),
    CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END, CASE WHEN a.attgenerated <> '' THEN 'generated ' || a.attgenerated::text END,
    CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END, 'storage ' || a.attstorage::text,
    a.attacl::text, col_description(r.oid, a.attnum))
FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')

UNION ALL
SELECT 'constraint ' || r.name || '.' || k.conname, concat_ws(E'\n', pg_get_constraintdef(k.oid), obj_description(k.oid, 'pg_constraint'))
FROM relations r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
-- From PostgreSQL 18 on NOT NULL is a constraint with a name, made from a column's: the column says it.
WHERE k.contype <> 'n'

UNION ALL
SELECT 'index ' || r.name, concat_ws(E'\n', pg_get_indexdef(r.oid), CASE WHEN NOT i.indisvalid THEN 'invalid' END,
    CASE WHEN i.indisreplident THEN 'replica identity' END, (SELECT string_agg(x, ', ' ORDER BY x) FROM unnest(r.reloptions) x),
    obj_description(r.oid, 'pg_class'))
FROM relations r JOIN pg_catalog.pg_index i ON i.indexrelid = r.oid

UNION ALL
SELECT 'policy ' || r.name || '.' || p.polname, concat_ws(E'\n', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
    'for ' || p.polcmd::text, 'to ' || (SELECT string_agg(CASE x WHEN 0 THEN 'PUBLIC' ELSE x::regrole::text END, ', ' ORDER BY x::regrole::text) FROM unnest(p.polroles) x),
    'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
FROM relations r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid

UNION ALL
SELECT 'trigger ' || r.name || '.' || t.tgname, concat_ws(E'\n', pg_get_triggerdef(t.oid), 'enabled ' || t.tgenabled::text, obj_description(t.oid, 'pg_trigger'))
FROM relations r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal

UNION ALL
-- The whole definition: arguments with defaults, result, language, volatility, security, settings, costs and body.
SELECT 'function ' || format('%I.%I', o.name, p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    concat_ws(E'\n', CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END, 'owner ' || p.proowner::regrole, g.text,
        obj_description(p.oid, 'pg_proc'))
FROM pg_catalog.pg_proc p JOIN ours o ON o.oid = p.pronamespace LEFT JOIN grants g ON g.kind = 'f' AND g.oid = p.oid
-- An extension's functions are its own.
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')

UNION ALL
SELECT 'extension ' || e.extname, e.extversion FROM pg_catalog.pg_extension e
UNION ALL
SELECT 'event trigger ' || t.evtname, t.evtevent || ' ' || t.evtfoid::regproc FROM pg_catalog.pg_event_trigger t
ORDER BY 1;
