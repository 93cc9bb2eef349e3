DO $roles$
-- The roles of an embedded cluster: switchyard, which is no superuser, owns the database of that name; the cluster's first superuser, which
-- is the administrator, is postgres. Earlier versions had one role for both: it is renamed, since it cannot lose its rights, and what it
-- owns in the database changes hands. Run by `postgres --single -j`, where an empty line ends a statement; running it again is safe.
DECLARE
    v_first constant oid := 10;
    v_name text;
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = v_first AND r.rolname = 'switchyard') THEN
        IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = 'postgres') THEN
            RAISE EXCEPTION 'The superuser switchyard cannot be renamed to postgres, because there is another role of that name: rename that one with the version of Switchyard that made the cluster.';
        END IF;
        -- The session's own role cannot be renamed.
        CREATE ROLE switchyard_conversion SUPERUSER;
        SET SESSION AUTHORIZATION switchyard_conversion;
        ALTER ROLE switchyard RENAME TO postgres;
        SET SESSION AUTHORIZATION postgres;
        DROP ROLE switchyard_conversion;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = 'switchyard') THEN
        CREATE ROLE switchyard;
    END IF;
    ALTER ROLE switchyard LOGIN INHERIT CREATEDB CREATEROLE BYPASSRLS NOSUPERUSER;
    FOR v_name IN SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname IN ('anon', 'authenticated', 'service_role') LOOP
        EXECUTE format('GRANT %I TO switchyard WITH ADMIN OPTION', v_name);
    END LOOP;
    ALTER DATABASE switchyard OWNER TO switchyard;
    -- The system's own objects have lower ids than 16384; what belongs to an extension stays the administrator's.
    FOR v_name IN
        WITH owned (class_id, id, name) AS (
            SELECT 'pg_namespace'::regclass, n.oid, 'SCHEMA ' || quote_ident(n.nspname) FROM pg_catalog.pg_namespace n
            WHERE n.nspowner = v_first AND n.nspname NOT LIKE 'pg\_%'
            UNION ALL
            SELECT 'pg_class'::regclass, c.oid, CASE c.relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW ' WHEN 'S' THEN 'SEQUENCE '
                ELSE 'TABLE ' END || c.oid::regclass FROM pg_catalog.pg_class c
            WHERE c.relowner = v_first AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relnamespace::regnamespace::text NOT LIKE 'pg\_%'
            UNION ALL
            SELECT 'pg_type'::regclass, t.oid, 'TYPE ' || t.oid::regtype FROM pg_catalog.pg_type t
            LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
            WHERE t.typowner = v_first AND t.typtype IN ('e', 'd', 'r', 'c') AND coalesce(c.relkind, 'c') = 'c'
            UNION ALL
            SELECT 'pg_proc'::regclass, p.oid, 'ROUTINE ' || p.oid::regprocedure FROM pg_catalog.pg_proc p WHERE p.proowner = v_first
        )
        SELECT o.name FROM owned o
        WHERE o.id >= 16384 AND NOT EXISTS (
            -- a, i: parts of another object, such as the sequence of a column, whose owner is theirs.
            SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.class_id AND d.objid = o.id AND (d.deptype = 'e'
                OR d.deptype IN ('a', 'i') AND (o.name LIKE 'SEQUENCE %' OR o.name LIKE 'ROUTINE %')))
    LOOP
        EXECUTE 'ALTER ' || v_name || ' OWNER TO switchyard';
    END LOOP;
    IF EXISTS (SELECT FROM pg_catalog.pg_default_acl a WHERE a.defaclrole = v_first AND a.defaclnamespace = to_regnamespace('switchyard')) THEN
        ALTER DEFAULT PRIVILEGES FOR ROLE switchyard IN SCHEMA switchyard GRANT EXECUTE ON FUNCTIONS TO service_role;
    END IF;
    PERFORM set_config('switchyard.cluster_roles', 'complete', false);
END
$roles$;

SHOW switchyard.cluster_roles;

