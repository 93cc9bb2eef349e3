-- Claims up to ten notifications that are due, for a minute. Another claim skips the rows that this one has locked.
UPDATE switchyard.alert_notifications n
SET claim = :claim, attempts = attempts + 1, next_attempt_at = clock_timestamp() + interval '1 minute'
FROM (
    SELECT alert, episode, kind, number, target FROM switchyard.alert_notifications
    WHERE delivered_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= clock_timestamp()
        AND target = ANY (:targets::text[])
    ORDER BY next_attempt_at LIMIT 10 FOR UPDATE SKIP LOCKED
) d
WHERE (n.alert, n.episode, n.kind, n.number, n.target) = (d.alert, d.episode, d.kind, d.number, d.target)
RETURNING n.alert, n.episode, n.kind, n.number, n.target, n.severity, n.value, n.created_at, n.attempts
