-- Who may run functions: the owner and service_role.
--
-- Every role may run a new function, and Supabase grants anon and authenticated still more, so the rights are revoked one by one. The
-- two exceptions are called by policies, and so by every role that reads.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE (p.pronamespace = 'public'::regnamespace AND p.proname IN ('acquire_routing_lock', 'complete_routing', 'fail_routing',
                'release_stale_routing_locks', 'generate_dedupe_hash', 'check_cross_partner_duplicate', 'mark_expired_leads'))
            OR (p.pronamespace = 'switchyard'::regnamespace AND p.proname NOT IN ('visible_workspaces', 'acting_workspace'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION switchyard.acting_workspace(), switchyard.visible_workspaces() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION switchyard.acting_workspace(), switchyard.visible_workspaces() TO anon, authenticated, service_role;
