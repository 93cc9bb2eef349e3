-- The queue: one row for each pending lead.

-- Rows come and go quickly, so the table is vacuumed often.
CREATE TABLE public.lead_routing_queue (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid,
    attempt_number integer NOT NULL DEFAULT 0,
    next_retry_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    waiting_for uuid
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE public.lead_routing_queue IS 'Leads that wait: one row for each pending lead, none for any other.';
COMMENT ON COLUMN public.lead_routing_queue.workspace_id IS 'The workspace of the lead; NULL for a lead without one.';
COMMENT ON COLUMN public.lead_routing_queue.attempt_number IS 'Attempts so far; 0: never tried.';
COMMENT ON COLUMN public.lead_routing_queue.next_retry_at IS 'When the lead is due.';
COMMENT ON COLUMN public.lead_routing_queue.waiting_for IS 'The rule whose destinations were full or closed. Such a row is due at infinity, and is claimed when they can receive leads again.';

CREATE INDEX idx_routing_queue_retry ON public.lead_routing_queue (next_retry_at);
-- Holds little, and lets routing_health count retries without reading new leads.
CREATE INDEX lead_routing_queue_retries ON public.lead_routing_queue (next_retry_at) WHERE attempt_number > 0;
-- New leads and retries are claimed separately, so that a backlog of one does not hold up the other; in each, the oldest due lead of
-- every source is found without reading the leads of others.
CREATE INDEX lead_routing_queue_turns ON public.lead_routing_queue
    ((attempt_number > 0), coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'), next_retry_at);
-- The oldest lead that waits for a rule, by source, without reading the others.
CREATE INDEX lead_routing_queue_waiters ON public.lead_routing_queue
    (waiting_for, coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'), created_at) WHERE waiting_for IS NOT NULL;

ALTER TABLE public.lead_routing_queue ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_routing_queue FROM PUBLIC, anon, authenticated;
GRANT SELECT ON public.lead_routing_queue TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_routing_queue TO service_role;
CREATE POLICY switchyard_service ON public.lead_routing_queue TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_members ON public.lead_routing_queue FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

-- Never shorter than the guide prints, and up to a tenth longer, so that leads which failed together do not return
-- together.
CREATE OR REPLACE FUNCTION switchyard.retry_delay(p_attempt integer) RETURNS interval
LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT (1 + random() / 10) * CASE WHEN p_attempt <= 1 THEN interval '1 minute' WHEN p_attempt = 2 THEN interval '5 minutes'
        WHEN p_attempt = 3 THEN interval '15 minutes' ELSE interval '1 hour' END
$$;
COMMENT ON FUNCTION switchyard.retry_delay(integer) IS
    'How long a lead waits after its nth failed attempt: 1, 5, 15 or 60 minutes, plus up to a tenth.';

-- Every writer of leads keeps the invariant "one queue row for each pending lead". This repairs what a restored backup,
-- a disabled trigger or a session in replica mode has broken.
CREATE OR REPLACE FUNCTION switchyard.enqueue_orphans(p_limit integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_count integer;
BEGIN
    DELETE FROM public.lead_routing_queue q
    WHERE q.lead_id = ANY (ARRAY(
        SELECT o.lead_id FROM public.lead_routing_queue o
        WHERE NOT EXISTS (SELECT FROM public.leads l WHERE l.id = o.lead_id AND l.routing_status = 'pending')
        ORDER BY o.lead_id
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED))
        AND NOT EXISTS (SELECT FROM public.leads l WHERE l.id = q.lead_id AND l.routing_status = 'pending');
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
    SELECT l.id, l.workspace_id, coalesce(l.routing_attempts, 0) FROM public.leads l
    WHERE l.routing_status = 'pending'
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = l.id)
    ORDER BY l.id
    LIMIT p_limit
    FOR UPDATE OF l SKIP LOCKED
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.enqueue_orphans(integer) IS
    'Inserts a queue row for each pending lead that has none, and deletes queue rows without a pending lead; returns how many leads it queued.';

-- Sends nothing while leads are waiting already: nodes that have work do not sleep, and a commit with a notification
-- takes a lock that all such commits share. Waiting leads are looked for among those due two to three seconds ago,
-- because a scan from the front of the queue would pass over every row deleted since the last vacuum, for each batch.
-- Nodes poll all the same.
CREATE OR REPLACE FUNCTION switchyard.hint_waiting() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    IF EXISTS (SELECT FROM arrived a WHERE a.next_retry_at <= v_now)
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q
            WHERE q.next_retry_at > v_now - interval '3 seconds' AND q.next_retry_at < v_now - interval '2 seconds') THEN
        PERFORM pg_notify('switchyard_waiting', '');
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.hint_waiting() IS 'Notifies idle nodes that leads have entered the queue.';

CREATE TRIGGER switchyard_hint AFTER INSERT ON public.lead_routing_queue
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION switchyard.hint_waiting();
