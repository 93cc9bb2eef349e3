-- What `switchyard migrate verify` asks: one row per check (check_name, ok, detail), in reading order. detail says what
-- is missing, or what was found. Runs without error on a database where anything is missing: the catalogue is asked,
-- and counts go through query_to_xml() only where the table is there.
WITH
expected_columns (table_name, column_name, type_name, ord) AS (
    VALUES
        ('leads', 'routing_status', 'lead_routing_status', 1),
        ('leads', 'routing_locked_by', 'uuid', 2),
        ('leads', 'routing_locked_at', 'timestamp with time zone', 3),
        ('leads', 'routing_attempts', 'integer', 4),
        ('leads', 'routing_error', 'text', 5),
        ('leads', 'routing_last_attempted_at', 'timestamp with time zone', 6),
        ('leads', 'dedupe_hash', 'character varying(64)', 7),
        ('leads', 'lead_expires_at', 'timestamp with time zone', 8),
        ('leads', 'source_workspace_id', NULL, 9),
        ('leads', 'matched_rule_id', NULL, 10),
        ('leads', 'duplicate_of', NULL, 11),
        ('leads', 'routed_at', NULL, 12),
        ('leads', 'assignee_id', 'uuid', 13), ('lead_routing_queue', 'waiting_for', 'uuid', 14),
        ('lead_routing_rules', 'distribution', 'jsonb', 15), ('workspaces', 'capacity', 'jsonb', 16),
        ('leads', 'erased_at', 'timestamp with time zone', 17)
),
expected_functions (signature, ord) AS (
    VALUES
        ('public.acquire_routing_lock(uuid,uuid)', 1),
        ('public.complete_routing(uuid,uuid,uuid,uuid)', 2),
        ('public.fail_routing(uuid,text,uuid,integer)', 3),
        ('public.release_stale_routing_locks()', 4),
        ('public.generate_dedupe_hash(text,text,text)', 5),
        ('public.check_cross_partner_duplicate(character varying,uuid)', 6),
        ('public.mark_expired_leads()', 7),
        ('switchyard.acquire_routing_locks(uuid[],uuid)', 8),
        ('switchyard.complete_routings(uuid[],uuid[],uuid[],uuid)', 9),
        ('switchyard.fail_routings(uuid[],text[],uuid,integer)', 10),
        ('switchyard.claim_waiting(integer,uuid,boolean)', 12),
        ('switchyard.settle_claimed(bigint,uuid[],uuid[],uuid[],text[],text[],text[],bytea[],bytea[],integer)', 13),
        ('switchyard.ingest_leads(bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean)', 11),
        ('switchyard.requeue_lead(uuid,text)', 14),
        ('switchyard.enqueue_orphans(integer)', 15),
        ('switchyard.routing_health()', 16),
        ('switchyard.ensure_log_partitions(integer)', 17),
        ('switchyard.lead_identity(text,text)', 18),
        ('switchyard.current_rule_set_version()', 19),
        ('switchyard.visible_workspaces()', 20),
        ('switchyard.ingest_keyed_leads(bytea[],bytea[],bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean)', 21),
        ('switchyard.forget_idempotency_keys()', 22),
        ('switchyard.claim_due(integer,boolean)', 23),
        ('switchyard.pause_routing(uuid,text,text)', 24),
        ('switchyard.resume_routing(uuid,text)', 25),
        ('switchyard.claim_turn(integer,boolean)', 26),
        ('switchyard.hint_waiting()', 27),
        ('switchyard.ingest_decided(bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[])', 2501),
        ('switchyard.settle_held(bigint,uuid[],uuid[],uuid[],text[],text[],text[],bytea[],bytea[],integer,uuid[],uuid[],text[])', 2502),
        ('switchyard.hold_routing_state(smallint[],uuid[],uuid[],smallint[],text[],text[],uuid[],bytea[],uuid[],boolean,timestamp with time zone)', 2503),
        ('switchyard.take_routing_state(smallint[],uuid[],uuid[],smallint[],bigint[],uuid[],bytea[],uuid[])', 2504),
        ('switchyard.awaited_rules()', 2505), ('switchyard.claim_waiters(uuid,integer,uuid[])', 2506),
        ('switchyard.waiting_for_capacity()', 2507), ('switchyard.return_lead(uuid,uuid,text,text)', 2508),
        ('switchyard.next_rule_set_version(uuid[])', 2601), ('switchyard.record_rule_set_change()', 2602),
        ('switchyard.lock_rule_set_version()', 2603), ('switchyard.mend_rule_set_history()', 2604),
        ('switchyard.keep_rule_set_history(text,text[],text,text[])', 2605),
        ('switchyard.write_rule_set_history(text,text,text[],jsonb[],uuid[])', 2606),
        ('switchyard.replace_rules(uuid,jsonb)', 2607), ('switchyard.replace_golden_leads(uuid,uuid[],jsonb)', 2608),
        ('switchyard.return_rule_set(uuid,bigint)', 2609),
        ('switchyard.failing_publications(timestamp with time zone)', 2610),
        ('switchyard.roll_back_failing(text,timestamp with time zone)', 2611),
        ('switchyard.gather_statistics()', 2701), ('switchyard.rebuild_statistics(date)', 2702), ('switchyard.prune()', 2703),
        ('switchyard.drop_old_log_partitions()', 2704), ('switchyard.set_vacuum_settings()', 2705), ('switchyard.run_from_cron(text)', 2706),
        ('switchyard.schedule_by_cron()', 2707), ('switchyard.unschedule_by_cron()', 2708),
        ('switchyard.hold_turn(integer,boolean,uuid[],timestamp with time zone[])', 2801), ('switchyard.held_leads(uuid[],boolean)', 2802),
        ('switchyard.take_within_caps(smallint[],uuid[],uuid[],smallint[],bigint[],bigint[],bigint[])', 2803),
        ('switchyard.ingest_within_caps(bytea[],bytea[],bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[],smallint[],uuid[],uuid[],smallint[],bigint[],bigint[],integer[],integer[])', 2804),
        ('switchyard.is_unmatched(uuid)', 2805), ('switchyard.newest_results(timestamp with time zone)', 2806),
        ('switchyard.erase_leads(uuid[],uuid,text,text,text,boolean)', 2901),
        ('switchyard.find_person(text,text,uuid,bigint,bigint)', 2902), ('switchyard.without_person(jsonb,text[],text[])', 2903),
        ('switchyard.follow_statistics()', 3001)
),
expected_tables (table_name, policies, ord) AS (
    VALUES
        ('public.workspaces', 0, 1), ('public.users', 0, 2), ('public.user_workspaces', 0, 3), ('public.partners', 0, 4),
        ('public.leads', 0, 5), ('public.lead_routing_rules', 0, 6),
        ('public.lead_routing_queue', 2, 7), ('public.lead_routing_logs', 2, 8), ('public.lead_identity_claims', 1, 9),
        ('public.lead_attributions', 2, 10), ('public.routing_agreements', 2, 11), ('switchyard.api_keys', 1, 12),
        ('switchyard.scheduled_runs', 1, 13), ('switchyard.rule_set_version', 1, 14),
        ('switchyard.idempotency_keys', 1, 15), ('switchyard.routing_pauses', 1, 16), ('switchyard.operator_log', 1, 17),
        ('switchyard.routing_state', 1, 2501), ('switchyard.sticky_destinations', 1, 2502),
        ('public.workspace_assignees', 3, 2503),
        ('switchyard.rule_set_versions', 2, 2601), ('switchyard.rule_set_history', 2, 2602), ('switchyard.rule_set_tables', 1, 2603),
        ('switchyard.golden_leads', 2, 2604), ('switchyard.rule_set_drafts', 2, 2605),
        ('switchyard.rule_set_rollbacks', 1, 2606),
        ('switchyard.routing_statistics', 2, 2701), ('switchyard.statistics_watermark', 1, 2702), ('switchyard.statistics_horizons', 1, 2703),
        ('switchyard.retention', 1, 2704),
        ('switchyard.alerts', 1, 2701), ('switchyard.alert_notifications', 1, 2702), ('switchyard.nodes', 1, 2703),
        ('switchyard.waiting_reviews', 1, 2801), ('switchyard.erasures', 1, 2901), ('switchyard.routing_totals', 1, 3001)
),
expected_indexes (index_name, ord) AS (
    VALUES
        ('idx_leads_routing_status', 1), ('idx_leads_routing_locked', 2), ('idx_leads_dedupe_hash', 3),
        ('idx_leads_expires_at', 4), ('idx_routing_queue_retry', 5), ('idx_routing_logs_lead', 6),
        ('idx_routing_logs_workspace', 7), ('leads_workspace_created', 8), ('leads_source_created', 9),
        ('lead_identity_claims_identity', 9), ('lead_identity_claims_of_lead', 10), ('lead_routing_queue_retries', 11),
        ('lead_routing_logs_created', 12),
        ('lead_routing_logs_expired', 13), ('lead_routing_queue_turns', 14),
        ('lead_routing_queue_waiters', 15)
),
expected_triggers (table_name, trigger_name, ord) AS (
    VALUES
        ('public.leads', 'switchyard_0_guard', 1), ('public.leads', 'switchyard_1_complete', 2),
        ('public.leads', 'switchyard_2_identity', 3), ('public.leads', 'switchyard_3_enqueue', 4),
        ('public.leads', 'switchyard_4_follow', 5), ('public.leads', 'switchyard_5_erase', 6),
        ('public.lead_routing_logs', 'switchyard_keep_rows', 7),
        ('public.lead_routing_logs', 'switchyard_keep_rows_as_they_are', 8),
        ('public.lead_routing_rules', 'switchyard_version', 9), ('public.workspaces', 'switchyard_version', 10),
        ('public.routing_agreements', 'switchyard_version', 11),
        ('switchyard.routing_pauses', 'switchyard_version', 12),
        ('switchyard.operator_log', 'switchyard_keep_rows', 13),
        ('switchyard.operator_log', 'switchyard_keep_rows_as_they_are', 14),
        ('public.lead_routing_queue', 'switchyard_hint', 15),
        ('public.workspaces', 'switchyard_capacity', 2501),
        ('public.lead_routing_rules', 'switchyard_0_turn', 2601), ('public.lead_routing_rules', 'switchyard_history_insert', 2602),
        ('public.lead_routing_rules', 'switchyard_history_update', 2603), ('public.lead_routing_rules', 'switchyard_history_delete', 2604),
        ('public.lead_routing_rules', 'switchyard_history_truncate', 2605),
        ('public.routing_agreements', 'switchyard_0_turn', 2606), ('public.routing_agreements', 'switchyard_history_insert', 2607),
        ('public.routing_agreements', 'switchyard_history_update', 2608), ('public.routing_agreements', 'switchyard_history_delete', 2609),
        ('public.routing_agreements', 'switchyard_history_truncate', 2610),
        ('switchyard.routing_pauses', 'switchyard_0_turn', 2611), ('switchyard.routing_pauses', 'switchyard_history_insert', 2612),
        ('switchyard.routing_pauses', 'switchyard_history_update', 2613), ('switchyard.routing_pauses', 'switchyard_history_delete', 2614),
        ('switchyard.routing_pauses', 'switchyard_history_truncate', 2615),
        ('public.workspaces', 'switchyard_0_turn', 2616), ('public.workspaces', 'switchyard_history_insert', 2617),
        ('public.workspaces', 'switchyard_history_update', 2618), ('public.workspaces', 'switchyard_history_delete', 2619),
        ('public.workspaces', 'switchyard_history_truncate', 2620),
        ('switchyard.golden_leads', 'switchyard_history_insert', 2621), ('switchyard.golden_leads', 'switchyard_history_update', 2622),
        ('switchyard.golden_leads', 'switchyard_history_delete', 2623), ('switchyard.golden_leads', 'switchyard_0_turn', 2624),
        ('switchyard.erasures', 'switchyard_keep_rows', 2901), ('switchyard.erasures', 'switchyard_keep_rows_as_they_are', 2902),
        ('switchyard.routing_statistics', 'switchyard_totals_insert', 3001), ('switchyard.routing_statistics', 'switchyard_totals_update', 3002),
        ('switchyard.routing_statistics', 'switchyard_totals_delete', 3003), ('switchyard.routing_statistics', 'switchyard_totals_truncate', 3004)
),
-- Statements are only run where what they name is there.
readable AS (
    SELECT to_regclass('public.leads') IS NOT NULL AND to_regclass('public.lead_routing_queue') IS NOT NULL
        AND (SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass('public.leads') AND NOT a.attisdropped
            AND a.attname IN ('id', 'workspace_id', 'source_workspace_id', 'routing_status', 'lead_expires_at')) = 5 AS has_state
),
states AS (
    SELECT CASE WHEN has_state THEN query_to_xml($q$
        SELECT count(*) FILTER (WHERE routing_status IS NULL) AS no_status,
            count(*) FILTER (WHERE lead_expires_at IS NULL) AS no_expiry,
            count(*) FILTER (WHERE source_workspace_id IS NULL AND workspace_id IS NOT NULL) AS no_source,
            coalesce((SELECT string_agg(s.routing_status || ' ' || s.n, ', ' ORDER BY s.routing_status)
                FROM (SELECT routing_status, count(*) AS n FROM public.leads GROUP BY 1) s), 'no leads') AS per_status,
            (SELECT count(*) FROM public.leads l WHERE l.routing_status = 'pending'
                AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = l.id)) AS orphans,
            (SELECT count(*) FROM public.lead_routing_queue q
                WHERE NOT EXISTS (SELECT FROM public.leads l WHERE l.id = q.lead_id AND l.routing_status = 'pending')) AS leftovers
        FROM public.leads$q$, true, false, '') END AS x
    FROM readable
),
figures AS (
    SELECT ((xpath('//no_status/text()', x))[1])::text::bigint AS no_status,
        ((xpath('//no_expiry/text()', x))[1])::text::bigint AS no_expiry,
        ((xpath('//no_source/text()', x))[1])::text::bigint AS no_source,
        ((xpath('//orphans/text()', x))[1])::text::bigint AS orphans,
        ((xpath('//leftovers/text()', x))[1])::text::bigint AS leftovers,
        ((xpath('//per_status/text()', x))[1])::text AS per_status
    FROM states
),
checks (section, ord, check_name, ok, detail) AS (
    SELECT 1, e.ord, 'column ' || e.table_name || '.' || e.column_name,
        a.attname IS NOT NULL AND (e.type_name IS NULL OR replace(format_type(a.atttypid, a.atttypmod), 'public.', '') = e.type_name),
        CASE WHEN a.attname IS NULL THEN 'missing' ELSE format_type(a.atttypid, a.atttypmod) END
    FROM expected_columns e
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass('public.' || e.table_name) AND a.attname = e.column_name AND NOT a.attisdropped

    UNION ALL
    SELECT 2, 1, 'type lead_routing_status',
        coalesce((SELECT array_agg(v.enumlabel::text ORDER BY v.enumsortorder) FROM pg_catalog.pg_enum v
            WHERE v.enumtypid = to_regtype('public.lead_routing_status')) @> ARRAY['pending', 'routing', 'routed', 'failed', 'expired'], false),
        coalesce((SELECT string_agg(v.enumlabel, ', ' ORDER BY v.enumsortorder) FROM pg_catalog.pg_enum v
            WHERE v.enumtypid = to_regtype('public.lead_routing_status')), 'missing')

    UNION ALL
    SELECT 3, e.ord, 'function ' || split_part(e.signature, '(', 1), to_regprocedure(e.signature) IS NOT NULL,
        CASE WHEN to_regprocedure(e.signature) IS NULL THEN 'missing: ' || e.signature ELSE '' END
    FROM expected_functions e

    UNION ALL
    SELECT 4, e.ord, 'table ' || e.table_name, to_regclass(e.table_name) IS NOT NULL,
        CASE WHEN to_regclass(e.table_name) IS NULL THEN 'missing' ELSE '' END
    FROM expected_tables e

    UNION ALL
    SELECT 5, e.ord, 'row-level security of ' || e.table_name,
        coalesce((SELECT c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(e.table_name)), false),
        CASE WHEN to_regclass(e.table_name) IS NULL THEN 'missing' WHEN (SELECT c.relrowsecurity FROM pg_catalog.pg_class c
            WHERE c.oid = to_regclass(e.table_name)) THEN 'on' ELSE 'off: every role with a grant sees every row' END
    FROM expected_tables e
    -- A table that an installation brought along keeps its switch; that it is off there is told, and is not ours to judge.
    WHERE e.policies > 0

    UNION ALL
    SELECT 6, e.ord, 'policies of ' || e.table_name,
        (SELECT count(*) FROM pg_catalog.pg_policy p WHERE p.polrelid = to_regclass(e.table_name)) >= e.policies
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = to_regclass(e.table_name)
                AND p.polpermissive AND p.polcmd <> 'r' AND e.table_name IN ('public.lead_routing_queue', 'public.lead_routing_logs',
                    'public.lead_identity_claims', 'public.lead_attributions')
                AND p.polroles && ARRAY[0::oid, coalesce(to_regrole('anon')::oid, 0), coalesce(to_regrole('authenticated')::oid, 0)]),
        coalesce((SELECT string_agg(p.polname, ', ' ORDER BY p.polname) FROM pg_catalog.pg_policy p
            WHERE p.polrelid = to_regclass(e.table_name)), 'none')
    FROM expected_tables e
    WHERE e.policies > 0

    UNION ALL
    SELECT 7, e.ord, 'index ' || e.index_name, coalesce(i.indisvalid, false),
        CASE WHEN i.indexrelid IS NULL THEN 'missing' WHEN NOT i.indisvalid THEN 'invalid: drop it and migrate again' ELSE '' END
    FROM expected_indexes e
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = to_regclass('public.' || e.index_name)

    UNION ALL
    SELECT 8, e.ord, 'trigger ' || e.trigger_name || ' on ' || e.table_name, coalesce(t.tgenabled <> 'D', false),
        CASE WHEN t.tgname IS NULL THEN 'missing' WHEN t.tgenabled = 'D' THEN 'disabled' ELSE '' END
    FROM expected_triggers e
    LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = to_regclass(e.table_name) AND t.tgname = e.trigger_name

    UNION ALL
    SELECT 9, 1, 'functions closed to everybody but service_role',
        NOT EXISTS (SELECT FROM expected_functions e CROSS JOIN (VALUES ('anon'), ('authenticated')) r (role_name)
            WHERE e.ord <> 20 AND to_regprocedure(e.signature) IS NOT NULL AND to_regrole(r.role_name) IS NOT NULL
                AND has_function_privilege(to_regrole(r.role_name)::oid, to_regprocedure(e.signature)::oid, 'EXECUTE')),
        coalesce((SELECT 'open to ' || string_agg(DISTINCT r.role_name || ': ' || split_part(e.signature, '(', 1), ', ')
            FROM expected_functions e CROSS JOIN (VALUES ('anon'), ('authenticated')) r (role_name)
            WHERE e.ord <> 20 AND to_regprocedure(e.signature) IS NOT NULL AND to_regrole(r.role_name) IS NOT NULL
                AND has_function_privilege(to_regrole(r.role_name)::oid, to_regprocedure(e.signature)::oid, 'EXECUTE')), '')
    UNION ALL
    SELECT 9, 2, 'functions open to service_role',
        to_regrole('service_role') IS NOT NULL AND NOT EXISTS (SELECT FROM expected_functions e
            WHERE to_regprocedure(e.signature) IS NOT NULL
                AND NOT has_function_privilege(to_regrole('service_role')::oid, to_regprocedure(e.signature)::oid, 'EXECUTE')),
        CASE WHEN to_regrole('service_role') IS NULL THEN 'the role is missing' ELSE '' END
    UNION ALL
    SELECT 9, 3, 'search_path pinned in every function',
        NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = to_regnamespace('switchyard')
            AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%search_path=%', false)),
        coalesce((SELECT string_agg(p.proname, ', ') FROM pg_catalog.pg_proc p WHERE p.pronamespace = to_regnamespace('switchyard')
            AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%search_path=%', false)), '')
    UNION ALL
    SELECT 9, 4, 'queue, log and claims written by no member',
        NOT EXISTS (SELECT FROM (VALUES ('public.lead_routing_queue'), ('public.lead_routing_logs'), ('public.lead_identity_claims')) t (n)
            CROSS JOIN (VALUES ('anon'), ('authenticated')) r (role_name)
            CROSS JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) p (privilege)
            WHERE to_regclass(t.n) IS NOT NULL AND to_regrole(r.role_name) IS NOT NULL
                AND has_table_privilege(to_regrole(r.role_name)::oid, to_regclass(t.n)::oid, p.privilege)), ''

    UNION ALL
    SELECT 10, 1, 'every lead has a status', coalesce(f.no_status = 0, false),
        CASE WHEN f.no_status IS NULL THEN 'cannot be told' WHEN f.no_status = 0 THEN f.per_status ELSE f.no_status || ' have none' END
    FROM figures f
    UNION ALL
    SELECT 10, 2, 'every lead has its expiry', coalesce(f.no_expiry = 0, false),
        CASE WHEN f.no_expiry IS NULL THEN 'cannot be told' WHEN f.no_expiry = 0 THEN '' ELSE f.no_expiry || ' have none' END
    FROM figures f
    UNION ALL
    SELECT 10, 3, 'every lead with a workspace has its source', coalesce(f.no_source = 0, false),
        CASE WHEN f.no_source IS NULL THEN 'cannot be told' WHEN f.no_source = 0 THEN '' ELSE f.no_source || ' have none' END
    FROM figures f
    UNION ALL
    SELECT 10, 4, 'one queue row for each pending lead', coalesce(f.orphans = 0 AND f.leftovers = 0, false),
        CASE WHEN f.orphans IS NULL THEN 'cannot be told' WHEN f.orphans = 0 AND f.leftovers = 0 THEN ''
            ELSE f.orphans || ' without a row, ' || f.leftovers || ' rows without a lead: SELECT switchyard.enqueue_orphans(1000)' END
    FROM figures f
    UNION ALL
    SELECT 10, 5, 'no column of leads is required that routing does not fill',
        to_regclass('public.leads') IS NOT NULL AND bool_and(a.attname IS NULL),
        coalesce('required: ' || string_agg(a.attname, ', '), '')
    FROM (SELECT 1) one
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass('public.leads') AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
        -- A lead that lacks one of these is refused where the column is required; all others never get a value.
        AND a.attname NOT IN ('id', 'workspace_id', 'source_workspace_id', 'email', 'phone', 'first_name', 'last_name', 'company_name',
            'company_industry', 'company_size', 'company_revenue', 'company_location', 'source', 'source_id', 'metadata', 'routing_status')
    UNION ALL
    SELECT 10, 6, 'log has a partition for next month',
        to_regclass('switchyard.lead_routing_logs_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')) IS NOT NULL,
        CASE WHEN to_regclass('switchyard.lead_routing_logs_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')) IS NULL
            THEN 'missing: SELECT switchyard.ensure_log_partitions(3)' ELSE '' END
)
SELECT check_name, ok, detail FROM checks ORDER BY section, ord;
