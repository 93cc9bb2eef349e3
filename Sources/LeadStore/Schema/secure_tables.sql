-- Switches row-level security on for the installation's tables that have none although anon or authenticated may use them, and takes
-- the rights that these roles have there. The migrations then give members the right to read what is theirs.
DO $$
DECLARE
    v_table regclass;
    v_sequence regclass;
BEGIN
    -- Writers queue behind a lock that this waits for, so it waits a second at most.
    PERFORM set_config('lock_timeout', '1s', true);
    FOR v_table IN
        SELECT c.oid::regclass FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
            AND c.relname IN ('leads', 'workspaces', 'users', 'user_workspaces', 'partners', 'lead_routing_rules')
        ORDER BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', v_table);
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, anon, authenticated', v_table);
        FOR v_sequence IN
            SELECT d.objid::regclass FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = v_table
                AND d.deptype IN ('a', 'i')
        LOOP
            EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, anon, authenticated', v_sequence);
        END LOOP;
    END LOOP;
END
$$
