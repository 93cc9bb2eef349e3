package import FoundationEssentials
package import Postgres

/// A stored alert; the evaluator defines the phases.
package struct StoredAlert: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// `ok`, `pending` or `firing`.
    package var phase: String
    /// How often it has fired.
    package var episode: Int64
    /// When the phase began.
    package var since: Timestamp
    /// Since when its condition no longer holds.
    package var clearSince: Timestamp?
    /// When the last message was sent.
    package var notifiedAt: Timestamp?
    /// The number of reminders.
    package var reminders: Int32
    /// The last value.
    package var value: Double?
    /// Until when it is silenced.
    package var silencedUntil: Timestamp?
    /// The reason.
    package var silenceReason: String?

    /// An alert.
    package init(
        name: String,
        phase: String = "ok",
        episode: Int64 = 0,
        since: Timestamp,
        clearSince: Timestamp? = nil,
        notifiedAt: Timestamp? = nil,
        reminders: Int32 = 0,
        value: Double? = nil,
        silencedUntil: Timestamp? = nil,
        silenceReason: String? = nil
    ) {
        self.name = name
        self.phase = phase
        self.episode = episode
        self.since = since
        self.clearSince = clearSince
        self.notifiedAt = notifiedAt
        self.reminders = reminders
        self.value = value
        self.silencedUntil = silencedUntil
        self.silenceReason = silenceReason
    }
}

/// A notification for one target.
package struct AlertNotification: Sendable, Hashable {
    /// The alert's name.
    package let alert: String
    /// The number of the episode.
    package let episode: Int64
    /// `fired`, `reminder` or `resolved`.
    package let kind: String
    /// The number of the reminder; 0 otherwise.
    package let number: Int32
    /// The receiver: a target's name.
    package let target: String
    /// The severity.
    package let severity: String
    /// The value.
    package let value: Double?
    /// When it was created, by the database's clock; set when it is stored.
    package let createdAt: Timestamp?
    /// The number of attempts, including this one.
    package let attempts: Int32

    /// A notification.
    package init(
        alert: String,
        episode: Int64,
        kind: String,
        number: Int32 = 0,
        target: String,
        severity: String,
        value: Double?,
        createdAt: Timestamp? = nil,
        attempts: Int32 = 0
    ) {
        self.alert = alert
        self.episode = episode
        self.kind = kind
        self.number = number
        self.target = target
        self.severity = severity
        self.value = value
        self.createdAt = createdAt
        self.attempts = attempts
    }

    /// Identifies the notification: it is the same for each attempt.
    package var id: String { "\(alert):\(episode):\(kind):\(number):\(target)" }
}

/// The state of alerts and the notifications that are to be sent.
package struct AlertStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Takes the alerts that are due for evaluation, and writes their next states and notifications, in one
    /// transaction.
    ///
    /// The row locks let one node evaluate an alert at a time, and the time of the last evaluation keeps another node
    /// from repeating it. The key of the notifications lets each be stored only once.
    ///
    /// - Parameters:
    ///   - names: the names of the alerts.
    ///   - node: the name of this node, for display.
    ///   - interval: the time between evaluations, in seconds.
    ///   - decide: the next states; receives the alerts that are due, and the database's time.
    /// - Returns: how many were evaluated by this call.
    /// - Throws: `PostgresError`, if the database fails.
    package func evaluate(
        _ names: [String],
        node: String,
        every interval: Double,
        decide: @Sendable ([StoredAlert], Timestamp) -> (alerts: [StoredAlert], notifications: [AlertNotification])
    ) async throws -> Int {
        let parameters: Parameters = ["names": .texts(names)]
        _ = try await session.pool.query(Self.addAlerts, parameters)
        return try await session.pool.withTransaction { connection in
            let rows = try await connection.query(
                Self.dueAlerts,
                ["names": .texts(names), "interval": .double(interval)]
            )
            guard let now = try rows.first?.timestamp(10) else { return 0 }
            let decision = decide(try rows.map(StoredAlert.init), now)
            try await Self.write(decision.alerts, node: node, on: connection)
            if !decision.notifications.isEmpty { try await Self.write(decision.notifications, on: connection) }
            return decision.alerts.count
        }
    }

    /// All alerts, by name.
    package func list() async throws -> [StoredAlert] {
        try await session.pool.query(Self.allAlerts).map(StoredAlert.init)
    }

    /// Silences an alert for a time; zero seconds end the silence.
    ///
    /// - Returns: whether the alert exists.
    package func silence(_ name: String, seconds: Double, by actor: String, reason: String?) async throws -> Bool {
        let parameters: Parameters = [
            "name": .text(name),
            "seconds": .double(seconds),
            "actor": .text(actor),
            "reason": .text(reason),
        ]
        return try await !session.run(Self.silence, parameters, as: .administrator, recording: actor).isEmpty
    }

    /// Claims due notifications for some targets, for a minute; the claiming node sends them.
    ///
    /// - Parameters:
    ///   - targets: the targets of this node.
    ///   - claim: a token that is unique to the caller.
    /// - Returns: at most ten.
    /// - Throws: `PostgresError`, if the database fails.
    package func claimNotifications(for targets: [String], claim: UUID) async throws -> [AlertNotification] {
        try await session.pool.query(Self.claim, ["targets": .texts(targets), "claim": .uuid(claim)])
            .map { row in
                AlertNotification(
                    alert: try row.string(0),
                    episode: try row.int64(1),
                    kind: try row.string(2),
                    number: try row.int32(3),
                    target: try row.string(4),
                    severity: try row.string(5),
                    value: try row.doubleIfPresent(6),
                    createdAt: try row.timestamp(7),
                    attempts: try row.int32(8)
                )
            }
    }

    /// Records the result of sending, if the notification still has this claim.
    ///
    /// - Parameters:
    ///   - notification: the notification.
    ///   - claim: the claim.
    ///   - error: the error; nil if it was delivered.
    ///   - retryAfter: the delay before another attempt, in seconds; nil for none.
    /// - Returns: whether it still had this claim.
    /// - Throws: `PostgresError`, if the database fails.
    @discardableResult
    package func finishNotification(
        _ notification: AlertNotification,
        claim: UUID,
        error: String?,
        retryAfter: Double?
    ) async throws -> Bool {
        let parameters: Parameters = [
            "alert": .text(notification.alert),
            "episode": .int64(notification.episode),
            "kind": .text(notification.kind),
            "number": .int32(notification.number),
            "target": .text(notification.target),
            "claim": .uuid(claim),
            "error": .text(error),
            "retry_after": .double(retryAfter),
        ]
        return try await !session.pool.query(Self.finish, parameters).isEmpty
    }

    /// Deletes notifications older than thirty days, and nodes not seen for a day.
    package func prune() async throws {
        _ = try await session.pool.query(Self.prune)
        _ = try await session.pool.query(Self.pruneNodes)
    }

    private static func write(
        _ alerts: [StoredAlert],
        node: String,
        on connection: PostgresConnection
    ) async throws {
        for alert in alerts {
            let parameters: Parameters = [
                "name": .text(alert.name),
                "phase": .text(alert.phase),
                "episode": .int64(alert.episode),
                "since": .timestamp(alert.since),
                "clear_since": .timestamp(alert.clearSince),
                "notified_at": .timestamp(alert.notifiedAt),
                "reminders": .int32(alert.reminders),
                "value": .double(alert.value),
                "node": .text(node),
            ]
            _ = try await connection.query(Self.updateAlert, parameters)
        }
    }

    private static func write(_ notifications: [AlertNotification], on connection: PostgresConnection) async throws {
        for notification in notifications {
            let parameters: Parameters = [
                "alert": .text(notification.alert),
                "episode": .int64(notification.episode),
                "kind": .text(notification.kind),
                "number": .int32(notification.number),
                "target": .text(notification.target),
                "severity": .text(notification.severity),
                "value": .double(notification.value),
            ]
            _ = try await connection.query(Self.addNotification, parameters)
        }
    }

    private static let columns = """
        name, phase, episode, since, clear_since, notified_at, reminders, value, silenced_until, silence_reason
        """
    static let addAlerts = Statement(
        "add_alerts",
        """
        INSERT INTO switchyard.alerts (name) SELECT n FROM unnest(:names::text[]) n
        WHERE NOT EXISTS (SELECT FROM switchyard.alerts a WHERE a.name = n) ON CONFLICT DO NOTHING
        """
    )
    static let dueAlerts = Statement(
        "due_alerts",
        """
        SELECT \(columns), clock_timestamp() FROM switchyard.alerts
        WHERE name = ANY (:names::text[]) AND evaluated_at <= clock_timestamp() - make_interval(secs => :interval)
        ORDER BY name FOR UPDATE SKIP LOCKED
        """
    )
    static let allAlerts = Statement("all_alerts", "SELECT \(columns) FROM switchyard.alerts ORDER BY name")
    static let updateAlert = Statement(
        "update_alert",
        """
        UPDATE switchyard.alerts SET phase = :phase, episode = :episode, since = :since, clear_since = :clear_since, notified_at = :notified_at,
            reminders = :reminders, value = :value, evaluated_at = clock_timestamp(), evaluated_by = :node
        WHERE name = :name
        """
    )
    static let addNotification = Statement(
        "add_alert_notification",
        """
        INSERT INTO switchyard.alert_notifications (alert, episode, kind, number, target, severity, value)
        VALUES (:alert, :episode, :kind, :number, :target, :severity, :value) ON CONFLICT DO NOTHING
        """
    )
    static let silence = Statement(
        "silence_alert",
        """
        INSERT INTO switchyard.alerts AS a (name, silenced_until, silenced_by, silence_reason)
        SELECT :name, CASE WHEN :seconds > 0 THEN clock_timestamp() + make_interval(secs => :seconds) END, :actor, :reason
        ON CONFLICT (name) DO UPDATE SET silenced_until = excluded.silenced_until, silenced_by = excluded.silenced_by,
            silence_reason = excluded.silence_reason
        RETURNING 1
        """
    )
    static let claim = Statement("claim_alert_notifications", Embedded.claimAlertNotifications)
    static let finish = Statement(
        "finish_alert_notification",
        """
        UPDATE switchyard.alert_notifications
        SET delivered_at = CASE WHEN :error::text IS NULL THEN clock_timestamp() END, error = :error,
            given_up_at = CASE WHEN :error IS NOT NULL AND :retry_after::float8 IS NULL THEN clock_timestamp() END,
            next_attempt_at = coalesce(clock_timestamp() + make_interval(secs => :retry_after), next_attempt_at)
        WHERE alert = :alert AND episode = :episode AND kind = :kind AND number = :number AND target = :target AND claim = :claim
            AND delivered_at IS NULL
        RETURNING 1
        """
    )
    static let prune = Statement(
        "prune_alert_notifications",
        "DELETE FROM switchyard.alert_notifications WHERE created_at < clock_timestamp() - interval '30 days'"
    )
    static let pruneNodes = Statement(
        "prune_nodes",
        "DELETE FROM switchyard.nodes WHERE seen_at < clock_timestamp() - interval '1 day'"
    )
}

extension StoredAlert {
    /// Reads a row of the columns above.
    fileprivate init(_ row: Row) throws {
        self.init(
            name: try row.string(0),
            phase: try row.string(1),
            episode: try row.int64(2),
            since: try row.timestamp(3),
            clearSince: try row.timestampIfPresent(4),
            notifiedAt: try row.timestampIfPresent(5),
            reminders: try row.int32(6),
            value: try row.doubleIfPresent(7),
            silencedUntil: try row.timestampIfPresent(8),
            silenceReason: try row.stringIfPresent(9)
        )
    }
}
