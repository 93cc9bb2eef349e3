-- Whether the tables, columns and functions that this build calls are there.
SELECT to_regclass('public.lead_routing_queue') IS NOT NULL AND to_regclass('public.lead_routing_logs') IS NOT NULL
    AND to_regclass('public.lead_identity_claims') IS NOT NULL
    AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('public.leads') AND a.attname = 'routing_status' AND NOT a.attisdropped)
    AND to_regclass('switchyard.rule_set_version') IS NOT NULL
    AND to_regclass('switchyard.rule_set_history') IS NOT NULL
    AND to_regclass('switchyard.routing_state') IS NOT NULL
    AND to_regclass('switchyard.scheduled_runs') IS NOT NULL
    AND to_regclass('switchyard.nodes') IS NOT NULL
    AND to_regprocedure('switchyard.ingest_decided(bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[],
        text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[],
        bytea[], boolean, uuid[], uuid[], text[], boolean)') IS NOT NULL
    AND to_regprocedure('switchyard.hold_turn(integer, boolean, uuid[], timestamptz[])') IS NOT NULL
    AND to_regprocedure('switchyard.held_leads(uuid[], boolean)') IS NOT NULL
    AND to_regprocedure('switchyard.settle_held(bigint, uuid[], uuid[], uuid[], text[], text[], text[], bytea[],
        bytea[], integer, uuid[], uuid[], text[])') IS NOT NULL
    AND to_regprocedure('switchyard.prune()') IS NOT NULL
