-- The schedule: each due time of a scheduled function runs once over all nodes, or by pg_cron where no node runs.

-- claim: a node that claimed a due time and never got the answer may ask again.
CREATE TABLE switchyard.scheduled_runs (
    name text NOT NULL,
    due_at timestamptz NOT NULL,
    node text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    affected bigint,
    error text,
    claim uuid,
    PRIMARY KEY (name, due_at)
);
COMMENT ON TABLE switchyard.scheduled_runs IS 'Each due time of a scheduled function once, over all nodes: the node that inserts the row runs it.';

ALTER TABLE switchyard.scheduled_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.scheduled_runs FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.scheduled_runs TO service_role;
CREATE POLICY switchyard_service ON switchyard.scheduled_runs TO service_role USING (true) WITH CHECK (true);

-- What pg_cron runs. It claims the due time as a node does, and does nothing when a node has run it. pg_cron starts two
-- minutes after the due time, so that a node, which does more, comes first wherever one runs.
CREATE OR REPLACE FUNCTION switchyard.run_from_cron(p_name text) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_due timestamptz;
    v_affected bigint := 0;
    v_count bigint;
BEGIN
    v_due := CASE p_name
        WHEN 'cleanupStaleRoutingLocks' THEN date_bin('10 minutes', v_now, timestamptz '2000-01-01 00:00:00+00')
        WHEN 'markExpiredLeads' THEN date_bin('1 day', v_now, timestamptz '2000-01-01 02:00:00+00') END;
    IF v_due IS NULL THEN
        RAISE EXCEPTION 'pg_cron cannot run a function named %.', p_name USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Use cleanupStaleRoutingLocks or markExpiredLeads.';
    END IF;
    INSERT INTO switchyard.scheduled_runs (name, due_at, node, started_at) VALUES (p_name, v_due, 'pg_cron', v_now)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    IF p_name = 'cleanupStaleRoutingLocks' THEN
        v_affected := public.release_stale_routing_locks() + switchyard.enqueue_orphans(10000);
        PERFORM switchyard.gather_statistics();
        PERFORM switchyard.prune();
    ELSE
        FOR i IN 1 .. 1000 LOOP
            v_count := public.mark_expired_leads();
            v_affected := v_affected + v_count;
            EXIT WHEN v_count = 0;
        END LOOP;
        PERFORM switchyard.set_vacuum_settings();
    END IF;
    UPDATE switchyard.scheduled_runs SET finished_at = clock_timestamp(), affected = v_affected
    WHERE name = p_name AND due_at = v_due AND node = 'pg_cron';
    RETURN v_affected;
END
$$;
COMMENT ON FUNCTION switchyard.run_from_cron(text) IS
    'Runs a scheduled function for its latest due time, unless a node has; returns how many leads it changed.';

-- Two jobs, with names that SELECT * FROM cron.job WHERE jobname LIKE '%stale%' and '%expire%' find.
CREATE OR REPLACE FUNCTION switchyard.schedule_by_cron() RETURNS text[]
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_offset interval;
BEGIN
    IF to_regprocedure('cron.schedule(text,text,text)') IS NULL THEN
        RAISE EXCEPTION 'pg_cron is not installed in this database.' USING ERRCODE = 'undefined_object',
            HINT = 'CREATE EXTENSION pg_cron; in the database that cron.database_name names, with pg_cron in shared_preload_libraries.';
    END IF;
    -- 02:05 UTC in the time zone of pg_cron.
    v_offset := (now() AT TIME ZONE coalesce(nullif(current_setting('cron.timezone', true), ''), 'GMT')) - (now() AT TIME ZONE 'UTC');
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING 'switchyard-release-stale-locks', '2-59/10 * * * *',
        'SELECT switchyard.run_from_cron(''cleanupStaleRoutingLocks'')';
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING 'switchyard-expire-leads',
        to_char(timestamp '2000-01-01 02:05' + v_offset, 'FMMI FMHH24') || ' * * *',
        'SELECT switchyard.run_from_cron(''markExpiredLeads'')';
    RETURN ARRAY['switchyard-release-stale-locks', 'switchyard-expire-leads'];
END
$$;
COMMENT ON FUNCTION switchyard.schedule_by_cron() IS
    'Makes pg_cron run the two schedules that must go on while no node runs; returns the names of the jobs. Safe to repeat.';

CREATE OR REPLACE FUNCTION switchyard.unschedule_by_cron() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_count integer := 0;
BEGIN
    IF to_regclass('cron.job') IS NOT NULL THEN
        EXECUTE $q$SELECT count(cron.unschedule(j.jobid)) FROM cron.job j
            WHERE j.jobname IN ('switchyard-release-stale-locks', 'switchyard-expire-leads')$q$ INTO v_count;
    END IF;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.unschedule_by_cron() IS
    'Removes the jobs that schedule_by_cron has made; returns how many.';
