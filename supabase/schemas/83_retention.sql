-- Retention and upkeep: what is no longer kept is removed, and tables get their vacuum settings. Run by the schedule.

CREATE TABLE switchyard.retention (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT retention_singleton_check CHECK (singleton),
    log_months integer CONSTRAINT retention_log_months_check CHECK (log_months >= 1),
    pruned_at timestamptz
);
INSERT INTO switchyard.retention DEFAULT VALUES ON CONFLICT DO NOTHING;
COMMENT ON TABLE switchyard.retention IS 'How long data is kept. log_months: whole months of the routing log besides the current one; NULL: for ever.';

ALTER TABLE switchyard.retention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.retention FROM PUBLIC, anon, authenticated;
GRANT SELECT, UPDATE ON switchyard.retention TO service_role;
CREATE POLICY switchyard_service ON switchyard.retention TO service_role USING (true) WITH CHECK (true);

-- SECURITY DEFINER, because a month of the log is dropped as a whole table, and no other role may remove rows from it.
CREATE OR REPLACE FUNCTION switchyard.drop_old_log_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms'
AS $$
DECLARE
    v_months integer := (SELECT r.log_months FROM switchyard.retention r);
    v_partition record;
    v_dropped integer := 0;
BEGIN
    -- Rows that statistics have not counted yet are not dropped.
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
            -- Another transaction is writing; the next run tries again.
            RETURN v_dropped;
        END;
    END LOOP;
    RETURN v_dropped;
END
$$;
COMMENT ON FUNCTION switchyard.drop_old_log_partitions() IS
    'Drops the months of the routing log that switchyard.retention does not keep; returns how many.';

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
    DELETE FROM switchyard.test_leads t WHERE t.created_at < now() - interval '7 days';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count;
    DELETE FROM switchyard.rate_leases l WHERE l.window_start < now() - interval '2 days';
    DELETE FROM switchyard.rate_buckets b WHERE b.window_start < now() - interval '2 days';
    DELETE FROM switchyard.scheduled_runs r WHERE r.due_at < now() - interval '30 days';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count + switchyard.drop_old_log_partitions();
    UPDATE switchyard.retention SET pruned_at = clock_timestamp();
    RETURN v_sum;
END
$$;
COMMENT ON FUNCTION switchyard.prune() IS
    'Creates the next months of the log and removes what is no longer kept: idempotency keys after a day, test leads after a week, scheduled runs after 30 days, months of the log as switchyard.retention says; returns how many rows and months were removed.';

-- Settings that are set already stay. Tables whose rows come and go are vacuumed early and without pauses. Tables that
-- only grow are vacuumed while their new rows are in memory, and before all of them would have to be frozen at once.
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
            NULL; -- the table is being vacuumed, or has another owner: the next run tries again
        END;
    END LOOP;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.set_vacuum_settings() IS
    'Gives each table its autovacuum settings, where none are set; returns how many settings.';

DO $$
BEGIN
    PERFORM switchyard.set_vacuum_settings();
END
$$;
