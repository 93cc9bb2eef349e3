-- What `switchyard migrate verify` asks: one row for each check (check_name, ok, detail), in reading order. detail says what is
-- missing, or what was found. Runs without error on a database where anything is missing: the catalogue is read, and leads are
-- counted through query_to_xml(), only where the table exists.
--
-- What the catalogue can tell is made from the declared schema, supabase/schemas, by script/expected-schema. Written by hand is what
-- it cannot tell: the columns that the migration guide names, who may do what, and the backfill.
WITH
-- Made from supabase/schemas by script/expected-schema; do not edit before the next such line.
expected_tables (table_name, columns, types, constraints, policies) AS (
    VALUES
        (NULL::text, NULL::text[], NULL::text[], NULL::text[], NULL::text[]),
        ('public.lead_attributions', '{credited_at,lead_id,partner_id,returned_at,workspace_id}', '{"timestamp with time zone",uuid,uuid,"timestamp with time zone",uuid}', '{lead_attributions_pkey}', '{switchyard_members,switchyard_service}'),
        ('public.lead_identity_claims', '{claimed_at,identity,lead_id,workspace_id}', '{"timestamp with time zone",bytea,uuid,uuid}', '{lead_identity_claims_identity_check,lead_identity_claims_of_lead}', '{switchyard_service}'),
        ('public.lead_routing_logs', '{actor,attempt,created_at,destination_workspace_id,duplicate_of,error_message,id,lead_id,matched_rule_id,metadata,reason,routing_result,rule_set_version,source_workspace_id}', '{text,integer,"timestamp with time zone",uuid,uuid,text,bigint,uuid,uuid,jsonb,text,text,bigint,uuid}', '{lead_routing_logs_routing_result_check}', '{switchyard_members,switchyard_service}'),
        ('public.lead_routing_queue', '{attempt_number,created_at,last_error,lead_id,next_retry_at,waiting_for,workspace_id}', '{integer,"timestamp with time zone",text,uuid,"timestamp with time zone",uuid,uuid}', '{lead_routing_queue_pkey}', '{switchyard_members,switchyard_service}'),
        ('public.lead_routing_rules', '{conditions,created_at,destination_workspace_id,distribution,id,is_active,priority,rule_name,updated_at,workspace_id}', '{jsonb,"timestamp with time zone",uuid,jsonb,uuid,boolean,integer,text,"timestamp with time zone",uuid}', '{lead_routing_rules_destination_workspace_id_fkey,lead_routing_rules_pkey,lead_routing_rules_workspace_id_fkey}', '{switchyard_members,switchyard_owner_adds,switchyard_owner_changes,switchyard_owner_removes,switchyard_pool_adds,switchyard_pool_changes,switchyard_service}'),
        ('public.leads', '{assignee_id,company_industry,company_location,company_name,company_revenue,company_size,created_at,dedupe_hash,duplicate_of,email,erased_at,first_name,id,last_name,lead_expires_at,matched_rule_id,metadata,partner_id,phone,routed_at,routing_attempts,routing_error,routing_last_attempted_at,routing_locked_at,routing_locked_by,routing_status,source,source_id,source_workspace_id,updated_at,workspace_id}', '{uuid,text,jsonb,text,text,text,"timestamp with time zone","character varying(64)",uuid,text,"timestamp with time zone",text,uuid,text,"timestamp with time zone",uuid,jsonb,uuid,text,"timestamp with time zone",integer,text,"timestamp with time zone","timestamp with time zone",uuid,public.lead_routing_status,text,text,uuid,"timestamp with time zone",uuid}', '{leads_pkey}', '{switchyard_members,switchyard_service}'),
        ('public.partners', '{created_at,id,is_active,name,workspace_id}', '{"timestamp with time zone",uuid,boolean,text,uuid}', '{partners_pkey}', '{switchyard_members,switchyard_service}'),
        ('public.routing_agreements', '{created_at,receiving_workspace_id,sending_workspace_id}', '{"timestamp with time zone",uuid,uuid}', '{routing_agreements_pkey,routing_agreements_receiving_workspace_id_fkey,routing_agreements_sending_workspace_id_fkey}', '{switchyard_members,switchyard_receiver_agrees,switchyard_receiver_ends,switchyard_service}'),
        ('public.user_workspaces', '{created_at,role,user_id,workspace_id}', '{"timestamp with time zone",text,uuid,uuid}', '{user_workspaces_pkey,user_workspaces_workspace_id_fkey}', '{switchyard_members,switchyard_service}'),
        ('public.users', '{created_at,email,id}', '{"timestamp with time zone",text,uuid}', '{users_pkey}', '{switchyard_members,switchyard_service}'),
        ('public.workspace_assignees', '{absent_from,absent_until,caps,created_at,id,is_active,name,updated_at,user_id,weight,workspace_id}', '{"timestamp with time zone","timestamp with time zone",jsonb,"timestamp with time zone",uuid,boolean,text,"timestamp with time zone",uuid,integer,uuid}', '{workspace_assignees_absence_check,workspace_assignees_name_check,workspace_assignees_pkey,workspace_assignees_weight_check,workspace_assignees_workspace_id_fkey}', '{switchyard_members,switchyard_owner_adds,switchyard_owner_changes,switchyard_owner_removes,switchyard_service}'),
        ('public.workspaces', '{capacity,created_at,deleted_at,fallback_workspace_id,id,is_active,name,routing_paused_at,routing_suspended_at,routing_suspended_reason,unmatched_policy,updated_at,workspace_type}', '{jsonb,"timestamp with time zone","timestamp with time zone",uuid,uuid,boolean,text,"timestamp with time zone","timestamp with time zone",text,text,"timestamp with time zone",text}', '{workspaces_pkey,workspaces_unmatched_policy_check}', '{switchyard_members,switchyard_service}'),
        ('switchyard.access_version', '{singleton,version}', '{boolean,bigint}', '{access_version_pkey,access_version_singleton_check}', '{switchyard_service}'),
        ('switchyard.alert_notifications', '{alert,attempts,claim,created_at,delivered_at,episode,error,given_up_at,kind,next_attempt_at,number,severity,target,value}', '{text,integer,uuid,"timestamp with time zone","timestamp with time zone",bigint,text,"timestamp with time zone",text,"timestamp with time zone",integer,text,text,"double precision"}', '{alert_notifications_kind_check,alert_notifications_pkey}', '{switchyard_service}'),
        ('switchyard.alerts', '{clear_since,episode,evaluated_at,evaluated_by,name,notified_at,phase,reminders,silence_reason,silenced_by,silenced_until,since,value}', '{"timestamp with time zone",bigint,"timestamp with time zone",text,text,"timestamp with time zone",text,integer,text,text,"timestamp with time zone","timestamp with time zone","double precision"}', '{alerts_phase_check,alerts_pkey}', '{switchyard_service}'),
        ('switchyard.api_keys', '{allowed_networks,created_at,expires_at,id,is_test,last_used_address,last_used_at,name,prefix,replaced_by,revoked_at,scopes,secret_hash,workspace_id}', '{cidr[],"timestamp with time zone","timestamp with time zone",uuid,boolean,inet,"timestamp with time zone",text,text,uuid,"timestamp with time zone",text[],bytea,uuid}', '{api_keys_pkey,api_keys_prefix_key,api_keys_test_check,api_keys_workspace_id_fkey}', '{switchyard_service}'),
        ('switchyard.audit_log', '{action,actor,after,before,database_user,happened_at,hash,previous_hash,sequence,subject,subject_id,workspace_id}', '{text,text,jsonb,jsonb,text,"timestamp with time zone",bytea,bytea,bigint,text,text,uuid}', '{audit_log_pkey}', '{switchyard_service}'),
        ('switchyard.audit_turn', '{singleton}', '{boolean}', '{audit_turn_pkey,audit_turn_singleton_check}', '{switchyard_service}'),
        ('switchyard.erasures', '{actor,erased_at,found_by,keeps_identity,lead_id,on_behalf_of,status_before}', '{text,"timestamp with time zone",text,boolean,uuid,uuid,text}', '{erasures_found_by_check,erasures_pkey}', '{switchyard_service}'),
        ('switchyard.golden_leads', '{content,created_at,id,position,updated_at,workspace_id}', '{jsonb,"timestamp with time zone",uuid,integer,"timestamp with time zone",uuid}', '{golden_leads_pkey,golden_leads_workspace_id_fkey}', '{switchyard_members,switchyard_service}'),
        ('switchyard.idempotency_keys', '{created_at,key,lead_id,request,workspace_id}', '{"timestamp with time zone",bytea,uuid,bytea,uuid}', '{idempotency_keys_key_check,idempotency_keys_pkey,idempotency_keys_request_check}', '{switchyard_service}'),
        ('switchyard.lead_routing_logs_default', '{actor,attempt,created_at,destination_workspace_id,duplicate_of,error_message,id,lead_id,matched_rule_id,metadata,reason,routing_result,rule_set_version,source_workspace_id}', '{text,integer,"timestamp with time zone",uuid,uuid,text,bigint,uuid,uuid,jsonb,text,text,bigint,uuid}', '{lead_routing_logs_routing_result_check}', '{switchyard_service}'),
        ('switchyard.nodes', '{host,name,report,seen_at,started_at,version}', '{text,text,jsonb,"timestamp with time zone","timestamp with time zone",text}', '{nodes_pkey}', '{switchyard_service}'),
        ('switchyard.operator_log', '{action,actor,details,happened_at,id,reason,subject_id,workspace_id}', '{text,text,jsonb,"timestamp with time zone",bigint,text,uuid,uuid}', '{operator_log_action_check,operator_log_pkey}', '{switchyard_service}'),
        ('switchyard.rate_buckets', '{policy,spent,subject,window_start}', '{smallint,bigint,uuid,"timestamp with time zone"}', '{rate_buckets_pkey}', '{switchyard_service}'),
        ('switchyard.rate_leases', '{expires_at,node,policy,subject,tokens,window_start}', '{"timestamp with time zone",uuid,smallint,uuid,bigint,"timestamp with time zone"}', '{rate_leases_pkey,rate_leases_tokens_check}', '{switchyard_service}'),
        ('switchyard.retention', '{log_months,pruned_at,singleton}', '{integer,"timestamp with time zone",boolean}', '{retention_log_months_check,retention_pkey,retention_singleton_check}', '{switchyard_service}'),
        ('switchyard.routing_pauses', '{paused_at,paused_by,reason,workspace_id}', '{"timestamp with time zone",text,text,uuid}', '{routing_pauses_pkey}', '{switchyard_service}'),
        ('switchyard.routing_state', '{amount,member_id,owner_id,period,scope,window_end,window_start}', '{bigint,uuid,uuid,smallint,smallint,"timestamp with time zone","timestamp with time zone"}', '{routing_state_period_check,routing_state_pkey,routing_state_scope_check}', '{switchyard_service}'),
        ('switchyard.routing_statistics', '{day,dimension,direction,duplicates,expired,failed,key,latency_counts,latency_ms,retried,returned,routed,unmatched,waited,workspace_id}', '{date,text,text,bigint,bigint,bigint,text,bigint[],bigint,bigint,bigint,bigint,bigint,bigint,uuid}', '{routing_statistics_dimension_check,routing_statistics_direction_check,routing_statistics_latency_counts_check,routing_statistics_pkey}', '{switchyard_members,switchyard_service}'),
        ('switchyard.routing_totals', '{day,dimension,direction,duplicates,expired,failed,key,latency_counts,latency_ms,retried,returned,routed,unmatched,waited}', '{date,text,text,bigint,bigint,bigint,text,bigint[],bigint,bigint,bigint,bigint,bigint,bigint}', '{routing_totals_latency_counts_check,routing_totals_pkey}', '{switchyard_service}'),
        ('switchyard.rule_notices', '{noticed_at,reason,rule_id}', '{"timestamp with time zone",text,uuid}', '{rule_notices_pkey}', '{switchyard_service}'),
        ('switchyard.rule_set_drafts', '{based_on,document,owner,updated_at,updated_by}', '{bigint,jsonb,uuid,"timestamp with time zone",text}', '{rule_set_drafts_pkey}', '{switchyard_owner,switchyard_service}'),
        ('switchyard.rule_set_history', '{content,owner,row_key,table_name,valid_from,valid_to}', '{jsonb,uuid,text,text,bigint,bigint}', '{rule_set_history_pkey}', '{switchyard_members,switchyard_service}'),
        ('switchyard.rule_set_rollbacks', '{bad_version,failures,good_version,happened_at,new_version,node,owner,routings}', '{bigint,bigint,bigint,"timestamp with time zone",bigint,text,uuid,bigint}', '{rule_set_rollbacks_pkey}', '{switchyard_service}'),
        ('switchyard.rule_set_tables', '{columns,key_columns,owner_column,table_name}', '{text[],text[],text,text}', '{rule_set_tables_pkey}', '{switchyard_service}'),
        ('switchyard.rule_set_version', '{changed_at,changed_by,singleton,version}', '{"timestamp with time zone",xid8,boolean,bigint}', '{rule_set_version_pkey,rule_set_version_singleton_check}', '{switchyard_service}'),
        ('switchyard.rule_set_versions', '{action,actor,changed_at,changes_other,note,owners,version}', '{text,text,"timestamp with time zone",boolean,text,uuid[],bigint}', '{rule_set_versions_action_check,rule_set_versions_pkey}', '{switchyard_members,switchyard_service}'),
        ('switchyard.rule_sizes', '{comparisons,has_pool,patterns,rule_id,workspace_id}', '{integer,boolean,integer,uuid,uuid}', '{rule_sizes_pkey}', '{switchyard_service}'),
        ('switchyard.scheduled_runs', '{affected,claim,due_at,error,finished_at,name,node,started_at}', '{bigint,uuid,"timestamp with time zone",text,"timestamp with time zone",text,text,"timestamp with time zone"}', '{scheduled_runs_pkey}', '{switchyard_service}'),
        ('switchyard.statistics_horizons', '{next_xid,seen_at}', '{xid8,"timestamp with time zone"}', '{statistics_horizons_pkey}', '{switchyard_service}'),
        ('switchyard.statistics_watermark', '{counted_at,horizon,place,rebuild_before,singleton}', '{"timestamp with time zone",xid8,text,date,boolean}', '{statistics_watermark_pkey,statistics_watermark_singleton_check}', '{switchyard_service}'),
        ('switchyard.sticky_destinations', '{key,rule_id,updated_at,workspace_id}', '{bytea,uuid,"timestamp with time zone",uuid}', '{sticky_destinations_pkey}', '{switchyard_service}'),
        ('switchyard.test_leads', '{content,created_at,destination_workspace_id,id,matched_rule_id,reason,status,workspace_id}', '{jsonb,"timestamp with time zone",uuid,uuid,uuid,text,text,uuid}', '{test_leads_pkey,test_leads_workspace_id_fkey}', '{switchyard_members,switchyard_service}'),
        ('switchyard.waiting_reviews', '{horizon,one,reviewed_at,version}', '{xid8,boolean,"timestamp with time zone",bigint}', '{waiting_reviews_one_check,waiting_reviews_pkey}', '{switchyard_service}'),
        ('switchyard.workspace_quotas', '{assignees,comparisons,draft_bytes,golden_leads,key_requests_per_minute,leads_per_day,patterns,pools,requests_per_minute,rule_comparisons,rules,workspace_id}', '{integer,integer,integer,integer,integer,integer,integer,integer,integer,integer,integer,uuid}', '{workspace_quotas_assignees_check,workspace_quotas_comparisons_check,workspace_quotas_draft_bytes_check,workspace_quotas_golden_leads_check,workspace_quotas_key_requests_per_minute_check,workspace_quotas_leads_per_day_check,workspace_quotas_patterns_check,workspace_quotas_pkey,workspace_quotas_pools_check,workspace_quotas_requests_per_minute_check,workspace_quotas_rule_comparisons_check,workspace_quotas_rules_check}', '{switchyard_service}')
),
expected_functions (signature, is_open) AS (
    VALUES
        ('public.acquire_routing_lock(uuid,uuid)', false),
        ('public.check_cross_partner_duplicate(character varying,uuid)', false),
        ('public.complete_routing(uuid,uuid,uuid,uuid)', false),
        ('public.fail_routing(uuid,text,uuid,integer)', false),
        ('public.generate_dedupe_hash(text,text,text)', false),
        ('public.mark_expired_leads()', false),
        ('public.release_stale_routing_locks()', false),
        ('switchyard.acquire_routing_locks(uuid[],uuid)', false),
        ('switchyard.acting_workspace()', true),
        ('switchyard.add_statistics(timestamp with time zone,timestamp with time zone,xid8,xid8)', false),
        ('switchyard.append_audit(text,text,text,text,uuid,jsonb,jsonb)', false),
        ('switchyard.audit_change()', false),
        ('switchyard.audit_content(bigint,timestamp with time zone,text,text,text,text,text,uuid,jsonb,jsonb)', false),
        ('switchyard.audit_truncate()', false),
        ('switchyard.awaited_rules()', false),
        ('switchyard.bump_access_version()', false),
        ('switchyard.bump_rule_set_version()', false),
        ('switchyard.capacity_window(smallint,text,timestamp with time zone)', false),
        ('switchyard.check_assignee_quota()', false),
        ('switchyard.check_capacity()', false),
        ('switchyard.check_draft_quota()', false),
        ('switchyard.check_golden_lead_quota()', false),
        ('switchyard.check_rule_quotas()', false),
        ('switchyard.claim_identities(uuid[],uuid[],bytea[],bytea[])', false),
        ('switchyard.claim_waiters(uuid,integer,uuid[])', false),
        ('switchyard.complete_lead_columns()', false),
        ('switchyard.complete_routings(uuid[],uuid[],uuid[],uuid)', false),
        ('switchyard.current_rule_set_version()', false),
        ('switchyard.drop_old_log_partitions()', false),
        ('switchyard.enqueue_orphans(integer)', false),
        ('switchyard.ensure_log_partitions(integer)', false),
        ('switchyard.erase_leads(uuid[],uuid,text,text,text,boolean)', false),
        ('switchyard.fail_routings(uuid[],text[],uuid,integer)', false),
        ('switchyard.failing_publications(timestamp with time zone)', false),
        ('switchyard.find_person(text,text,uuid,bigint,bigint)', false),
        ('switchyard.follow_lead_state()', false),
        ('switchyard.follow_statistics()', false),
        ('switchyard.gather_statistics()', false),
        ('switchyard.guard_lead_state()', false),
        ('switchyard.guard_suspension()', false),
        ('switchyard.has_quotas(uuid)', false),
        ('switchyard.held_leads(uuid[],boolean)', false),
        ('switchyard.hint_waiting()', false),
        ('switchyard.hold_lead(uuid)', false),
        ('switchyard.hold_routing_state(smallint[],uuid[],uuid[],smallint[],text[],text[],uuid[],bytea[],uuid[],boolean,timestamp with time zone)', false),
        ('switchyard.hold_turn(integer,boolean,uuid[],timestamp with time zone[])', false),
        ('switchyard.ingest_decided(bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[],boolean)', false),
        ('switchyard.ingest_keyed_decided(bytea[],bytea[],bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[],boolean)', false),
        ('switchyard.ingest_within_caps(bytea[],bytea[],bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[],smallint[],uuid[],uuid[],smallint[],bigint[],bigint[],integer[],integer[],boolean)', false),
        ('switchyard.is_unmatched(uuid)', false),
        ('switchyard.keep_audit(text,text,text[],text,text[],text[],text[],text,text)', false),
        ('switchyard.keep_rule_set_history(text,text[],text,text[])', false),
        ('switchyard.lead_claims(text,text,text)', false),
        ('switchyard.lead_identity(text,text)', false),
        ('switchyard.lease_tokens(uuid,smallint[],uuid[],integer[],bigint[],timestamp with time zone[],bigint[],bigint[],bigint[],interval)', false),
        ('switchyard.lift_suspension(uuid,text)', false),
        ('switchyard.lock_rule_set_version()', false),
        ('switchyard.lower_by_character(text)', false),
        ('switchyard.mask_personal(jsonb)', false),
        ('switchyard.newest_results(timestamp with time zone)', false),
        ('switchyard.next_rule_set_version(uuid[])', false),
        ('switchyard.normalised_identity(text,text)', false),
        ('switchyard.pause_routing(uuid,text,text)', false),
        ('switchyard.prune()', false),
        ('switchyard.quotas_of(uuid)', false),
        ('switchyard.rate_limit_of(smallint,uuid)', false),
        ('switchyard.rebuild_statistics(date)', false),
        ('switchyard.record_rule_set_change()', false),
        ('switchyard.refuse_audit_change()', false),
        ('switchyard.refuse_beyond_quota(text,bigint,bigint)', false),
        ('switchyard.refuse_log_change()', false),
        ('switchyard.refuse_workspace_delete()', false),
        ('switchyard.repair_rule_set_history()', false),
        ('switchyard.replace_golden_leads(uuid,uuid[],jsonb)', false),
        ('switchyard.replace_rules(uuid,jsonb)', false),
        ('switchyard.requeue_lead(uuid,text)', false),
        ('switchyard.resume_routing(uuid,text)', false),
        ('switchyard.retry_delay(integer)', false),
        ('switchyard.return_lead(uuid,uuid,text,text)', false),
        ('switchyard.return_rule_set(uuid,bigint)', false),
        ('switchyard.roll_back_failing(text,timestamp with time zone)', false),
        ('switchyard.routing_health()', false),
        ('switchyard.run_from_cron(text)', false),
        ('switchyard.schedule_by_cron()', false),
        ('switchyard.send_returned_lead(uuid,bigint,uuid,uuid,text,text,uuid,text,text)', false),
        ('switchyard.set_vacuum_settings()', false),
        ('switchyard.settle_decided(bigint,uuid[],uuid[],uuid[],text[],text[],text[],text[],bytea[],bytea[],integer,uuid,uuid[],uuid[],text[])', false),
        ('switchyard.settle_held(bigint,uuid[],uuid[],uuid[],text[],text[],text[],bytea[],bytea[],integer,uuid[],uuid[],text[])', false),
        ('switchyard.statistics_place()', false),
        ('switchyard.suspend_workspace(uuid,text,text)', false),
        ('switchyard.switch_off_rule(uuid,text)', false),
        ('switchyard.take_routing_state(smallint[],uuid[],uuid[],smallint[],bigint[],uuid[],bytea[],uuid[])', false),
        ('switchyard.take_within_caps(smallint[],uuid[],uuid[],smallint[],bigint[],bigint[],bigint[])', false),
        ('switchyard.unschedule_by_cron()', false),
        ('switchyard.visible_duplicate(uuid)', true),
        ('switchyard.visible_workspaces()', true),
        ('switchyard.waiting_for_capacity()', false),
        ('switchyard.whole_xid(xid,xid8)', false),
        ('switchyard.without_person(jsonb,text[],text[])', false),
        ('switchyard.write_rule_set_history(text,text,text[],jsonb[],uuid[])', false)
),
expected_indexes (index_name) AS (
    VALUES
        ('public.idx_leads_dedupe_hash'),
        ('public.idx_leads_expires_at'),
        ('public.idx_leads_routing_locked'),
        ('public.idx_leads_routing_status'),
        ('public.idx_routing_logs_lead'),
        ('public.idx_routing_logs_workspace'),
        ('public.idx_routing_queue_retry'),
        ('public.lead_identity_claims_identity'),
        ('public.lead_routing_logs_created'),
        ('public.lead_routing_logs_expired'),
        ('public.lead_routing_queue_retries'),
        ('public.lead_routing_queue_turns'),
        ('public.lead_routing_queue_waiters'),
        ('public.lead_routing_rules_workspace'),
        ('public.leads_source_created'),
        ('public.leads_workspace_created'),
        ('public.partners_workspace'),
        ('public.routing_agreements_sending'),
        ('public.user_workspaces_workspace'),
        ('public.workspace_assignees_workspace'),
        ('switchyard.alert_notifications_open'),
        ('switchyard.audit_log_actor'),
        ('switchyard.audit_log_subject'),
        ('switchyard.audit_log_workspace'),
        ('switchyard.golden_leads_workspace'),
        ('switchyard.idempotency_keys_created'),
        ('switchyard.routing_statistics_day'),
        ('switchyard.rule_set_history_began'),
        ('switchyard.rule_set_history_owner'),
        ('switchyard.rule_set_history_valid'),
        ('switchyard.rule_set_versions_owners'),
        ('switchyard.rule_set_versions_published'),
        ('switchyard.rule_sizes_workspace'),
        ('switchyard.test_leads_created'),
        ('switchyard.test_leads_workspace')
),
expected_triggers (table_name, trigger_name) AS (
    VALUES
        ('public.lead_routing_logs', 'switchyard_keep_rows'),
        ('public.lead_routing_logs', 'switchyard_keep_rows_as_they_are'),
        ('public.lead_routing_queue', 'switchyard_hint'),
        ('public.lead_routing_rules', 'switchyard_0_turn'),
        ('public.lead_routing_rules', 'switchyard_audit'),
        ('public.lead_routing_rules', 'switchyard_audit_truncate'),
        ('public.lead_routing_rules', 'switchyard_history_delete'),
        ('public.lead_routing_rules', 'switchyard_history_insert'),
        ('public.lead_routing_rules', 'switchyard_history_truncate'),
        ('public.lead_routing_rules', 'switchyard_history_update'),
        ('public.lead_routing_rules', 'switchyard_quota_delete'),
        ('public.lead_routing_rules', 'switchyard_quota_insert'),
        ('public.lead_routing_rules', 'switchyard_quota_truncate'),
        ('public.lead_routing_rules', 'switchyard_quota_update'),
        ('public.lead_routing_rules', 'switchyard_version'),
        ('public.leads', 'switchyard_0_guard'),
        ('public.leads', 'switchyard_1_complete'),
        ('public.leads', 'switchyard_2_identity'),
        ('public.leads', 'switchyard_3_enqueue'),
        ('public.leads', 'switchyard_4_follow'),
        ('public.leads', 'switchyard_5_erase'),
        ('public.routing_agreements', 'switchyard_0_turn'),
        ('public.routing_agreements', 'switchyard_audit'),
        ('public.routing_agreements', 'switchyard_audit_truncate'),
        ('public.routing_agreements', 'switchyard_history_delete'),
        ('public.routing_agreements', 'switchyard_history_insert'),
        ('public.routing_agreements', 'switchyard_history_truncate'),
        ('public.routing_agreements', 'switchyard_history_update'),
        ('public.routing_agreements', 'switchyard_version'),
        ('public.user_workspaces', 'switchyard_audit'),
        ('public.user_workspaces', 'switchyard_audit_truncate'),
        ('public.workspace_assignees', 'switchyard_0_turn'),
        ('public.workspace_assignees', 'switchyard_audit'),
        ('public.workspace_assignees', 'switchyard_audit_truncate'),
        ('public.workspace_assignees', 'switchyard_history_delete'),
        ('public.workspace_assignees', 'switchyard_history_insert'),
        ('public.workspace_assignees', 'switchyard_history_truncate'),
        ('public.workspace_assignees', 'switchyard_history_update'),
        ('public.workspace_assignees', 'switchyard_quota_insert'),
        ('public.workspace_assignees', 'switchyard_version'),
        ('public.workspaces', 'switchyard_0_turn'),
        ('public.workspaces', 'switchyard_access'),
        ('public.workspaces', 'switchyard_audit'),
        ('public.workspaces', 'switchyard_audit_truncate'),
        ('public.workspaces', 'switchyard_capacity'),
        ('public.workspaces', 'switchyard_history_delete'),
        ('public.workspaces', 'switchyard_history_insert'),
        ('public.workspaces', 'switchyard_history_truncate'),
        ('public.workspaces', 'switchyard_history_update'),
        ('public.workspaces', 'switchyard_suspension'),
        ('public.workspaces', 'switchyard_version'),
        ('switchyard.alerts', 'switchyard_audit'),
        ('switchyard.alerts', 'switchyard_audit_truncate'),
        ('switchyard.api_keys', 'switchyard_access'),
        ('switchyard.api_keys', 'switchyard_audit'),
        ('switchyard.api_keys', 'switchyard_audit_truncate'),
        ('switchyard.audit_log', 'switchyard_keep_rows'),
        ('switchyard.audit_log', 'switchyard_keep_rows_as_they_are'),
        ('switchyard.erasures', 'switchyard_audit'),
        ('switchyard.erasures', 'switchyard_audit_truncate'),
        ('switchyard.erasures', 'switchyard_keep_rows'),
        ('switchyard.erasures', 'switchyard_keep_rows_as_they_are'),
        ('switchyard.golden_leads', 'switchyard_0_turn'),
        ('switchyard.golden_leads', 'switchyard_audit'),
        ('switchyard.golden_leads', 'switchyard_audit_truncate'),
        ('switchyard.golden_leads', 'switchyard_history_delete'),
        ('switchyard.golden_leads', 'switchyard_history_insert'),
        ('switchyard.golden_leads', 'switchyard_history_truncate'),
        ('switchyard.golden_leads', 'switchyard_history_update'),
        ('switchyard.golden_leads', 'switchyard_quota_insert'),
        ('switchyard.lead_routing_logs_default', 'switchyard_keep_rows'),
        ('switchyard.operator_log', 'switchyard_keep_rows'),
        ('switchyard.operator_log', 'switchyard_keep_rows_as_they_are'),
        ('switchyard.retention', 'switchyard_audit'),
        ('switchyard.retention', 'switchyard_audit_truncate'),
        ('switchyard.routing_pauses', 'switchyard_0_turn'),
        ('switchyard.routing_pauses', 'switchyard_audit'),
        ('switchyard.routing_pauses', 'switchyard_audit_truncate'),
        ('switchyard.routing_pauses', 'switchyard_history_delete'),
        ('switchyard.routing_pauses', 'switchyard_history_insert'),
        ('switchyard.routing_pauses', 'switchyard_history_truncate'),
        ('switchyard.routing_pauses', 'switchyard_history_update'),
        ('switchyard.routing_pauses', 'switchyard_version'),
        ('switchyard.routing_statistics', 'switchyard_totals_delete'),
        ('switchyard.routing_statistics', 'switchyard_totals_insert'),
        ('switchyard.routing_statistics', 'switchyard_totals_truncate'),
        ('switchyard.routing_statistics', 'switchyard_totals_update'),
        ('switchyard.rule_set_drafts', 'switchyard_audit'),
        ('switchyard.rule_set_drafts', 'switchyard_audit_truncate'),
        ('switchyard.rule_set_drafts', 'switchyard_quota'),
        ('switchyard.rule_set_versions', 'switchyard_audit'),
        ('switchyard.rule_set_versions', 'switchyard_audit_truncate'),
        ('switchyard.workspace_quotas', 'switchyard_audit'),
        ('switchyard.workspace_quotas', 'switchyard_audit_truncate')
),
-- End of what script/expected-schema makes.
-- An installation may have brought these tables along, with other types, constraints and policies.
adopted_tables (table_name) AS (
    VALUES ('public.workspaces'), ('public.users'), ('public.user_workspaces'), ('public.partners'), ('public.leads'),
        ('public.lead_routing_rules')
),
-- The columns that routing adds to them, with their types: the first eight are the guide's. NULL: any type.
routing_columns (table_name, column_name, type_name, ord) AS (
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
        ('leads', 'assignee_id', 'uuid', 13),
        ('leads', 'erased_at', 'timestamp with time zone', 14),
        ('lead_routing_rules', 'distribution', 'jsonb', 15),
        ('workspaces', 'capacity', 'jsonb', 16)
),
tables AS (
    SELECT e.*, to_regclass(e.table_name) AS oid, row_number() OVER (ORDER BY e.table_name) AS ord,
        EXISTS (SELECT FROM adopted_tables a WHERE a.table_name = e.table_name) AS is_adopted
    FROM expected_tables e WHERE e.table_name IS NOT NULL
),
functions AS (
    SELECT e.*, to_regprocedure(e.signature) AS oid, row_number() OVER (ORDER BY e.signature) AS ord FROM expected_functions e
),
-- Statements run only where the tables and columns they name exist.
readable AS (
    SELECT to_regclass('public.leads') IS NOT NULL AND to_regclass('public.lead_routing_queue') IS NOT NULL
        AND (SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass('public.leads') AND NOT a.attisdropped
            AND a.attname IN ('id', 'workspace_id', 'source_workspace_id', 'routing_status', 'lead_expires_at')) = 5
        AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass('public.lead_routing_queue')
            AND a.attname = 'lead_id' AND NOT a.attisdropped) AS has_state
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
    SELECT 1, e.ord::bigint, 'column ' || e.table_name || '.' || e.column_name,
        a.attname IS NOT NULL AND (e.type_name IS NULL OR replace(format_type(a.atttypid, a.atttypmod), 'public.', '') = e.type_name),
        CASE WHEN a.attname IS NULL THEN 'missing' ELSE format_type(a.atttypid, a.atttypmod) END
    FROM routing_columns e
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass('public.' || e.table_name) AND a.attname = e.column_name AND NOT a.attisdropped

    UNION ALL
    SELECT 2, 1, 'type lead_routing_status',
        coalesce((SELECT array_agg(v.enumlabel::text ORDER BY v.enumsortorder) FROM pg_catalog.pg_enum v
            WHERE v.enumtypid = to_regtype('public.lead_routing_status')) @> ARRAY['pending', 'routing', 'routed', 'failed', 'expired'], false),
        coalesce((SELECT string_agg(v.enumlabel, ', ' ORDER BY v.enumsortorder) FROM pg_catalog.pg_enum v
            WHERE v.enumtypid = to_regtype('public.lead_routing_status')), 'missing')

    UNION ALL
    SELECT 3, f.ord, 'function ' || split_part(f.signature, '(', 1), f.oid IS NOT NULL,
        CASE WHEN f.oid IS NULL THEN 'missing: ' || f.signature ELSE '' END
    FROM functions f

    UNION ALL
    SELECT 4, t.ord, 'table ' || t.table_name, t.oid IS NOT NULL, CASE WHEN t.oid IS NULL THEN 'missing' ELSE '' END
    FROM tables t

    UNION ALL
    SELECT 5, t.ord, 'columns of ' || t.table_name, c.wrong IS NULL, coalesce(c.wrong, '')
    FROM tables t
    CROSS JOIN LATERAL (
        SELECT string_agg(CASE WHEN a.attname IS NULL THEN e.name || ' is missing' ELSE e.name || ' is ' || format_type(a.atttypid, a.atttypmod) END,
            ', ' ORDER BY e.name) AS wrong
        FROM unnest(t.columns, t.types) e (name, type_name)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attname = e.name AND NOT a.attisdropped
        WHERE a.attname IS NULL OR (NOT t.is_adopted AND format_type(a.atttypid, a.atttypmod) <> e.type_name)
    ) c

    UNION ALL
    SELECT 6, t.ord, 'constraints of ' || t.table_name, c.wrong IS NULL, coalesce('missing: ' || c.wrong, '')
    FROM tables t
    CROSS JOIN LATERAL (
        SELECT string_agg(e.name, ', ' ORDER BY e.name) AS wrong FROM unnest(t.constraints) e (name)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = t.oid AND k.conname = e.name)
    ) c
    WHERE NOT t.is_adopted AND cardinality(t.constraints) > 0

    -- Whether row-level security of an adopted table is on is for the installation to decide.
    UNION ALL
    SELECT 7, t.ord, 'row-level security of ' || t.table_name, coalesce(c.relrowsecurity, false),
        CASE WHEN t.oid IS NULL THEN 'missing' WHEN c.relrowsecurity THEN 'on' ELSE 'off: every role with a grant sees every row' END
    FROM tables t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid
    WHERE NOT t.is_adopted

    UNION ALL
    SELECT 8, t.ord, 'policies of ' || t.table_name,
        NOT EXISTS (SELECT FROM unnest(t.policies) e (name)
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = t.oid AND p.polname = e.name))
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = t.oid
                AND p.polpermissive AND p.polcmd <> 'r' AND t.table_name IN ('public.lead_routing_queue', 'public.lead_routing_logs',
                    'public.lead_identity_claims', 'public.lead_attributions')
                AND p.polroles && ARRAY[0::oid, coalesce(to_regrole('anon')::oid, 0), coalesce(to_regrole('authenticated')::oid, 0)]),
        coalesce((SELECT string_agg(p.polname, ', ' ORDER BY p.polname) FROM pg_catalog.pg_policy p WHERE p.polrelid = t.oid), 'none')
    FROM tables t
    WHERE NOT t.is_adopted AND cardinality(t.policies) > 0

    UNION ALL
    SELECT 9, row_number() OVER (ORDER BY e.index_name), 'index ' || replace(e.index_name, 'public.', ''), coalesce(i.indisvalid, false),
        CASE WHEN i.indexrelid IS NULL THEN 'missing' WHEN NOT i.indisvalid THEN 'invalid: drop it and migrate again' ELSE '' END
    FROM expected_indexes e
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = to_regclass(e.index_name)

    UNION ALL
    SELECT 10, row_number() OVER (ORDER BY e.table_name, e.trigger_name), 'trigger ' || e.trigger_name || ' on ' || e.table_name,
        coalesce(t.tgenabled <> 'D', false),
        CASE WHEN t.tgname IS NULL THEN 'missing' WHEN t.tgenabled = 'D' THEN 'disabled' ELSE '' END
    FROM expected_triggers e
    LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = to_regclass(e.table_name) AND t.tgname = e.trigger_name

    UNION ALL
    SELECT 11, 1, 'functions closed to every role but service_role', o.names IS NULL, coalesce('open to ' || o.names, '')
    FROM (
        SELECT string_agg(DISTINCT r.role_name || ': ' || split_part(f.signature, '(', 1), ', ') AS names
        FROM functions f CROSS JOIN (VALUES ('anon'), ('authenticated')) r (role_name)
        WHERE NOT f.is_open AND f.oid IS NOT NULL AND to_regrole(r.role_name) IS NOT NULL
            AND has_function_privilege(to_regrole(r.role_name)::oid, f.oid::oid, 'EXECUTE')
    ) o
    UNION ALL
    SELECT 11, 2, 'functions open to service_role',
        to_regrole('service_role') IS NOT NULL AND NOT EXISTS (SELECT FROM functions f
            WHERE f.oid IS NOT NULL AND NOT has_function_privilege(to_regrole('service_role')::oid, f.oid::oid, 'EXECUTE')),
        CASE WHEN to_regrole('service_role') IS NULL THEN 'the role is missing' ELSE '' END
    UNION ALL
    SELECT 11, 3, 'search_path pinned in every function', o.names IS NULL, coalesce(o.names, '')
    FROM (
        SELECT string_agg(p.proname, ', ') AS names FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = to_regnamespace('switchyard') AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%search_path=%', false)
    ) o
    UNION ALL
    SELECT 11, 4, 'queue, log and claims written by no member',
        NOT EXISTS (SELECT FROM (VALUES ('public.lead_routing_queue'), ('public.lead_routing_logs'), ('public.lead_identity_claims')) t (n)
            CROSS JOIN (VALUES ('anon'), ('authenticated')) r (role_name)
            CROSS JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) p (privilege)
            WHERE to_regclass(t.n) IS NOT NULL AND to_regrole(r.role_name) IS NOT NULL
                AND has_table_privilege(to_regrole(r.role_name)::oid, to_regclass(t.n)::oid, p.privilege)), ''

    UNION ALL
    SELECT 12, 1, 'every lead has a status', coalesce(f.no_status = 0, false),
        CASE WHEN f.no_status IS NULL THEN 'cannot be counted' WHEN f.no_status = 0 THEN f.per_status ELSE f.no_status || ' have none' END
    FROM figures f
    UNION ALL
    SELECT 12, 2, 'every lead has its expiry', coalesce(f.no_expiry = 0, false),
        CASE WHEN f.no_expiry IS NULL THEN 'cannot be counted' WHEN f.no_expiry = 0 THEN '' ELSE f.no_expiry || ' have none' END
    FROM figures f
    UNION ALL
    SELECT 12, 3, 'every lead with a workspace has its source', coalesce(f.no_source = 0, false),
        CASE WHEN f.no_source IS NULL THEN 'cannot be counted' WHEN f.no_source = 0 THEN '' ELSE f.no_source || ' have none' END
    FROM figures f
    UNION ALL
    SELECT 12, 4, 'one queue row for each pending lead', coalesce(f.orphans = 0 AND f.leftovers = 0, false),
        CASE WHEN f.orphans IS NULL THEN 'cannot be counted' WHEN f.orphans = 0 AND f.leftovers = 0 THEN ''
            ELSE f.orphans || ' without a row, ' || f.leftovers || ' rows without a lead: SELECT switchyard.enqueue_orphans(1000)' END
    FROM figures f
    UNION ALL
    SELECT 12, 5, 'no column of leads is required that routing does not fill',
        to_regclass('public.leads') IS NOT NULL AND bool_and(a.attname IS NULL),
        coalesce('required: ' || string_agg(a.attname, ', '), '')
    FROM (SELECT 1) one
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass('public.leads') AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
        -- A lead without one of these is refused where the column is NOT NULL; any other column never gets a value.
        AND a.attname NOT IN ('id', 'workspace_id', 'source_workspace_id', 'email', 'phone', 'first_name', 'last_name', 'company_name',
            'company_industry', 'company_size', 'company_revenue', 'company_location', 'source', 'source_id', 'metadata', 'routing_status')
    UNION ALL
    SELECT 12, 6, 'log has a partition for next month',
        to_regclass('switchyard.lead_routing_logs_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')) IS NOT NULL,
        CASE WHEN to_regclass('switchyard.lead_routing_logs_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')) IS NULL
            THEN 'missing: SELECT switchyard.ensure_log_partitions(3)' ELSE '' END
)
SELECT check_name, ok, detail FROM checks ORDER BY section, ord;
