-- Takes back 20260401000001_routing_pauses.sql: pauses end, and what operators did is forgotten; leads stay. Safe to run again.

BEGIN;

DO $$
BEGIN
    IF to_regclass('public.lead_routing_queue') IS NOT NULL THEN
        DROP TRIGGER IF EXISTS switchyard_hint ON public.lead_routing_queue;
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.hint_waiting();
DROP FUNCTION IF EXISTS switchyard.claim_turn(integer, boolean);
DROP FUNCTION IF EXISTS switchyard.claim_due(integer, boolean);
DROP FUNCTION IF EXISTS switchyard.pause_routing(uuid, text, text);
DROP FUNCTION IF EXISTS switchyard.resume_routing(uuid, text);
DROP INDEX IF EXISTS public.lead_routing_queue_sources;
DROP INDEX IF EXISTS public.lead_routing_queue_turns;
DROP TABLE IF EXISTS switchyard.routing_pauses;
DROP TABLE IF EXISTS switchyard.operator_log;

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version IN ('20260401000001', '20260501000001');
    END IF;
END
$$;

COMMIT;
