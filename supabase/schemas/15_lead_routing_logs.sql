-- The routing log: what happened to each lead and why, one row for each attempt.

-- Partitioned by month, so that old months can be dropped as a whole. Ids are taken in blocks, and order the rows of one session only.
CREATE TABLE public.lead_routing_logs (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 100),
    lead_id uuid NOT NULL,
    source_workspace_id uuid,
    destination_workspace_id uuid,
    matched_rule_id uuid,
    routing_result text NOT NULL CONSTRAINT lead_routing_logs_routing_result_check CHECK (routing_result IN ('success', 'unmatched',
        'fallback', 'duplicate', 'retry', 'failed', 'expired', 'released', 'requeued', 'waiting', 'returned')),
    reason text,
    error_message text,
    attempt integer,
    rule_set_version bigint,
    duplicate_of uuid,
    actor text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE public.lead_routing_logs IS 'What happened to each lead, and why. Append-only, for every role.';
COMMENT ON COLUMN public.lead_routing_logs.source_workspace_id IS 'The workspace that sent the lead.';
COMMENT ON COLUMN public.lead_routing_logs.destination_workspace_id IS 'The workspace that received the lead.';
COMMENT ON COLUMN public.lead_routing_logs.rule_set_version IS 'The version of the rules under which the lead was decided.';
COMMENT ON COLUMN public.lead_routing_logs.actor IS 'The person who requested it, if there was one.';
CREATE TABLE switchyard.lead_routing_logs_default PARTITION OF public.lead_routing_logs DEFAULT;

CREATE INDEX idx_routing_logs_lead ON public.lead_routing_logs (lead_id);
CREATE INDEX idx_routing_logs_workspace ON public.lead_routing_logs (source_workspace_id, created_at);
-- Both serve routing_health; the second holds little.
CREATE INDEX lead_routing_logs_created ON public.lead_routing_logs (created_at);
CREATE INDEX lead_routing_logs_expired ON public.lead_routing_logs (created_at) WHERE routing_result = 'expired';

-- No role but the owner, not even service_role, may change or delete rows; the triggers below stop the owner too.
ALTER TABLE public.lead_routing_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.lead_routing_logs_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_routing_logs, switchyard.lead_routing_logs_default FROM PUBLIC, anon, authenticated, service_role;
-- Texts, the earlier lead of a duplicate and the state of capacity are written for each reader by the server: a policy cannot hide a column.
GRANT SELECT (id, lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result, attempt,
    rule_set_version, created_at) ON public.lead_routing_logs TO authenticated;
GRANT SELECT, INSERT ON public.lead_routing_logs TO service_role;
CREATE POLICY switchyard_service ON public.lead_routing_logs TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.lead_routing_logs_default TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.lead_routing_logs FOR SELECT TO authenticated
    USING (source_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))
        OR destination_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

-- The exception is erasure: the owner of the table, who alone may write it, may remove text from the rows of an erased
-- lead.
CREATE OR REPLACE FUNCTION switchyard.refuse_log_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME LIKE 'lead\_routing\_logs%' THEN
        IF coalesce(NEW.reason, '(erased)') IN ('(erased)', OLD.reason)
            AND coalesce(NEW.error_message, '(erased)') IN ('(erased)', OLD.error_message)
            AND coalesce(NEW.metadata, '{}') - 'counted' <@ coalesce(OLD.metadata, '{}')
            AND to_jsonb(NEW) - '{reason,error_message,metadata}'::text[] = to_jsonb(OLD) - '{reason,error_message,metadata}'::text[]
            AND EXISTS (SELECT FROM public.leads l WHERE l.id = OLD.lead_id AND l.erased_at IS NOT NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The routing log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION switchyard.refuse_log_change() IS
    'Keeps the routing log append-only for every role; only text in the rows of an erased lead may be removed.';

CREATE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON public.lead_routing_logs
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON public.lead_routing_logs
    EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.lead_routing_logs_default
    EXECUTE FUNCTION switchyard.refuse_log_change();

-- One partition for each month: the current month and some ahead. Rows of any other month go to the default partition.
CREATE OR REPLACE FUNCTION switchyard.ensure_log_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '2s'
AS $$
DECLARE
    v_month timestamp;
    v_name text;
    v_made integer := 0;
BEGIN
    FOR i IN 0 .. least(greatest(p_months_ahead, 0), 120) LOOP
        v_month := date_trunc('month', now() AT TIME ZONE 'UTC') + i * interval '1 month';
        v_name := 'lead_routing_logs_' || to_char(v_month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('switchyard.' || v_name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE switchyard.%I PARTITION OF public.lead_routing_logs FOR VALUES FROM (%L) TO (%L)',
                v_name, to_char(v_month, 'YYYY-MM-DD') || ' 00:00:00+00',
                to_char(v_month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
            EXECUTE format('ALTER TABLE switchyard.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_name);
            EXECUTE format('CREATE POLICY switchyard_service ON switchyard.%I TO service_role USING (true) WITH CHECK (true)', v_name);
            EXECUTE format('REVOKE ALL ON switchyard.%I FROM PUBLIC, anon, authenticated', v_name);
            EXECUTE format('CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.%I '
                'EXECUTE FUNCTION switchyard.refuse_log_change()', v_name);
            v_made := v_made + 1;
        EXCEPTION
            WHEN duplicate_table OR check_violation THEN
                NULL; -- another session created it, or its rows are in the default partition already and stay there
        END;
    END LOOP;
    RETURN v_made;
END
$$;
COMMENT ON FUNCTION switchyard.ensure_log_partitions(integer) IS
    'Creates the partitions of the log for this month and the months ahead; returns how many it created.';

DO $$
BEGIN
    PERFORM switchyard.ensure_log_partitions(3);
END
$$;

-- Only the log tells an unmatched lead from one that was routed before rules existed, or that was returned. OFFSET 0 keeps
-- the planner on the index by lead.
CREATE OR REPLACE FUNCTION switchyard.is_unmatched(p_lead_id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT coalesce((SELECT g.routing_result FROM (SELECT * FROM public.lead_routing_logs g WHERE g.lead_id = p_lead_id OFFSET 0) g
        ORDER BY g.created_at DESC, g.id DESC LIMIT 1) = 'unmatched', false)
$$;
COMMENT ON FUNCTION switchyard.is_unmatched(uuid) IS
    'Whether the newest log row of a lead says that no rule matched it.';
