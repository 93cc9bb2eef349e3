-- Retention, and the schedule by pg_cron: the log's months are made ahead and, if asked for, dropped; what nobody needs any
-- more goes; tables are vacuumed by what they are. All of it by whoever keeps the schedule. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.statistics_watermark') IS NULL THEN
        RAISE EXCEPTION 'The migration of statistics is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260702000001_statistics.sql first.';
    END IF;
END
$$;

-- 1. Retention -----------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS switchyard.retention (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT retention_singleton_check CHECK (singleton),
    log_months integer CONSTRAINT retention_log_months_check CHECK (log_months >= 1),
    pruned_at timestamptz
);
INSERT INTO switchyard.retention DEFAULT VALUES ON CONFLICT DO NOTHING;
COMMENT ON TABLE switchyard.retention IS 'How long what is kept is kept. log_months: whole months of the routing log beside the current one; NULL: for ever.';

-- By its owner, because a month of the log is dropped whole, and nobody else may take rows out of it.
CREATE OR REPLACE FUNCTION switchyard.drop_old_log_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms'
AS $$
DECLARE
    v_months integer := (SELECT r.log_months FROM switchyard.retention r);
    v_partition record;
    v_dropped integer := 0;
BEGIN
    -- What is not counted yet is not dropped.
    IF v_months IS NULL OR NOT EXISTS (SELECT FROM switchyard.statistics_watermark w
        WHERE w.rebuild_before IS NULL AND w.counted_at > now() - interval '1 day') THEN
        RETURN 0;
    END IF;
    FOR v_partition IN
        SELECT c.oid::regclass AS name, c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.lead_routing_logs'::regclass AND c.relname ~ '^lead_routing_logs_[0-9]{4}_[0-9]{2}$'
            AND to_date(right(c.relname, 7), 'YYYY_MM')
                < (date_trunc('month', now() AT TIME ZONE 'UTC') - v_months * interval '1 month')::date
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE %s', v_partition.name);
            v_dropped := v_dropped + 1;
        EXCEPTION WHEN lock_not_available THEN
            -- Somebody writes; the next run comes soon.
            RETURN v_dropped;
        END;
    END LOOP;
    RETURN v_dropped;
END
$$;
COMMENT ON FUNCTION switchyard.drop_old_log_partitions() IS 'Drops the months of the routing log that switchyard.retention does not keep; returns how many.';

CREATE OR REPLACE FUNCTION switchyard.prune() RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_sum bigint := 0;
    v_count bigint;
BEGIN
    PERFORM switchyard.ensure_log_partitions(3);
    DELETE FROM switchyard.idempotency_keys k WHERE ctid = ANY (ARRAY(SELECT o.ctid FROM switchyard.idempotency_keys o
        WHERE o.created_at < clock_timestamp() - interval '24 hours' LIMIT 20000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count;
    DELETE FROM switchyard.scheduled_runs r WHERE r.due_at < now() - interval '30 days';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count + switchyard.drop_old_log_partitions();
    UPDATE switchyard.retention SET pruned_at = clock_timestamp();
    RETURN v_sum;
END
$$;
COMMENT ON FUNCTION switchyard.prune() IS 'Makes the log''s months ahead, and removes what is kept no longer: idempotency keys after a day, runs of the schedule after 30, months of the log as switchyard.retention says; returns how many rows and months.';

-- 2. Vacuum --------------------------------------------------------------------------------------------------------

-- What is set already, by whoever, stays. Tables whose rows come and go are vacuumed early and without pauses; those that
-- only grow are visited while what is new in them is in memory, and before all of it has to be frozen at once.
CREATE OR REPLACE FUNCTION switchyard.set_vacuum_settings() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms'
AS $$
DECLARE
    v_wanted record;
    v_count integer := 0;
BEGIN
    FOR v_wanted IN
        SELECT c.oid::regclass AS name, o.setting, o.value
        FROM (VALUES
            ('public.leads', 'autovacuum_vacuum_scale_factor', '0.05'), ('public.leads', 'autovacuum_analyze_scale_factor', '0.05'),
            ('public.leads', 'autovacuum_vacuum_insert_scale_factor', '0.1'),
            ('public.lead_routing_queue', 'autovacuum_vacuum_scale_factor', '0.02'),
            ('public.lead_routing_queue', 'autovacuum_vacuum_cost_delay', '0'),
            ('public.lead_identity_claims', 'autovacuum_vacuum_scale_factor', '0.05'),
            ('public.lead_attributions', 'autovacuum_vacuum_insert_scale_factor', '0.1'),
            ('switchyard.idempotency_keys', 'autovacuum_vacuum_scale_factor', '0.05'),
            ('switchyard.routing_statistics', 'autovacuum_vacuum_scale_factor', '0.02'),
            ('switchyard.statistics_watermark', 'autovacuum_vacuum_threshold', '200'),
            ('switchyard.scheduled_runs', 'autovacuum_vacuum_scale_factor', '0.05')
        ) o (table_name, setting, value)
        JOIN pg_catalog.pg_class c ON c.oid = to_regclass(o.table_name) AND c.relkind = 'r'
        WHERE NOT coalesce(array_to_string(c.reloptions, ' ') LIKE '%' || o.setting || '=%', false)
        UNION ALL
        SELECT c.oid::regclass, 'autovacuum_vacuum_insert_scale_factor', '0.1'
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('public.lead_routing_logs')
            AND NOT coalesce(array_to_string(c.reloptions, ' ') LIKE '%autovacuum_vacuum_insert_scale_factor=%', false)
    LOOP
        BEGIN
            EXECUTE format('ALTER TABLE %s SET (%I = %s)', v_wanted.name, v_wanted.setting, v_wanted.value);
            v_count := v_count + 1;
        EXCEPTION WHEN lock_not_available OR insufficient_privilege THEN
            NULL; -- being vacuumed at this moment, or another's: the next run
        END;
    END LOOP;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.set_vacuum_settings() IS 'Gives each table the autovacuum settings that suit it, where none are set; returns how many settings.';
DO $$
BEGIN
    PERFORM switchyard.set_vacuum_settings();
END
$$;

-- 3. The schedule without a node -----------------------------------------------------------------------------------

-- What pg_cron runs: takes the due time like a node does, and does nothing when a node has. It comes two minutes after the
-- due time, so that nodes, which do more, are ahead of it wherever one runs.
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
        RAISE EXCEPTION 'There is no such function.' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'One of cleanupStaleRoutingLocks, markExpiredLeads.';
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
COMMENT ON FUNCTION switchyard.run_from_cron(text) IS 'Runs a scheduled function for its latest due time, unless a node has; returns how many leads it touched.';

-- Two jobs, under names that SELECT * FROM cron.job WHERE jobname LIKE '%stale%' and '%expire%' find.
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
    -- 02:05 in UTC, in the time that pg_cron keeps.
    v_offset := (now() AT TIME ZONE coalesce(nullif(current_setting('cron.timezone', true), ''), 'GMT')) - (now() AT TIME ZONE 'UTC');
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING 'switchyard-release-stale-locks', '2-59/10 * * * *',
        'SELECT switchyard.run_from_cron(''cleanupStaleRoutingLocks'')';
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING 'switchyard-expire-leads',
        to_char(timestamp '2000-01-01 02:05' + v_offset, 'FMMI FMHH24') || ' * * *',
        'SELECT switchyard.run_from_cron(''markExpiredLeads'')';
    RETURN ARRAY['switchyard-release-stale-locks', 'switchyard-expire-leads'];
END
$$;
COMMENT ON FUNCTION switchyard.schedule_by_cron() IS 'Has pg_cron keep the two schedules that must go on while no node runs; returns the names of the jobs. Again: nothing changes.';

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
COMMENT ON FUNCTION switchyard.unschedule_by_cron() IS 'Removes what schedule_by_cron has made; returns how many jobs.';

-- 4. Privileges ----------------------------------------------------------------------------------------------------

ALTER TABLE switchyard.retention ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.retention FROM PUBLIC, anon, authenticated;
GRANT SELECT, UPDATE ON switchyard.retention TO service_role;
DROP POLICY IF EXISTS switchyard_service ON switchyard.retention;
CREATE POLICY switchyard_service ON switchyard.retention TO service_role USING (true) WITH CHECK (true);

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'switchyard'::regnamespace
            AND p.proname IN ('drop_old_log_partitions', 'prune', 'set_vacuum_settings', 'run_from_cron', 'schedule_by_cron',
                'unschedule_by_cron')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
