-- Gives Switchyard's schema to an ordinary role, for an installation that was migrated by a superuser. As that superuser:
--
--   CREATE ROLE switchyard LOGIN CREATEROLE;
--   psql -v owner=switchyard -f supabase/change_owner.sql DATABASE
--
-- Then let DATABASE_URL name the role, and restart the nodes. Running it again is safe. What is not Switchyard's keeps its owner.
-- Each change waits for the lock of a table, a second at most: run it again if it was refused.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL lock_timeout = '1s';
SELECT set_config('switchyard.new_owner', :'owner', true) \gset ignored_
DO $$
DECLARE
    v_owner text := current_setting('switchyard.new_owner');
    v_object record;
BEGIN
    EXECUTE format('GRANT anon, authenticated, service_role TO %I', v_owner);
    EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), v_owner);
    FOR v_object IN
        SELECT 'SCHEMA ' || quote_ident(n.nspname) AS name FROM pg_catalog.pg_namespace n
        WHERE n.nspname = 'switchyard' OR obj_description(n.oid, 'pg_namespace') LIKE 'Switchyard:%'
        UNION ALL
        SELECT 'TABLE ' || c.oid::regclass FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'p') AND (c.relnamespace = 'switchyard'::regnamespace OR c.relname = 'lead_routing_logs_before_rollback'
            OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'switchyard_service'))
        UNION ALL
        SELECT 'TYPE ' || t.oid::regtype FROM pg_catalog.pg_type t
        WHERE t.typtype = 'e' AND EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_policy p ON p.polrelid = a.attrelid
            WHERE a.atttypid = t.oid AND p.polname = 'switchyard_service')
        UNION ALL
        SELECT 'FUNCTION ' || p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'switchyard'::regnamespace OR (p.pronamespace = to_regnamespace('auth')
                AND obj_description(p.oid, 'pg_proc') LIKE 'Switchyard:%')
            OR (p.pronamespace = 'public'::regnamespace AND p.proname IN ('acquire_routing_lock', 'complete_routing', 'fail_routing',
                'release_stale_routing_locks', 'generate_dedupe_hash', 'check_cross_partner_duplicate', 'mark_expired_leads'))
    LOOP
        EXECUTE format('ALTER %s OWNER TO %I', v_object.name, v_owner);
    END LOOP;
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA switchyard GRANT EXECUTE ON FUNCTIONS TO service_role', v_owner);
END
$$;
COMMIT;
