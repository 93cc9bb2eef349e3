-- What `switchyard migrate verify` asks: one row for each check (check_name, ok, detail, remedy), in reading order. detail says what
-- is missing or changed, or what was found; remedy is NULL if `switchyard migrate up` restores it. Runs without error on a database
-- where anything is missing: the catalogue is read, and leads are counted through query_to_xml(), only where the table exists.
--
-- What the catalogue can tell is made from the declared schema, supabase/schemas, by script/expected-schema. Written by hand is what
-- it cannot tell: the columns that the migration guide names, who may do what, and the backfill.
WITH
-- Made from supabase/schemas by script/expected-schema; do not edit before the next such line.
expected_tables (table_name, columns, types, constraints, policies, grants) AS (
    VALUES
        (NULL::text, NULL::text[], NULL::text[], NULL::text[], NULL::text[], NULL::text[]),
        ('public.lead_attributions', '{credited_at,lead_id,partner_id,returned_at,workspace_id}', '{"timestamp with time zone",uuid,uuid,"timestamp with time zone",uuid}', '{lead_attributions_pkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.lead_identity_claims', '{claimed_at,identity,lead_id,workspace_id}', '{"timestamp with time zone",bytea,uuid,uuid}', '{lead_identity_claims_identity_check,lead_identity_claims_of_lead}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.lead_routing_logs', '{actor,attempt,created_at,destination_workspace_id,duplicate_of,error_message,id,lead_id,matched_rule_id,metadata,reason,routing_result,rule_set_version,source_workspace_id}', '{text,integer,"timestamp with time zone",uuid,uuid,text,bigint,uuid,uuid,jsonb,text,text,bigint,uuid}', '{lead_routing_logs_routing_result_check}', '{"switchyard_members: permissive r to authenticated using ((source_workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) OR (destination_workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces)))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT(attempt),SELECT(created_at),SELECT(destination_workspace_id),SELECT(id),SELECT(lead_id),SELECT(matched_rule_id),SELECT(routing_result),SELECT(rule_set_version),SELECT(source_workspace_id)","service_role INSERT,SELECT"}'),
        ('public.lead_routing_queue', '{attempt_number,created_at,last_error,lead_id,next_retry_at,waiting_for,workspace_id}', '{integer,"timestamp with time zone",text,uuid,"timestamp with time zone",uuid,uuid}', '{lead_routing_queue_pkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.lead_routing_rules', '{conditions,created_at,destination_workspace_id,distribution,id,is_active,priority,rule_name,updated_at,workspace_id}', '{jsonb,"timestamp with time zone",uuid,jsonb,uuid,boolean,integer,text,"timestamp with time zone",uuid}', '{lead_routing_rules_destination_workspace_id_fkey,lead_routing_rules_pkey,lead_routing_rules_workspace_id_fkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_owner_adds: permissive a to authenticated using - check ((workspace_id = ( SELECT acting_workspace() AS acting_workspace)) AND ((destination_workspace_id = workspace_id) OR (EXISTS ( SELECT FROM routing_agreements a WHERE ((a.receiving_workspace_id = lead_routing_rules.destination_workspace_id) AND (a.sending_workspace_id = lead_routing_rules.workspace_id)))))) calls switchyard.acting_workspace","switchyard_owner_changes: permissive w to authenticated using (workspace_id = ( SELECT acting_workspace() AS acting_workspace)) check ((workspace_id = ( SELECT acting_workspace() AS acting_workspace)) AND ((destination_workspace_id = workspace_id) OR (EXISTS ( SELECT FROM routing_agreements a WHERE ((a.receiving_workspace_id = lead_routing_rules.destination_workspace_id) AND (a.sending_workspace_id = lead_routing_rules.workspace_id)))))) calls switchyard.acting_workspace","switchyard_owner_removes: permissive d to authenticated using (workspace_id = ( SELECT acting_workspace() AS acting_workspace)) check - calls switchyard.acting_workspace","switchyard_pool_adds: restrictive a to authenticated using - check (NOT (EXISTS ( SELECT FROM jsonb_array_elements( CASE jsonb_typeof((lead_routing_rules.distribution #> ''{pool,members}''::text[])) WHEN ''array''::text THEN (lead_routing_rules.distribution #> ''{pool,members}''::text[]) ELSE ''[]''::jsonb END) m(value) WHERE ((lower((m.value ->> ''workspaceId''::text)) IS DISTINCT FROM (lead_routing_rules.workspace_id)::text) AND (NOT (EXISTS ( SELECT FROM routing_agreements a WHERE (((a.receiving_workspace_id)::text = lower((m.value ->> ''workspaceId''::text))) AND (a.sending_workspace_id = lead_routing_rules.workspace_id))))))))) calls -","switchyard_pool_changes: restrictive w to authenticated using true check (NOT (EXISTS ( SELECT FROM jsonb_array_elements( CASE jsonb_typeof((lead_routing_rules.distribution #> ''{pool,members}''::text[])) WHEN ''array''::text THEN (lead_routing_rules.distribution #> ''{pool,members}''::text[]) ELSE ''[]''::jsonb END) m(value) WHERE ((lower((m.value ->> ''workspaceId''::text)) IS DISTINCT FROM (lead_routing_rules.workspace_id)::text) AND (NOT (EXISTS ( SELECT FROM routing_agreements a WHERE (((a.receiving_workspace_id)::text = lower((m.value ->> ''workspaceId''::text))) AND (a.sending_workspace_id = lead_routing_rules.workspace_id))))))))) calls -","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated DELETE,INSERT,SELECT,UPDATE","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.leads', '{assignee_id,company_industry,company_location,company_name,company_revenue,company_size,created_at,dedupe_hash,duplicate_of,email,erased_at,first_name,id,last_name,lead_expires_at,matched_rule_id,metadata,partner_id,phone,routed_at,routing_attempts,routing_error,routing_last_attempted_at,routing_locked_at,routing_locked_by,routing_status,source,source_id,source_workspace_id,updated_at,workspace_id}', '{uuid,text,jsonb,text,text,text,"timestamp with time zone","character varying(64)",uuid,text,"timestamp with time zone",text,uuid,text,"timestamp with time zone",uuid,jsonb,uuid,text,"timestamp with time zone",integer,text,"timestamp with time zone","timestamp with time zone",uuid,public.lead_routing_status,text,text,uuid,"timestamp with time zone",uuid}', '{leads_pkey}', '{"switchyard_members: permissive r to authenticated using ((workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) OR (source_workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces)))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT(assignee_id),SELECT(company_industry),SELECT(company_location),SELECT(company_name),SELECT(company_revenue),SELECT(company_size),SELECT(created_at),SELECT(dedupe_hash),SELECT(email),SELECT(erased_at),SELECT(first_name),SELECT(id),SELECT(last_name),SELECT(lead_expires_at),SELECT(matched_rule_id),SELECT(metadata),SELECT(partner_id),SELECT(phone),SELECT(routed_at),SELECT(routing_attempts),SELECT(routing_error),SELECT(routing_last_attempted_at),SELECT(routing_locked_at),SELECT(routing_locked_by),SELECT(routing_status),SELECT(source),SELECT(source_id),SELECT(source_workspace_id),SELECT(updated_at),SELECT(workspace_id)","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.partners', '{created_at,id,is_active,name,workspace_id}', '{"timestamp with time zone",uuid,boolean,text,uuid}', '{partners_pkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.routing_agreements', '{created_at,receiving_workspace_id,sending_workspace_id}', '{"timestamp with time zone",uuid,uuid}', '{routing_agreements_pkey,routing_agreements_receiving_workspace_id_fkey,routing_agreements_sending_workspace_id_fkey}', '{"switchyard_members: permissive r to authenticated using ((receiving_workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) OR (sending_workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces)))) check - calls switchyard.visible_workspaces","switchyard_receiver_agrees: permissive a to authenticated using - check (receiving_workspace_id = ( SELECT acting_workspace() AS acting_workspace)) calls switchyard.acting_workspace","switchyard_receiver_ends: permissive d to authenticated using (receiving_workspace_id = ( SELECT acting_workspace() AS acting_workspace)) check - calls switchyard.acting_workspace","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated DELETE,INSERT,SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.user_workspaces', '{created_at,role,user_id,workspace_id}', '{"timestamp with time zone",text,uuid,uuid}', '{user_workspaces_pkey,user_workspaces_workspace_id_fkey}', '{"switchyard_members: permissive r to authenticated using ((user_id = ( SELECT uid() AS uid)) OR (workspace_id = ( SELECT acting_workspace() AS acting_workspace))) check - calls auth.uid,switchyard.acting_workspace","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.users', '{created_at,email,id}', '{"timestamp with time zone",text,uuid}', '{users_pkey}', '{"switchyard_members: permissive r to authenticated using (id = ( SELECT uid() AS uid)) check - calls auth.uid","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.workspace_assignees', '{absent_from,absent_until,caps,created_at,id,is_active,name,updated_at,user_id,weight,workspace_id}', '{"timestamp with time zone","timestamp with time zone",jsonb,"timestamp with time zone",uuid,boolean,text,"timestamp with time zone",uuid,integer,uuid}', '{workspace_assignees_absence_check,workspace_assignees_name_check,workspace_assignees_pkey,workspace_assignees_weight_check,workspace_assignees_workspace_id_fkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_owner_adds: permissive a to authenticated using - check (workspace_id = ( SELECT acting_workspace() AS acting_workspace)) calls switchyard.acting_workspace","switchyard_owner_changes: permissive w to authenticated using (workspace_id = ( SELECT acting_workspace() AS acting_workspace)) check (workspace_id = ( SELECT acting_workspace() AS acting_workspace)) calls switchyard.acting_workspace","switchyard_owner_removes: permissive d to authenticated using (workspace_id = ( SELECT acting_workspace() AS acting_workspace)) check - calls switchyard.acting_workspace","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated DELETE,INSERT,SELECT,UPDATE","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('public.workspaces', '{capacity,created_at,deleted_at,fallback_workspace_id,id,is_active,name,routing_paused_at,routing_suspended_at,routing_suspended_reason,unmatched_policy,updated_at,workspace_type}', '{jsonb,"timestamp with time zone","timestamp with time zone",uuid,uuid,boolean,text,"timestamp with time zone","timestamp with time zone",text,text,"timestamp with time zone",text}', '{workspaces_pkey,workspaces_unmatched_policy_check}', '{"switchyard_members: permissive r to authenticated using (id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.access_version', '{singleton,version}', '{boolean,bigint}', '{access_version_pkey,access_version_singleton_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role SELECT"}'),
        ('switchyard.alert_notifications', '{alert,attempts,claim,created_at,delivered_at,episode,error,given_up_at,kind,next_attempt_at,number,severity,target,value}', '{text,integer,uuid,"timestamp with time zone","timestamp with time zone",bigint,text,"timestamp with time zone",text,"timestamp with time zone",integer,text,text,"double precision"}', '{alert_notifications_kind_check,alert_notifications_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.alerts', '{clear_since,episode,evaluated_at,evaluated_by,name,notified_at,phase,reminders,silence_reason,silenced_by,silenced_until,since,value}', '{"timestamp with time zone",bigint,"timestamp with time zone",text,text,"timestamp with time zone",text,integer,text,text,"timestamp with time zone","timestamp with time zone","double precision"}', '{alerts_phase_check,alerts_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.api_keys', '{allowed_networks,created_at,expires_at,id,is_test,last_used_address,last_used_at,name,prefix,replaced_by,revoked_at,scopes,secret_hash,workspace_id}', '{cidr[],"timestamp with time zone","timestamp with time zone",uuid,boolean,inet,"timestamp with time zone",text,text,uuid,"timestamp with time zone",text[],bytea,uuid}', '{api_keys_pkey,api_keys_prefix_key,api_keys_test_check,api_keys_workspace_id_fkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.audit_log', '{action,actor,after,before,database_user,happened_at,hash,previous_hash,sequence,subject,subject_id,workspace_id}', '{text,text,jsonb,jsonb,text,"timestamp with time zone",bytea,bytea,bigint,text,text,uuid}', '{audit_log_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role SELECT"}'),
        ('switchyard.audit_turn', '{singleton}', '{boolean}', '{audit_turn_pkey,audit_turn_singleton_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{}'),
        ('switchyard.erasures', '{actor,erased_at,found_by,keeps_identity,lead_id,on_behalf_of,status_before}', '{text,"timestamp with time zone",text,boolean,uuid,uuid,text}', '{erasures_found_by_check,erasures_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role INSERT,SELECT"}'),
        ('switchyard.golden_leads', '{content,created_at,id,position,updated_at,workspace_id}', '{jsonb,"timestamp with time zone",uuid,integer,"timestamp with time zone",uuid}', '{golden_leads_pkey,golden_leads_workspace_id_fkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.idempotency_keys', '{created_at,key,lead_id,request,workspace_id}', '{"timestamp with time zone",bytea,uuid,bytea,uuid}', '{idempotency_keys_key_check,idempotency_keys_pkey,idempotency_keys_request_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.lead_routing_logs_default', '{actor,attempt,created_at,destination_workspace_id,duplicate_of,error_message,id,lead_id,matched_rule_id,metadata,reason,routing_result,rule_set_version,source_workspace_id}', '{text,integer,"timestamp with time zone",uuid,uuid,text,bigint,uuid,uuid,jsonb,text,text,bigint,uuid}', '{lead_routing_logs_routing_result_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{}'),
        ('switchyard.local_users', '{created_at,disabled_at,email,password_changed_at,password_hash,recovery_hashes,session_epoch,totp_confirmed_at,totp_secret,totp_step,user_id}', '{"timestamp with time zone","timestamp with time zone",text,"timestamp with time zone",text,bytea[],bigint,"timestamp with time zone",bytea,bigint,uuid}', '{local_users_email_key,local_users_pkey,local_users_totp_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.nodes', '{host,name,report,seen_at,started_at,version}', '{text,text,jsonb,"timestamp with time zone","timestamp with time zone",text}', '{nodes_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.operator_log', '{action,actor,details,happened_at,id,reason,subject_id,workspace_id}', '{text,text,jsonb,"timestamp with time zone",bigint,text,uuid,uuid}', '{operator_log_action_check,operator_log_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role INSERT,SELECT"}'),
        ('switchyard.rate_buckets', '{policy,spent,subject,window_start}', '{smallint,bigint,uuid,"timestamp with time zone"}', '{rate_buckets_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.rate_leases', '{expires_at,node,policy,subject,tokens,window_start}', '{"timestamp with time zone",uuid,smallint,uuid,bigint,"timestamp with time zone"}', '{rate_leases_pkey,rate_leases_tokens_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.retention', '{log_months,pruned_at,singleton}', '{integer,"timestamp with time zone",boolean}', '{retention_log_months_check,retention_pkey,retention_singleton_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role SELECT,UPDATE"}'),
        ('switchyard.routing_pauses', '{paused_at,paused_by,reason,workspace_id}', '{"timestamp with time zone",text,text,uuid}', '{routing_pauses_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.routing_state', '{amount,member_id,owner_id,period,scope,window_end,window_start}', '{bigint,uuid,uuid,smallint,smallint,"timestamp with time zone","timestamp with time zone"}', '{routing_state_period_check,routing_state_pkey,routing_state_scope_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.routing_statistics', '{day,dimension,direction,duplicates,expired,failed,key,latency_counts,latency_ms,retried,returned,routed,unmatched,waited,workspace_id}', '{date,text,text,bigint,bigint,bigint,text,bigint[],bigint,bigint,bigint,bigint,bigint,bigint,uuid}', '{routing_statistics_dimension_check,routing_statistics_direction_check,routing_statistics_latency_counts_check,routing_statistics_pkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.routing_totals', '{day,dimension,direction,duplicates,expired,failed,key,latency_counts,latency_ms,retried,returned,routed,unmatched,waited}', '{date,text,text,bigint,bigint,bigint,text,bigint[],bigint,bigint,bigint,bigint,bigint,bigint}', '{routing_totals_latency_counts_check,routing_totals_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.rule_notices', '{noticed_at,reason,rule_id}', '{"timestamp with time zone",text,uuid}', '{rule_notices_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.rule_set_drafts', '{based_on,document,owner,updated_at,updated_by}', '{bigint,jsonb,uuid,"timestamp with time zone",text}', '{rule_set_drafts_pkey}', '{"switchyard_owner: permissive * to authenticated using (owner = ( SELECT acting_workspace() AS acting_workspace)) check (owner = ( SELECT acting_workspace() AS acting_workspace)) calls switchyard.acting_workspace","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated DELETE,INSERT,SELECT,UPDATE","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.rule_set_history', '{content,owner,row_key,table_name,valid_from,valid_to}', '{jsonb,uuid,text,text,bigint,bigint}', '{rule_set_history_pkey}', '{"switchyard_members: permissive r to authenticated using (owner = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role SELECT"}'),
        ('switchyard.rule_set_rollbacks', '{bad_version,failures,good_version,happened_at,new_version,node,owner,routings}', '{bigint,bigint,bigint,"timestamp with time zone",bigint,text,uuid,bigint}', '{rule_set_rollbacks_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role INSERT,SELECT,UPDATE"}'),
        ('switchyard.rule_set_tables', '{columns,key_columns,owner_column,table_name}', '{text[],text[],text,text}', '{rule_set_tables_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role SELECT"}'),
        ('switchyard.rule_set_version', '{changed_at,changed_by,singleton,version}', '{"timestamp with time zone",xid8,boolean,bigint}', '{rule_set_version_pkey,rule_set_version_singleton_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.rule_set_versions', '{action,actor,changed_at,changes_other,note,owners,version}', '{text,text,"timestamp with time zone",boolean,text,uuid[],bigint}', '{rule_set_versions_action_check,rule_set_versions_pkey}', '{"switchyard_members: permissive r to authenticated using (owners && ARRAY( SELECT visible_workspaces() AS visible_workspaces)) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role SELECT"}'),
        ('switchyard.rule_sizes', '{comparisons,has_pool,patterns,rule_id,workspace_id}', '{integer,boolean,integer,uuid,uuid}', '{rule_sizes_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role SELECT"}'),
        ('switchyard.scheduled_runs', '{affected,claim,due_at,error,finished_at,name,node,started_at}', '{bigint,uuid,"timestamp with time zone",text,"timestamp with time zone",text,text,"timestamp with time zone"}', '{scheduled_runs_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.statistics_horizons', '{next_xid,seen_at}', '{xid8,"timestamp with time zone"}', '{statistics_horizons_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.statistics_watermark', '{counted_at,horizon,place,rebuild_before,singleton}', '{"timestamp with time zone",xid8,text,date,boolean}', '{statistics_watermark_pkey,statistics_watermark_singleton_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.sticky_destinations', '{key,rule_id,updated_at,workspace_id}', '{bytea,uuid,"timestamp with time zone",uuid}', '{sticky_destinations_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.test_leads', '{content,created_at,destination_workspace_id,id,matched_rule_id,reason,status,workspace_id}', '{jsonb,"timestamp with time zone",uuid,uuid,uuid,text,text,uuid}', '{test_leads_pkey,test_leads_workspace_id_fkey}', '{"switchyard_members: permissive r to authenticated using (workspace_id = ANY (ARRAY( SELECT visible_workspaces() AS visible_workspaces))) check - calls switchyard.visible_workspaces","switchyard_service: permissive * to service_role using true check true calls -"}', '{"authenticated SELECT","service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.user_links', '{created_at,expires_at,id,removes_totp,token_hash,used_at,user_id}', '{"timestamp with time zone","timestamp with time zone",uuid,boolean,bytea,"timestamp with time zone",uuid}', '{user_links_pkey,user_links_token_hash_key,user_links_user_id_fkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.user_sessions', '{address,client,created_at,ended_at,epoch,expires_at,id,last_used_at,token_hash,user_id}', '{inet,text,"timestamp with time zone","timestamp with time zone",bigint,"timestamp with time zone",uuid,"timestamp with time zone",bytea,uuid}', '{user_sessions_pkey,user_sessions_token_hash_key,user_sessions_user_id_fkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.waiting_reviews', '{horizon,one,reviewed_at,version}', '{xid8,boolean,"timestamp with time zone",bigint}', '{waiting_reviews_one_check,waiting_reviews_pkey}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}'),
        ('switchyard.workspace_quotas', '{assignees,comparisons,draft_bytes,golden_leads,key_requests_per_minute,leads_per_day,patterns,pools,requests_per_minute,rule_comparisons,rules,workspace_id}', '{integer,integer,integer,integer,integer,integer,integer,integer,integer,integer,integer,uuid}', '{workspace_quotas_assignees_check,workspace_quotas_comparisons_check,workspace_quotas_draft_bytes_check,workspace_quotas_golden_leads_check,workspace_quotas_key_requests_per_minute_check,workspace_quotas_leads_per_day_check,workspace_quotas_patterns_check,workspace_quotas_pkey,workspace_quotas_pools_check,workspace_quotas_requests_per_minute_check,workspace_quotas_rule_comparisons_check,workspace_quotas_rules_check}', '{"switchyard_service: permissive * to service_role using true check true calls -"}', '{"service_role DELETE,INSERT,SELECT,UPDATE"}')
),
expected_functions (signature, is_open, digest) AS (
    VALUES
        ('public.acquire_routing_lock(uuid,uuid)', false, 'a2cc44295435ec1e'),
        ('public.check_cross_partner_duplicate(character varying,uuid)', false, '048c1dae2b0233ae'),
        ('public.complete_routing(uuid,uuid,uuid,uuid)', false, 'd6e50e3a61637ecc'),
        ('public.fail_routing(uuid,text,uuid,integer)', false, 'ee30d8904819d202'),
        ('public.generate_dedupe_hash(text,text,text)', false, 'c868df9b8df61c8e'),
        ('public.mark_expired_leads()', false, '6137504623c1e364'),
        ('public.release_stale_routing_locks()', false, '4dcff1b32b3fd7e3'),
        ('switchyard.acquire_routing_locks(uuid[],uuid)', false, 'fc5f9173070104d6'),
        ('switchyard.acting_workspace()', true, '6a31f971a1e34a6e'),
        ('switchyard.add_statistics(timestamp with time zone,timestamp with time zone,xid8,xid8)', false, 'f063eb7b95e877ed'),
        ('switchyard.append_audit(text,text,text,text,uuid,jsonb,jsonb)', false, '79138130f1e72520'),
        ('switchyard.audit_change()', false, '5d6e4f093a78acd5'),
        ('switchyard.audit_content(bigint,timestamp with time zone,text,text,text,text,text,uuid,jsonb,jsonb)', false, '653f633436c79378'),
        ('switchyard.audit_truncate()', false, '1ed590c18f460b53'),
        ('switchyard.awaited_rules()', false, '7687277fd4a71357'),
        ('switchyard.bump_access_version()', false, '1280cdf19f1a0bb0'),
        ('switchyard.bump_rule_set_version()', false, 'a2a58ba38a682821'),
        ('switchyard.capacity_window(smallint,text,timestamp with time zone)', false, '263de64dc9ae7f75'),
        ('switchyard.check_assignee_quota()', false, '983f4ee7141986d5'),
        ('switchyard.check_capacity()', false, 'fa9bff4dc7e755e4'),
        ('switchyard.check_draft_quota()', false, '305998d8b06d22cb'),
        ('switchyard.check_golden_lead_quota()', false, 'cd412f9d373a0c9a'),
        ('switchyard.check_rule_quotas()', false, '27aeb1deef48b48f'),
        ('switchyard.claim_identities(uuid[],uuid[],bytea[],bytea[])', false, '3f610b7f025b2b30'),
        ('switchyard.claim_waiters(uuid,integer,uuid[])', false, '1cf1845fcef4c49a'),
        ('switchyard.complete_lead_columns()', false, '44577645dd133847'),
        ('switchyard.complete_routings(uuid[],uuid[],uuid[],uuid)', false, 'df831db0f7842ec8'),
        ('switchyard.current_rule_set_version()', false, 'd956479eaef94875'),
        ('switchyard.drop_old_log_partitions()', false, '4b0d9317cba99a5b'),
        ('switchyard.enqueue_orphans(integer)', false, '8563acf488054bcd'),
        ('switchyard.ensure_log_partitions(integer)', false, '41471be2a3f4bb62'),
        ('switchyard.erase_leads(uuid[],uuid,text,text,text,boolean)', false, 'e41dbac39ba5d6d2'),
        ('switchyard.fail_routings(uuid[],text[],uuid,integer)', false, 'c3cad337a3cd76eb'),
        ('switchyard.failing_publications(timestamp with time zone)', false, 'c8e64e9401f0023d'),
        ('switchyard.find_person(text,text,uuid,bigint,bigint)', false, 'c66db4cf80d73658'),
        ('switchyard.follow_lead_state()', false, '6fb7464e87178544'),
        ('switchyard.follow_statistics()', false, '5cbbb47381d8374a'),
        ('switchyard.gather_statistics()', false, '14af446f84ff4c8e'),
        ('switchyard.guard_lead_state()', false, '801771ea47e430ce'),
        ('switchyard.guard_suspension()', false, '19c4c12db9d4bc4c'),
        ('switchyard.has_quotas(uuid)', false, 'a1c4914a203825af'),
        ('switchyard.held_leads(uuid[],boolean)', false, 'ad85c4890e3fc854'),
        ('switchyard.hint_waiting()', false, '8245ab420815e717'),
        ('switchyard.hold_lead(uuid)', false, 'aa4827bb67f55c49'),
        ('switchyard.hold_routing_state(smallint[],uuid[],uuid[],smallint[],text[],text[],uuid[],bytea[],uuid[],boolean,timestamp with time zone)', false, '0e9ee4a8f126ddbd'),
        ('switchyard.hold_turn(integer,boolean,uuid[],timestamp with time zone[])', false, 'b7eeedbf653d879f'),
        ('switchyard.ingest_decided(bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[],boolean)', false, 'dabef361b660195e'),
        ('switchyard.ingest_keyed_decided(bytea[],bytea[],bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[],boolean)', false, '2fc80202fe085465'),
        ('switchyard.ingest_within_caps(bytea[],bytea[],bigint,uuid[],uuid[],uuid[],uuid[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],text[],bytea[],bytea[],boolean,uuid[],uuid[],text[],smallint[],uuid[],uuid[],smallint[],bigint[],bigint[],integer[],integer[],boolean)', false, '1941896b4e5357bf'),
        ('switchyard.is_unmatched(uuid)', false, 'a3a07c463f18319d'),
        ('switchyard.keep_audit(text,text,text[],text,text[],text[],text[],text,text)', false, 'a228ae91c34f14cd'),
        ('switchyard.keep_rule_set_history(text,text[],text,text[])', false, '1784b3a2ae4b5f70'),
        ('switchyard.lead_claims(text,text,text)', false, 'da5b24ee6106b738'),
        ('switchyard.lead_identity(text,text)', false, '2fc944084d9627f9'),
        ('switchyard.lease_tokens(uuid,smallint[],uuid[],integer[],bigint[],timestamp with time zone[],bigint[],bigint[],bigint[],interval)', false, '0a42e8f4e56d7d81'),
        ('switchyard.lift_suspension(uuid,text)', false, '420ce28ac7a14826'),
        ('switchyard.lock_rule_set_version()', false, 'cc309707cbc84edc'),
        ('switchyard.lower_by_character(text)', false, '9b35816291f45aa7'),
        ('switchyard.mask_personal(jsonb)', false, '1ea355a69301e395'),
        ('switchyard.newest_results(timestamp with time zone)', false, '3eb6f4ba1b12eb23'),
        ('switchyard.next_rule_set_version(uuid[])', false, '25c520e1393bfb2f'),
        ('switchyard.normalised_identity(text,text)', false, 'e54b6efc51904b45'),
        ('switchyard.pause_routing(uuid,text,text)', false, '4496b6bf3ba0ec1b'),
        ('switchyard.prune()', false, 'ef4144043bb5e253'),
        ('switchyard.quotas_of(uuid)', false, '159bb659ebb1b1ff'),
        ('switchyard.rate_limit_of(smallint,uuid)', false, 'bc1001c22d944600'),
        ('switchyard.rebuild_statistics(date)', false, '8cac17d62328585b'),
        ('switchyard.record_rule_set_change()', false, 'bcd050b6648f145d'),
        ('switchyard.refuse_audit_change()', false, '0b06891ff5b4e969'),
        ('switchyard.refuse_beyond_quota(text,bigint,bigint)', false, '34f0645e03d42ed7'),
        ('switchyard.refuse_log_change()', false, '828f85f8354b93f4'),
        ('switchyard.refuse_workspace_delete()', false, '163beb2320eea0ee'),
        ('switchyard.repair_rule_set_history()', false, 'cbdff733a13c4b14'),
        ('switchyard.replace_golden_leads(uuid,uuid[],jsonb)', false, 'fa19ae034d1383a9'),
        ('switchyard.replace_rules(uuid,jsonb)', false, 'cfca41cda3402ef8'),
        ('switchyard.requeue_lead(uuid,text)', false, 'c350648c77625d4d'),
        ('switchyard.resume_routing(uuid,text)', false, 'e69e729fe3adaa1e'),
        ('switchyard.retry_delay(integer)', false, '90561311e67e657e'),
        ('switchyard.return_lead(uuid,uuid,text,text)', false, '5b4b56aeb95be957'),
        ('switchyard.return_rule_set(uuid,bigint)', false, 'e697c2385ab98a5a'),
        ('switchyard.roll_back_failing(text,timestamp with time zone)', false, '944614e71b95b4ce'),
        ('switchyard.routing_health()', false, 'af35d59f3eb5a1cb'),
        ('switchyard.run_from_cron(text)', false, '107740f85b87b009'),
        ('switchyard.schedule_by_cron()', false, '112830f49d15f02b'),
        ('switchyard.send_returned_lead(uuid,bigint,uuid,uuid,text,text,uuid,text,text)', false, '56613f2beeb9f7a2'),
        ('switchyard.set_vacuum_settings()', false, '2bfc4fa6503d8413'),
        ('switchyard.settle_decided(bigint,uuid[],uuid[],uuid[],text[],text[],text[],text[],bytea[],bytea[],integer,uuid,uuid[],uuid[],text[])', false, 'c5a3dbc421ae266a'),
        ('switchyard.settle_held(bigint,uuid[],uuid[],uuid[],text[],text[],text[],bytea[],bytea[],integer,uuid[],uuid[],text[])', false, '288dcad12e44e367'),
        ('switchyard.statistics_place()', false, 'faff7294101b8174'),
        ('switchyard.suspend_workspace(uuid,text,text)', false, '042ce90084aca051'),
        ('switchyard.switch_off_rule(uuid,text)', false, 'c2f75674f606c79f'),
        ('switchyard.take_routing_state(smallint[],uuid[],uuid[],smallint[],bigint[],uuid[],bytea[],uuid[])', false, 'ca3e17f5149f2def'),
        ('switchyard.take_within_caps(smallint[],uuid[],uuid[],smallint[],bigint[],bigint[],bigint[])', false, '9859ba1ceb3eda3b'),
        ('switchyard.unschedule_by_cron()', false, 'c1e27623d01e4df3'),
        ('switchyard.visible_duplicate(uuid)', true, '0abb4f78baa942a1'),
        ('switchyard.visible_workspaces()', true, '5429aabec53bf135'),
        ('switchyard.waiting_for_capacity()', false, '8433f0ffea51731d'),
        ('switchyard.whole_xid(xid,xid8)', false, 'e561855ae0a27dff'),
        ('switchyard.without_person(jsonb,text[],text[])', false, '3f58ca0e51bd1437'),
        ('switchyard.write_rule_set_history(text,text,text[],jsonb[],uuid[])', false, 'a418163b67a2dd3f')
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
        ('switchyard.test_leads_workspace'),
        ('switchyard.user_links_user'),
        ('switchyard.user_sessions_user')
),
expected_triggers (table_name, trigger_name, definition) AS (
    VALUES
        ('public.lead_routing_logs', 'switchyard_keep_rows', 'switchyard.refuse_log_change 34 always'),
        ('public.lead_routing_logs', 'switchyard_keep_rows_as_they_are', 'switchyard.refuse_log_change 27 always'),
        ('public.lead_routing_queue', 'switchyard_hint', 'switchyard.hint_waiting 4 always'),
        ('public.lead_routing_rules', 'switchyard_0_turn', 'switchyard.lock_rule_set_version 62 always'),
        ('public.lead_routing_rules', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('public.lead_routing_rules', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('public.lead_routing_rules', 'switchyard_history_delete', 'switchyard.record_rule_set_change 8 always'),
        ('public.lead_routing_rules', 'switchyard_history_insert', 'switchyard.record_rule_set_change 4 always'),
        ('public.lead_routing_rules', 'switchyard_history_truncate', 'switchyard.record_rule_set_change 32 always'),
        ('public.lead_routing_rules', 'switchyard_history_update', 'switchyard.record_rule_set_change 16 always'),
        ('public.lead_routing_rules', 'switchyard_quota_delete', 'switchyard.check_rule_quotas 8 always'),
        ('public.lead_routing_rules', 'switchyard_quota_insert', 'switchyard.check_rule_quotas 4 always'),
        ('public.lead_routing_rules', 'switchyard_quota_truncate', 'switchyard.check_rule_quotas 32 always'),
        ('public.lead_routing_rules', 'switchyard_quota_update', 'switchyard.check_rule_quotas 16 always'),
        ('public.lead_routing_rules', 'switchyard_version', 'switchyard.bump_rule_set_version 60 always'),
        ('public.leads', 'switchyard_0_guard', 'switchyard.guard_lead_state 19 when'),
        ('public.leads', 'switchyard_1_complete', 'switchyard.complete_lead_columns 7 when'),
        ('public.leads', 'switchyard_2_identity', 'switchyard.complete_lead_columns 19 when'),
        ('public.leads', 'switchyard_3_enqueue', 'switchyard.follow_lead_state 5 when'),
        ('public.leads', 'switchyard_4_follow', 'switchyard.follow_lead_state 17 when'),
        ('public.leads', 'switchyard_5_erase', 'switchyard.follow_lead_state 9 when'),
        ('public.routing_agreements', 'switchyard_0_turn', 'switchyard.lock_rule_set_version 62 always'),
        ('public.routing_agreements', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('public.routing_agreements', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('public.routing_agreements', 'switchyard_history_delete', 'switchyard.record_rule_set_change 8 always'),
        ('public.routing_agreements', 'switchyard_history_insert', 'switchyard.record_rule_set_change 4 always'),
        ('public.routing_agreements', 'switchyard_history_truncate', 'switchyard.record_rule_set_change 32 always'),
        ('public.routing_agreements', 'switchyard_history_update', 'switchyard.record_rule_set_change 16 always'),
        ('public.routing_agreements', 'switchyard_version', 'switchyard.bump_rule_set_version 60 always'),
        ('public.user_workspaces', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('public.user_workspaces', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('public.workspace_assignees', 'switchyard_0_turn', 'switchyard.lock_rule_set_version 62 always'),
        ('public.workspace_assignees', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('public.workspace_assignees', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('public.workspace_assignees', 'switchyard_history_delete', 'switchyard.record_rule_set_change 8 always'),
        ('public.workspace_assignees', 'switchyard_history_insert', 'switchyard.record_rule_set_change 4 always'),
        ('public.workspace_assignees', 'switchyard_history_truncate', 'switchyard.record_rule_set_change 32 always'),
        ('public.workspace_assignees', 'switchyard_history_update', 'switchyard.record_rule_set_change 16 always'),
        ('public.workspace_assignees', 'switchyard_quota_insert', 'switchyard.check_assignee_quota 4 always'),
        ('public.workspace_assignees', 'switchyard_version', 'switchyard.bump_rule_set_version 60 always'),
        ('public.workspaces', 'switchyard_0_turn', 'switchyard.lock_rule_set_version 62 always'),
        ('public.workspaces', 'switchyard_access', 'switchyard.bump_access_version 56 always'),
        ('public.workspaces', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('public.workspaces', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('public.workspaces', 'switchyard_capacity', 'switchyard.check_capacity 23 when'),
        ('public.workspaces', 'switchyard_history_delete', 'switchyard.record_rule_set_change 8 always'),
        ('public.workspaces', 'switchyard_history_insert', 'switchyard.record_rule_set_change 4 always'),
        ('public.workspaces', 'switchyard_history_truncate', 'switchyard.record_rule_set_change 32 always'),
        ('public.workspaces', 'switchyard_history_update', 'switchyard.record_rule_set_change 16 always'),
        ('public.workspaces', 'switchyard_suspension', 'switchyard.guard_suspension 19 when'),
        ('public.workspaces', 'switchyard_version', 'switchyard.bump_rule_set_version 60 always'),
        ('switchyard.alerts', 'switchyard_audit', 'switchyard.audit_change 17 always'),
        ('switchyard.alerts', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.api_keys', 'switchyard_access', 'switchyard.bump_access_version 56 always'),
        ('switchyard.api_keys', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.api_keys', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.audit_log', 'switchyard_keep_rows', 'switchyard.refuse_audit_change 34 always'),
        ('switchyard.audit_log', 'switchyard_keep_rows_as_they_are', 'switchyard.refuse_audit_change 27 always'),
        ('switchyard.erasures', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.erasures', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.erasures', 'switchyard_keep_rows', 'switchyard.refuse_log_change 34 always'),
        ('switchyard.erasures', 'switchyard_keep_rows_as_they_are', 'switchyard.refuse_log_change 27 always'),
        ('switchyard.golden_leads', 'switchyard_0_turn', 'switchyard.lock_rule_set_version 62 always'),
        ('switchyard.golden_leads', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.golden_leads', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.golden_leads', 'switchyard_history_delete', 'switchyard.record_rule_set_change 8 always'),
        ('switchyard.golden_leads', 'switchyard_history_insert', 'switchyard.record_rule_set_change 4 always'),
        ('switchyard.golden_leads', 'switchyard_history_truncate', 'switchyard.record_rule_set_change 32 always'),
        ('switchyard.golden_leads', 'switchyard_history_update', 'switchyard.record_rule_set_change 16 always'),
        ('switchyard.golden_leads', 'switchyard_quota_insert', 'switchyard.check_golden_lead_quota 4 always'),
        ('switchyard.lead_routing_logs_default', 'switchyard_keep_rows', 'switchyard.refuse_log_change 34 always'),
        ('switchyard.local_users', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.local_users', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.operator_log', 'switchyard_keep_rows', 'switchyard.refuse_log_change 34 always'),
        ('switchyard.operator_log', 'switchyard_keep_rows_as_they_are', 'switchyard.refuse_log_change 27 always'),
        ('switchyard.retention', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.retention', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.routing_pauses', 'switchyard_0_turn', 'switchyard.lock_rule_set_version 62 always'),
        ('switchyard.routing_pauses', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.routing_pauses', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.routing_pauses', 'switchyard_history_delete', 'switchyard.record_rule_set_change 8 always'),
        ('switchyard.routing_pauses', 'switchyard_history_insert', 'switchyard.record_rule_set_change 4 always'),
        ('switchyard.routing_pauses', 'switchyard_history_truncate', 'switchyard.record_rule_set_change 32 always'),
        ('switchyard.routing_pauses', 'switchyard_history_update', 'switchyard.record_rule_set_change 16 always'),
        ('switchyard.routing_pauses', 'switchyard_version', 'switchyard.bump_rule_set_version 60 always'),
        ('switchyard.routing_statistics', 'switchyard_totals_delete', 'switchyard.follow_statistics 8 always'),
        ('switchyard.routing_statistics', 'switchyard_totals_insert', 'switchyard.follow_statistics 4 always'),
        ('switchyard.routing_statistics', 'switchyard_totals_truncate', 'switchyard.follow_statistics 32 always'),
        ('switchyard.routing_statistics', 'switchyard_totals_update', 'switchyard.follow_statistics 16 always'),
        ('switchyard.rule_set_drafts', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.rule_set_drafts', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.rule_set_drafts', 'switchyard_quota', 'switchyard.check_draft_quota 23 always'),
        ('switchyard.rule_set_versions', 'switchyard_audit', 'switchyard.audit_change 5 when'),
        ('switchyard.rule_set_versions', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.user_links', 'switchyard_audit', 'switchyard.audit_change 21 always'),
        ('switchyard.user_links', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.user_sessions', 'switchyard_audit', 'switchyard.audit_change 21 always'),
        ('switchyard.user_sessions', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always'),
        ('switchyard.workspace_quotas', 'switchyard_audit', 'switchyard.audit_change 29 always'),
        ('switchyard.workspace_quotas', 'switchyard_audit_truncate', 'switchyard.audit_truncate 32 always')
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
-- The months of the log are like its default partition.
tables AS (
    SELECT e.*, to_regclass(e.table_name) AS oid, row_number() OVER (ORDER BY e.table_name) AS ord,
        EXISTS (SELECT FROM adopted_tables a WHERE a.table_name = e.table_name) AS is_adopted
    FROM expected_tables e WHERE e.table_name IS NOT NULL
    UNION ALL
    SELECT c.oid::regclass::text, e.columns, e.types, '{}', e.policies, e.grants, c.oid::regclass, 1000 + row_number() OVER (ORDER BY c.relname),
        false
    FROM pg_catalog.pg_class c JOIN expected_tables e ON e.table_name = 'switchyard.lead_routing_logs_default'
    WHERE c.relnamespace = to_regnamespace('switchyard') AND c.relname ~ '^lead_routing_logs_[0-9]{4}_[0-9]{2}$'
),
functions AS (
    SELECT e.*, to_regprocedure(e.signature) AS oid, row_number() OVER (ORDER BY e.signature) AS ord FROM expected_functions e
),
-- What is there, in the words of the lists above: script/expected-schema uses the same expressions.
actual_policies AS (
    SELECT t.table_name, p.polname, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid) AS visible,
        pg_get_expr(p.polwithcheck, p.polrelid) AS checked, p.polcmd,
        /* a policy p */ format('%s: %s %s to %s using %s check %s calls %s', p.polname,
            CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, p.polcmd,
            (SELECT string_agg(r.name, ',' ORDER BY r.name COLLATE "C")
                FROM (SELECT CASE x WHEN 0 THEN 'public' ELSE pg_get_userbyid(x)::text END AS name FROM unnest(p.polroles) x) r),
            -- Whether a name has its schema depends on search_path, so the functions are listed with theirs.
            regexp_replace(coalesce(pg_get_expr(p.polqual, p.polrelid), '-'), '\m(public|switchyard|auth)\.|\s+(?=\s)', '', 'g'),
            regexp_replace(coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-'), '\m(public|switchyard|auth)\.|\s+(?=\s)', '', 'g'),
            (SELECT coalesce(string_agg(DISTINCT f.pronamespace::regnamespace || '.' || f.proname, ',' ORDER BY f.pronamespace::regnamespace || '.' || f.proname), '-')
                FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc f ON f.oid = d.refobjid
                WHERE d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass)) /* end of a policy p */ AS text
    FROM tables t JOIN pg_catalog.pg_policy p ON p.polrelid = t.oid
),
actual_grants AS (
    SELECT t.table_name, g.role_name, g.privileges
    FROM tables t
    CROSS JOIN LATERAL (/* the grants of table t */
        SELECT x.role_name, string_agg(DISTINCT x.privilege, ',' ORDER BY x.privilege) AS privileges
        FROM (
            SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END AS role_name, a.privilege_type AS privilege
            FROM pg_catalog.pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE c.oid = t.oid
            UNION ALL
            SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END, a.privilege_type || '(' || c.attname || ')'
            FROM pg_catalog.pg_attribute c CROSS JOIN LATERAL aclexplode(c.attacl) a WHERE c.attrelid = t.oid AND NOT c.attisdropped
        ) x
        WHERE x.role_name IN ('PUBLIC', 'anon', 'authenticated', 'service_role')
        GROUP BY x.role_name /* end of the grants of table t */) g
),
actual_functions AS (
    SELECT f.signature, p.proowner, /* a function p */ left(encode(sha256(convert_to(concat_ws(E'\x1f', p.prosrc,
            (SELECT string_agg(s, ',' ORDER BY s) FROM unnest(p.proconfig) s), p.prosecdef, p.provolatile,
            (SELECT l.lanname FROM pg_catalog.pg_language l WHERE l.oid = p.prolang)), 'UTF8')), 'hex'), 16) /* end of a function p */ AS digest
    FROM functions f JOIN pg_catalog.pg_proc p ON p.oid = f.oid
),
actual_triggers AS (
    SELECT e.table_name, e.trigger_name, g.tgenabled, /* a trigger g */ (SELECT format('%s.%s %s %s', x.pronamespace::regnamespace, x.proname, g.tgtype,
            CASE WHEN g.tgqual IS NULL THEN 'always' ELSE 'when' END) FROM pg_catalog.pg_proc x WHERE x.oid = g.tgfoid) /* end of a trigger g */ AS definition
    FROM expected_triggers e JOIN pg_catalog.pg_trigger g ON g.tgrelid = to_regclass(e.table_name) AND g.tgname = e.trigger_name
),
schema_owner AS (SELECT n.nspowner AS oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'switchyard'),
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
    SELECT 3, f.ord, 'function ' || split_part(f.signature, '(', 1), coalesce(a.digest = f.digest, false),
        CASE WHEN f.oid IS NULL THEN 'missing: ' || f.signature
            WHEN a.digest <> f.digest THEN 'its body, its settings or its security is not that of this version' ELSE '' END
    FROM functions f LEFT JOIN actual_functions a ON a.signature = f.signature

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

    -- Whether row-level security of an adopted table is on is for the installation to decide; section 13 says what follows.
    UNION ALL
    SELECT 7, t.ord, 'row-level security of ' || t.table_name, coalesce(c.relrowsecurity AND c.relforcerowsecurity, false),
        CASE WHEN t.oid IS NULL THEN 'missing' WHEN NOT c.relrowsecurity THEN 'off: every role with a grant sees every row'
            WHEN NOT c.relforcerowsecurity THEN 'not forced: the owner sees every row' ELSE 'on' END
    FROM tables t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid
    WHERE NOT t.is_adopted

    UNION ALL
    SELECT 8, t.ord, 'policies of ' || t.table_name, p.missing IS NULL AND p.others IS NULL,
        CASE WHEN p.missing IS NULL AND p.others IS NULL THEN p.names
            ELSE concat_ws('; ', 'missing or changed: ' || p.missing, 'not ours: ' || p.others)
                || CASE WHEN p.missing IS NULL THEN ' → ' || p.drops ELSE '' END END
    FROM tables t
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid
    CROSS JOIN LATERAL (
        SELECT (SELECT string_agg(split_part(e.text, ':', 1), ', ' ORDER BY e.text) FROM unnest(t.policies) e (text)
                WHERE NOT EXISTS (SELECT FROM actual_policies a WHERE a.table_name = t.table_name AND a.text = e.text)) AS missing,
            x.names, x.others, x.drops
        FROM (
            SELECT coalesce(string_agg(a.polname, ', ' ORDER BY a.polname), 'none') AS names,
                string_agg(a.text, '; ' ORDER BY a.polname) FILTER (WHERE b.is_bad) AS others,
                string_agg(format('DROP POLICY %I ON %s;', a.polname, t.table_name), ' ' ORDER BY a.polname) FILTER (WHERE b.is_bad) AS drops
            FROM actual_policies a
            CROSS JOIN LATERAL (SELECT a.polpermissive AND a.polname NOT IN (SELECT split_part(e.text, ':', 1) FROM unnest(t.policies) e (text))
                -- An installation has policies of its own on its tables. One that lets every role in is reported.
                AND (NOT t.is_adopted OR ('true' IN (a.visible, a.checked) AND a.polroles && ARRAY[0::oid, coalesce(to_regrole('anon')::oid, 0),
                    coalesce(to_regrole('authenticated')::oid, 0)])) AS is_bad) b
            WHERE a.table_name = t.table_name
        ) x
    ) p
    WHERE t.oid IS NOT NULL AND (NOT t.is_adopted OR c.relrowsecurity) AND t.policies IS NOT NULL

    UNION ALL
    SELECT 8, 2000 + t.ord, 'rights on ' || t.table_name, g.missing IS NULL AND g.others IS NULL,
        concat_ws('; ', 'missing: ' || g.missing, 'too many: ' || g.others)
    FROM tables t
    CROSS JOIN LATERAL (
        SELECT string_agg(e.text, '; ') FILTER (WHERE e.text LIKE 'service_role %' AND NOT EXISTS (
                SELECT FROM actual_grants a WHERE a.table_name = t.table_name AND a.role_name = 'service_role'
                    AND string_to_array(a.privileges, ',') @> string_to_array(split_part(e.text, ' ', 2), ','))
                OR e.text NOT LIKE 'service_role %' AND NOT EXISTS (SELECT FROM actual_grants a WHERE a.table_name = t.table_name
                    AND a.role_name || ' ' || a.privileges = e.text)) AS missing,
            (SELECT string_agg(a.role_name || ' ' || a.privileges, '; ') FROM actual_grants a
                WHERE a.table_name = t.table_name AND a.role_name <> 'service_role' AND a.role_name || ' ' || a.privileges <> ALL (t.grants)) AS others
        FROM unnest(t.grants) e (text)
    ) g
    WHERE t.oid IS NOT NULL AND NOT t.is_adopted

    UNION ALL
    SELECT 9, row_number() OVER (ORDER BY e.index_name), 'index ' || replace(e.index_name, 'public.', ''), coalesce(i.indisvalid, false),
        CASE WHEN i.indexrelid IS NULL THEN 'missing' WHEN NOT i.indisvalid THEN 'invalid: drop it and migrate again' ELSE '' END
    FROM expected_indexes e
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = to_regclass(e.index_name)

    UNION ALL
    SELECT 10, row_number() OVER (ORDER BY e.table_name, e.trigger_name), 'trigger ' || e.trigger_name || ' on ' || e.table_name,
        coalesce(t.tgenabled IN ('O', 'A') AND t.definition = e.definition, false),
        CASE WHEN t.trigger_name IS NULL THEN 'missing' WHEN t.tgenabled NOT IN ('O', 'A') THEN 'disabled'
            WHEN t.definition <> e.definition THEN 'changed: ' || t.definition ELSE '' END
    FROM expected_triggers e
    LEFT JOIN actual_triggers t ON t.table_name = e.table_name AND t.trigger_name = e.trigger_name

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
    SELECT 11, 5, 'duplicates of other workspaces hidden from members', coalesce(NOT x.is_readable, true),
        CASE WHEN x.is_readable THEN 'authenticated may read leads.duplicate_of' ELSE '' END
    FROM (SELECT 1) one LEFT JOIN (
        SELECT has_column_privilege(to_regrole('authenticated')::oid, c.oid, a.attnum, 'SELECT') AS is_readable
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'duplicate_of' AND NOT a.attisdropped
        WHERE c.oid = to_regclass('public.leads') AND c.relrowsecurity AND to_regrole('authenticated') IS NOT NULL
    ) x ON true
    UNION ALL
    SELECT 11, 6, 'sequences set back by no member', o.names IS NULL, coalesce('by anon or authenticated: ' || o.names, '')
    FROM (
        SELECT string_agg(d.objid::regclass::text, ', ' ORDER BY d.objid::regclass::text) AS names
        FROM tables t
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid = t.oid AND d.deptype IN ('a', 'i')
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE NOT t.is_adopted AND (SELECT bool_or(has_sequence_privilege(r.oid, s.oid, 'UPDATE, USAGE')) FROM pg_catalog.pg_roles r
            WHERE r.rolname IN ('anon', 'authenticated'))
    ) o

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

    -- What no migration restores, because it may be what the installation wants. Its remedy comes after the arrow.
    UNION ALL
    SELECT 13, 1, 'one owner of every object', o.names IS NULL,
        coalesce(o.names || ' → supabase/change_owner.sql gives all of them to one role', '')
    FROM (
        SELECT string_agg(x.name || ' belongs to ' || pg_get_userbyid(x.owner), ', ' ORDER BY x.name) AS names
        FROM (
            SELECT t.table_name AS name, c.relowner AS owner FROM tables t JOIN pg_catalog.pg_class c ON c.oid = t.oid WHERE NOT t.is_adopted
            UNION ALL
            SELECT 'function ' || split_part(f.signature, '(', 1), f.proowner FROM actual_functions f
        ) x, schema_owner s
        WHERE x.owner <> s.oid
    ) o
    UNION ALL
    SELECT 13, 1 + t.ord, 'row-level security of the installation on ' || t.table_name, o.rights IS NULL,
        coalesce('off, and ' || o.rights || ' → `switchyard migrate up --secure` switches it on and takes these rights', '')
    FROM tables t
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    CROSS JOIN LATERAL (
        SELECT string_agg(x.role_name || ' may ' || x.rights, ', ' ORDER BY x.role_name) AS rights
        FROM (
            SELECT r.rolname AS role_name, string_agg(p.name, ', ' ORDER BY p.ord) AS rights
            FROM pg_catalog.pg_roles r
            CROSS JOIN (VALUES ('SELECT', 1), ('INSERT', 2), ('UPDATE', 3), ('DELETE', 4), ('TRUNCATE', 5)) p (name, ord)
            WHERE r.rolname IN ('anon', 'authenticated') AND NOT c.relrowsecurity AND (has_table_privilege(r.oid, c.oid, p.name)
                OR p.ord <= 3 AND has_any_column_privilege(r.oid, c.oid, CASE WHEN p.ord <= 3 THEN p.name ELSE 'SELECT' END))
            GROUP BY r.rolname
        ) x
    ) o
    WHERE t.is_adopted
)
SELECT check_name, ok, split_part(detail, ' → ', 1) AS detail, nullif(split_part(detail, ' → ', 2), '') AS remedy
FROM checks ORDER BY section, ord;
