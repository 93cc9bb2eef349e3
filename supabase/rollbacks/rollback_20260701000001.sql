-- Takes back 20260701000001_alerts.sql: silences, the state of alerts and what was told of them go. Safe to run again.

BEGIN;

DROP TABLE IF EXISTS switchyard.alert_notifications;
DROP TABLE IF EXISTS switchyard.alerts;
DROP TABLE IF EXISTS switchyard.nodes;
DO $$
BEGIN
    IF to_regclass('switchyard.migrations') IS NOT NULL THEN
        DELETE FROM switchyard.migrations WHERE version = '20260701000001';
    END IF;
END
$$;

COMMIT;
