-- Takes back 20260401000001_routing_pauses.sql: pauses end, and what operators did is forgotten; leads stay. Safe to run again.

BEGIN;

DROP FUNCTION IF EXISTS switchyard.claim_due(integer, boolean);
DROP FUNCTION IF EXISTS switchyard.pause_routing(uuid, text, text);
DROP FUNCTION IF EXISTS switchyard.resume_routing(uuid, text);
DROP INDEX IF EXISTS public.lead_routing_queue_sources;
DROP TABLE IF EXISTS switchyard.routing_pauses;
DROP TABLE IF EXISTS switchyard.operator_log;

DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260401000001';
    END IF;
END
$$;

COMMIT;
