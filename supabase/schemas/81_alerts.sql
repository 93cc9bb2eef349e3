-- Alerts and their notifications, and the nodes that run. One node evaluates an alert, one node sends a notification.

CREATE TABLE switchyard.alerts (
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
COMMENT ON TABLE switchyard.alerts IS 'The state of each alert. The row lock decides which node evaluates it.';
COMMENT ON COLUMN switchyard.alerts.episode IS 'How many times the alert has begun to fire.';
COMMENT ON COLUMN switchyard.alerts.since IS 'When the phase began.';
COMMENT ON COLUMN switchyard.alerts.clear_since IS 'While the alert fires: since when its condition no longer holds.';

CREATE TABLE switchyard.alert_notifications (
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
CREATE INDEX alert_notifications_open ON switchyard.alert_notifications (next_attempt_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;
COMMENT ON TABLE switchyard.alert_notifications IS 'Notifications to send, written with the change of the alert; the key allows each only once.';
COMMENT ON COLUMN switchyard.alert_notifications.claim IS 'The node that sends the notification: only it may mark it as delivered.';

CREATE TABLE switchyard.nodes (
    name text PRIMARY KEY,
    host text NOT NULL DEFAULT '',
    version text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    report jsonb
);
COMMENT ON TABLE switchyard.nodes IS 'Nodes that run or have crashed; a node that stops normally deletes its row.';
COMMENT ON COLUMN switchyard.nodes.report IS 'The node''s figures of the last five minutes.';

ALTER TABLE switchyard.alerts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.alert_notifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.nodes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.alerts, switchyard.alert_notifications, switchyard.nodes FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.alerts, switchyard.alert_notifications, switchyard.nodes TO service_role;
CREATE POLICY switchyard_service ON switchyard.alerts TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.alert_notifications TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.nodes TO service_role USING (true) WITH CHECK (true);
