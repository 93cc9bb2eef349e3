-- Who may run functions: the owner and service_role.
--
-- Every role may run a new function, and Supabase grants anon and authenticated still more, so the rights are revoked one by one. The
-- three exceptions are called by policies and by members, and so by every role that reads.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE (p.pronamespace = 'public'::regnamespace AND p.proname IN ('acquire_routing_lock', 'complete_routing', 'fail_routing',
                'release_stale_routing_locks', 'generate_dedupe_hash', 'check_cross_partner_duplicate', 'mark_expired_leads'))
            OR (p.pronamespace = 'switchyard'::regnamespace
                AND p.proname NOT IN ('visible_workspaces', 'acting_workspace', 'visible_duplicate'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION switchyard.acting_workspace(), switchyard.visible_workspaces(), switchyard.visible_duplicate(uuid) FROM PUBLIC, anon;
GRANT EXECUTE ON FUNCTION switchyard.acting_workspace(), switchyard.visible_workspaces() TO authenticated, service_role;
GRANT EXECUTE ON FUNCTION switchyard.visible_duplicate(uuid) TO authenticated, service_role;

-- Members read every column of leads except duplicate_of, which a policy cannot hide: switchyard.visible_duplicate tells them what they may
-- know. Where row-level security is off, an installation has its own rights, which stay.
DO $$
DECLARE
    v_columns text;
BEGIN
    IF (SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = 'public.leads'::regclass) THEN
        SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO v_columns FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'duplicate_of';
        REVOKE SELECT ON public.leads FROM authenticated;
        EXECUTE format('GRANT SELECT (%s) ON public.leads TO authenticated', v_columns);
    END IF;
END
$$;

-- Supabase grants every role every right on new sequences. A client that sets the sequence of the log back stops the log: its next rows
-- would have numbers that exist.
DO $$
DECLARE
    v_sequence regclass;
BEGIN
    FOR v_sequence IN
        SELECT d.objid::regclass FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
            AND (t.relnamespace = 'switchyard'::regnamespace OR t.oid = 'public.lead_routing_logs'::regclass)
    LOOP
        EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, anon, authenticated', v_sequence);
    END LOOP;
END
$$;
