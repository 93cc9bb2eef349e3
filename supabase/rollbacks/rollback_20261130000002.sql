-- Takes back 20261130000002_routing.sql: counters of caps, sticky destinations and idempotency keys are lost. Leads that waited for
-- capacity are due at once. Safe to run again.

BEGIN;

DO $$
BEGIN
    IF to_regclass('switchyard.retention') IS NOT NULL THEN
        RAISE EXCEPTION 'The migration 20261130000003_operations.sql depends on this one.'
            USING ERRCODE = 'dependent_objects_still_exist',
                HINT = 'Run rollback_20261130000003.sql first, or `switchyard migrate down --to 20261130000001 --yes`.';
    END IF;
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20261130000002';
    END IF;
    IF to_regclass('public.lead_routing_queue') IS NOT NULL THEN
        UPDATE public.lead_routing_queue SET next_retry_at = now(), waiting_for = NULL
        WHERE waiting_for IS NOT NULL OR next_retry_at = 'infinity';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS switchyard.routing_health, switchyard.newest_results;
DROP FUNCTION IF EXISTS switchyard.return_lead, switchyard.send_returned_lead, switchyard.requeue_lead;
DROP FUNCTION IF EXISTS switchyard.awaited_rules, switchyard.claim_waiters, switchyard.waiting_for_capacity;
DROP TABLE IF EXISTS switchyard.waiting_reviews;
DROP FUNCTION IF EXISTS switchyard.hold_turn, switchyard.hold_lead, switchyard.held_leads, switchyard.settle_held;
DROP FUNCTION IF EXISTS switchyard.ingest_within_caps, switchyard.ingest_keyed_decided, switchyard.ingest_decided;
DROP TABLE IF EXISTS switchyard.idempotency_keys;
DROP FUNCTION IF EXISTS switchyard.take_within_caps, switchyard.take_routing_state, switchyard.hold_routing_state,
    switchyard.capacity_window;
DROP TABLE IF EXISTS switchyard.routing_state, switchyard.sticky_destinations;

COMMIT;
