-- Alerts: how each stands, what is to be told to whom, and which nodes run. One node evaluates, one sends. Safe to run again.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('switchyard.scheduled_runs') IS NULL THEN
        RAISE EXCEPTION 'The migration of Switchyard''s own tables is missing.'
            USING ERRCODE = 'undefined_table', HINT = 'Apply 20260201000001_switchyard_routing.sql first.';
    END IF;
END
$$;

-- 1. Tables --------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS switchyard.alerts (
    name text PRIMARY KEY,
    phase text NOT NULL DEFAULT 'ok' CONSTRAINT alerts_phase_check CHECK (phase IN ('ok', 'pending', 'firing')),
    episode bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now(),
    clear_since timestamptz,
    notified_at timestamptz,
    reminders integer NOT NULL DEFAULT 0,
    value double precision,
    silenced_until timestamptz,
    silenced_by text,
    silence_reason text,
    evaluated_at timestamptz NOT NULL DEFAULT '-infinity',
    evaluated_by text
);
COMMENT ON TABLE switchyard.alerts IS 'How each alert stands. The row lock decides which node evaluates it.';
COMMENT ON COLUMN switchyard.alerts.episode IS 'Counts how often it has begun to fire.';
COMMENT ON COLUMN switchyard.alerts.since IS 'When the phase began.';
COMMENT ON COLUMN switchyard.alerts.clear_since IS 'While it fires: since when its condition has been over.';

CREATE TABLE IF NOT EXISTS switchyard.alert_notifications (
    alert text NOT NULL,
    episode bigint NOT NULL,
    kind text NOT NULL CONSTRAINT alert_notifications_kind_check CHECK (kind IN ('fired', 'reminder', 'resolved')),
    number integer NOT NULL,
    target text NOT NULL,
    severity text NOT NULL,
    value double precision,
    created_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    claim uuid,
    delivered_at timestamptz,
    given_up_at timestamptz,
    error text,
    PRIMARY KEY (alert, episode, kind, number, target)
);
CREATE INDEX IF NOT EXISTS alert_notifications_open ON switchyard.alert_notifications (next_attempt_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;
COMMENT ON TABLE switchyard.alert_notifications IS 'What is to be told to whom, written with the alert''s change; the key lets each be there once.';
COMMENT ON COLUMN switchyard.alert_notifications.claim IS 'Who sends it: nobody else may say that it is delivered.';

CREATE TABLE IF NOT EXISTS switchyard.nodes (
    name text PRIMARY KEY,
    host text NOT NULL DEFAULT '',
    version text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    report jsonb
);
COMMENT ON TABLE switchyard.nodes IS 'The nodes that run, or have gone without a word; one that ends as it should removes its row.';
COMMENT ON COLUMN switchyard.nodes.report IS 'Figures of its last five minutes.';

-- 2. Who may see and do what ---------------------------------------------------------------------------------------

ALTER TABLE switchyard.alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.alert_notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.nodes ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.alerts, switchyard.alert_notifications, switchyard.nodes FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.alerts, switchyard.alert_notifications, switchyard.nodes TO service_role;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['switchyard.alerts', 'switchyard.alert_notifications', 'switchyard.nodes'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS switchyard_service ON %s', v_table);
        EXECUTE format('CREATE POLICY switchyard_service ON %s TO service_role USING (true) WITH CHECK (true)', v_table);
    END LOOP;
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
