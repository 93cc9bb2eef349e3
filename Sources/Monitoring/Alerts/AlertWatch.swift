import FoundationEssentials
package import LeadStore
package import Logging
import Postgres
import ServiceLifecycle

/// Runs the alerts: reports this node, evaluates due alerts, and sends messages.
///
/// Every node does this; the database lets one evaluate an alert and one send a message. It never delays a lead.
package struct AlertWatch: Service {
    private let stores: Stores
    private let reader: DatabaseReader
    private let node: String
    private let host: String
    private let version: String
    private let rules: [AlertRule]
    private let targets: [any AlertTarget]
    private let settings: AlertSettings
    private let report: @Sendable () -> NodeReport
    private let missedFunctions: @Sendable () async throws -> Int
    private let logger: Logger

    /// How often a node reports.
    static let interval = Duration.seconds(10)
    /// After this many attempts a notification is abandoned.
    static let maximumAttempts: Int32 = 12

    /// A watch.
    ///
    /// - Parameters:
    ///   - stores: the stores.
    ///   - reader: reads the database.
    ///   - node: the name of this node.
    ///   - host: its host.
    ///   - version: its version.
    ///   - targets: the receivers of messages.
    ///   - settings: rules and the interval of reminders.
    ///   - report: this node's report.
    ///   - missedFunctions: how many scheduled functions have not run, or failed.
    ///   - logger: logs alerts and messages that could not be sent.
    package init(
        stores: Stores,
        reader: DatabaseReader,
        node: String,
        host: String,
        version: String,
        targets: [any AlertTarget],
        settings: AlertSettings,
        report: @escaping @Sendable () -> NodeReport,
        missedFunctions: @escaping @Sendable () async throws -> Int,
        logger: Logger
    ) {
        self.stores = stores
        self.reader = reader
        self.node = node
        self.host = host
        self.version = version
        rules = settings.rules
        self.targets = targets
        self.settings = settings
        self.report = report
        self.missedFunctions = missedFunctions
        self.logger = logger
    }

    /// Watches until the graceful shutdown, and then removes the node.
    package func run() async throws {
        var isDown = false
        var round = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                try await watch()
                if round % 360 == 0 { try await stores.alerts.prune() }
                isDown = false
            } catch {
                if !isDown { logger.warning("alerts are not evaluated", metadata: ["error": "\(error)"]) }
                isDown = true
            }
            round += 1
            let pause = Self.interval * Double.random(in: 0.9...1.1)
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: pause) }
        }
        try? await stores.nodes.remove(node)
    }

    /// One round: reports the node, evaluates, sends.
    package func watch() async throws {
        try await stores.nodes.markSeen(node, host: host, version: version, report: report().json)
        guard settings.isOn else { return }
        try await evaluate()
        try await send()
    }

    /// Evaluates the alerts that no node has evaluated for a while.
    package func evaluate() async throws {
        guard case .known(let reading) = await reader.current() else { return }
        let signals = AlertSignals(
            reading,
            nodes: try await stores.nodes.list(),
            missedFunctions: try await missedFunctions(),
            rollbacks: try await stores.publishing.rollbacks(inSeconds: AlertSignals.rollbackSeconds)
        )
        try await evaluate(signals)
    }

    /// Evaluates with given values.
    package func evaluate(_ signals: AlertSignals, every interval: Double = 8) async throws {
        let rules = Dictionary(uniqueKeysWithValues: rules.map { ($0.name, $0) })
        let targets = targets
        let repeatSeconds = settings.repeatSeconds
        let logger = logger
        _ = try await stores.alerts.evaluate(self.rules.map(\.name), node: node, every: interval) { stored, now in
            var notifications: [AlertNotification] = []
            let alerts = stored.compactMap { alert -> StoredAlert? in
                guard let rule = rules[alert.name] else { return nil }
                var state = AlertState(alert)
                let event = state.step(
                    rule,
                    value: signals.values[alert.name],
                    now: now.microsecondsSinceUnixEpoch,
                    repeatSeconds: repeatSeconds
                )
                if let event {
                    notifications += Self.notifications(event, rule, state, targets)
                    Self.log(event, rule, state, logger)
                }
                return StoredAlert(state, of: alert)
            }
            return (alerts, notifications)
        }
    }

    /// Sends due messages to the targets of this node, until none is left.
    package func send() async throws {
        guard !targets.isEmpty else { return }
        let names = targets.map(\.name)
        for _ in 0..<20 {
            let claim = UUID()
            let batch = try await stores.alerts.claimNotifications(for: names, claim: claim)
            if batch.isEmpty { return }
            for notification in batch { try await send(notification, claim: claim) }
        }
    }

    private func send(_ notification: AlertNotification, claim: UUID) async throws {
        guard let target = targets.first(where: { $0.name == notification.target }) else { return }
        var failure: DeliveryFailure?
        do {
            try await target.send(message(notification))
        } catch let error as DeliveryFailure {
            failure = error
        } catch {
            failure = DeliveryFailure("\(type(of: error))")
        }
        guard let failure else {
            try await stores.alerts.finishNotification(notification, claim: claim, error: nil, retryAfter: nil)
            return
        }
        let isFinal = !failure.isWorthRepeating || notification.attempts >= Self.maximumAttempts
        logger.log(
            level: isFinal ? .error : .warning,
            isFinal ? "an alert could not be sent" : "an alert could not be sent yet",
            metadata: [
                "alert": "\(notification.alert)", "target": "\(notification.target)", "error": "\(failure)",
                "attempt": "\(notification.attempts)",
            ]
        )
        // 10 s, 20 s, 40 s, … at most 15 minutes.
        let pause = min(900, 5 * Double(1 << min(10, notification.attempts)))
        try await stores.alerts.finishNotification(
            notification,
            claim: claim,
            error: failure.description,
            retryAfter: isFinal ? nil : pause
        )
    }

    private func message(_ notification: AlertNotification) -> AlertMessage {
        let rule = rules.first { $0.name == notification.alert }
        return AlertMessage(
            id: notification.id,
            kind: AlertMessage.Kind(rawValue: notification.kind) ?? .fired,
            alert: notification.alert,
            episode: notification.episode,
            severity: AlertRule.Severity(rawValue: notification.severity) ?? .warning,
            summary: rule?.summary ?? notification.alert,
            value: notification.value,
            condition: rule?.condition ?? "",
            runbook: settings.runbook(of: notification.alert),
            time: notification.createdAt ?? Timestamp(microsecondsSinceUnixEpoch: 0)
        )
    }

    /// One notification for each target that accepts the severity; for all targets if none does, so that no alert is
    /// lost because its usual target is not set up.
    private static func notifications(
        _ event: AlertState.Event,
        _ rule: AlertRule,
        _ state: AlertState,
        _ targets: [any AlertTarget]
    ) -> [AlertNotification] {
        let wanting = targets.filter { $0.accepts(rule.severity) }
        return (wanting.isEmpty ? targets : wanting)
            .map { target in
                AlertNotification(
                    alert: rule.name,
                    episode: state.episode,
                    kind: event.kind,
                    number: event.number,
                    target: target.name,
                    severity: rule.severity.rawValue,
                    value: state.value
                )
            }
    }

    private static func log(_ event: AlertState.Event, _ rule: AlertRule, _ state: AlertState, _ logger: Logger) {
        let isOver = event == .resolved
        logger.log(
            level: isOver || rule.severity == .info ? .notice : .warning,
            isOver ? "alert resolved" : "alert firing",
            metadata: [
                "alert": "\(rule.name)", "alert.severity": "\(rule.severity.rawValue)",
                "alert.value": "\(state.value.map(MetricRegistry.number) ?? "none")",
                "alert.condition": "\(rule.condition)", "alert.episode": "\(state.episode)",
            ]
        )
    }
}

extension AlertState.Event {
    fileprivate var kind: String {
        switch self {
        case .fired: "fired"
        case .reminder: "reminder"
        case .resolved: "resolved"
        }
    }

    fileprivate var number: Int32 {
        if case .reminder(let number) = self { Int32(clamping: number) } else { 0 }
    }
}

extension AlertState {
    /// The state of a stored alert.
    init(_ stored: StoredAlert) {
        self.init(
            phase: Phase(rawValue: stored.phase) ?? .ok,
            episode: stored.episode,
            since: stored.since.microsecondsSinceUnixEpoch,
            clearSince: stored.clearSince?.microsecondsSinceUnixEpoch,
            notifiedAt: stored.notifiedAt?.microsecondsSinceUnixEpoch,
            reminders: Int(stored.reminders),
            silencedUntil: stored.silencedUntil?.microsecondsSinceUnixEpoch,
            value: stored.value
        )
    }
}

extension StoredAlert {
    /// The stored form of a state.
    init(_ state: AlertState, of alert: StoredAlert) {
        self.init(
            name: alert.name,
            phase: state.phase.rawValue,
            episode: state.episode,
            since: Timestamp(microsecondsSinceUnixEpoch: state.since),
            clearSince: state.clearSince.map(Timestamp.init(microsecondsSinceUnixEpoch:)),
            notifiedAt: state.notifiedAt.map(Timestamp.init(microsecondsSinceUnixEpoch:)),
            reminders: Int32(clamping: state.reminders),
            value: state.value,
            silencedUntil: alert.silencedUntil,
            silenceReason: alert.silenceReason
        )
    }
}
