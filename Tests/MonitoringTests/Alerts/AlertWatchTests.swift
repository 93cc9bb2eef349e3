import FoundationEssentials
import LeadStore
import Logging
import Postgres
import TestDatabase
import Testing

@testable import Monitoring

/// Alerts with a database: one node evaluates, one notification is sent, whatever the number of nodes.
@Suite struct AlertWatchTests {
    private func watch(_ database: TestDatabase, _ node: String, _ targets: [any AlertTarget]) -> AlertWatch {
        let stores = Stores(pool: database.pool)
        var settings = AlertSettings()
        settings.repeatSeconds = 600
        return AlertWatch(
            stores: stores,
            reader: DatabaseReader { try await stores.health.routingReading() },
            node: node,
            host: "host",
            version: "1",
            targets: targets,
            settings: settings,
            report: { NodeReport() },
            missedFunctions: { 0 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    /// More than fifty expired leads: this alert fires without a hold time.
    private func signals(expired: Int64 = 51) -> AlertSignals {
        let health = RoutingHealth(expiredCount: expired)
        let reading = RoutingReading(health: health, time: Timestamp(microsecondsSinceUnixEpoch: 0))
        return AlertSignals(reading, nodes: [], missedFunctions: 0)
    }

    /// Ten nodes evaluate and send at the same instant, twenty times: the alert is sent once.
    ///
    /// Either of two guards is sufficient: the row lock of the evaluation, and the key of notifications.
    /// Every connection is open before they start, or the first node would be done before the others start.
    @Test func manyNodesSendOneMessage() async throws {
        try await withTestDatabase(connections: 12) { database in
            try await openConnections(database, 11)
            for _ in 0..<20 {
                try await run(database, "DELETE FROM switchyard.alert_notifications; DELETE FROM switchyard.alerts")
                let targets = (0..<10).map { _ in RecordingTarget() }
                // The alerts exist and are due for evaluation.
                try await watch(database, "n", targets).evaluate(signals(expired: 0), every: 0)
                try await run(database, "UPDATE switchyard.alerts SET evaluated_at = '-infinity'")
                try await withThrowingTaskGroup { group in
                    for (number, target) in targets.enumerated() {
                        let watch = watch(database, "n\(number)", [target])
                        group.addTask {
                            try await watch.evaluate(signals(), every: 0)
                            try await watch.send()
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(targets.flatMap(\.told).map(\.id) == ["expired_leads:1:fired:0:webhook"])
                #expect(try await number(database, "SELECT count(*) FROM switchyard.alert_notifications") == 1)
            }
        }
    }

    /// Eight nodes detect that leads fail, and each evaluates and sends: one rolls the rules back, one alert is sent,
    /// and it resolves by itself.
    @Test func rollbackAlertIsSentOnce() async throws {
        try await withTestDatabase(connections: 12) { database in
            try await openConnections(database, 11)
            let target = RecordingTarget()
            let a = "00000000-0000-4000-8000-00000000000a"
            func publish(_ name: String) async throws {
                try await run(
                    database,
                    """
                    BEGIN;
                    SELECT set_config('switchyard.action', 'publish', true);
                    INSERT INTO workspaces (id, name) VALUES ('\(a)', 'A') ON CONFLICT DO NOTHING;
                    INSERT INTO lead_routing_rules (id, workspace_id, rule_name, destination_workspace_id)
                    VALUES ('\(a)', '\(a)', '\(name)', '\(a)') ON CONFLICT (id) DO UPDATE SET rule_name = excluded.rule_name;
                    COMMIT
                    """
                )
            }
            try await publish("good")
            try await publish("bad")
            try await run(
                database,
                """
                INSERT INTO lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, created_at)
                SELECT gen_random_uuid(), '\(a)', 'failed', '', 1, now() + m * interval '1 minute' + i * interval '1 second'
                FROM generate_series(1, 5) m, generate_series(1, 20) i
                """
            )
            let watches = (0..<8).map { watch(database, "n\($0)", [target]) }
            try await watches[0].watch()
            #expect(target.told.isEmpty)
            try await run(database, "UPDATE switchyard.alerts SET evaluated_at = '-infinity'")
            try await withThrowingTaskGroup { group in
                for watch in watches {
                    group.addTask {
                        try await run(
                            database,
                            "SELECT * FROM switchyard.roll_back_failing('test', now() + interval '6 minutes')"
                        )
                        try await watch.watch()
                    }
                }
                try await group.waitForAll()
            }
            // A node that evaluated before the rollback was committed has not seen it.
            try await run(database, "UPDATE switchyard.alerts SET evaluated_at = '-infinity'")
            for watch in watches { try await watch.watch() }
            #expect(try await number(database, "SELECT count(*) FROM switchyard.rule_set_rollbacks") == 1)
            #expect(target.told.filter { $0.alert == "auto_rollback" }.map(\.kind) == [.fired])
            #expect(target.told.first { $0.alert == "auto_rollback" }?.runbook == "docs/runbooks/auto_rollback.md")
            #expect(target.told.first { $0.alert == "auto_rollback" }?.severity == .critical)
            try await run(
                database,
                """
                UPDATE switchyard.rule_set_rollbacks SET happened_at = happened_at - interval '16 minutes';
                UPDATE switchyard.alerts SET evaluated_at = '-infinity'
                """
            )
            for watch in watches { try await watch.watch() }
            #expect(target.told.filter { $0.alert == "auto_rollback" }.map(\.kind) == [.fired, .resolved])
        }
    }

    /// Every alert has its runbook.
    @Test func everyAlertHasRunbook() throws {
        let folder = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        for rule in AlertRule.standard {
            let page = FileManager.default.contents(atPath: "/\(folder)/docs/runbooks/\(rule.name).md")
            #expect(page != nil, "\(rule.name)")
        }
    }

    @Test func alertResolvesAndFiresAgain() async throws {
        try await withTestDatabase { database in
            let target = RecordingTarget()
            let watch = watch(database, "n", [target])
            func round(_ expired: Int64, later seconds: Int = 0) async throws {
                try await run(
                    database,
                    """
                    UPDATE switchyard.alerts SET since = since - interval '\(seconds) s',
                        clear_since = clear_since - interval '\(seconds) s', notified_at = notified_at - interval '\(seconds) s'
                    """
                )
                try await watch.evaluate(signals(expired: expired), every: 0)
                try await watch.send()
            }
            try await round(51)
            try await round(51, later: 599)
            try await round(51, later: 1)
            try await round(0)
            try await round(0, later: 61)
            try await round(51)
            #expect(target.told.map(\.kind) == [.fired, .reminder, .resolved, .fired])
            #expect(target.told.map(\.episode) == [1, 1, 1, 2])
            #expect(target.told.first?.value == 51)
            #expect(target.told.first?.runbook == "docs/runbooks/expired_leads.md")
        }
    }

    @Test func alertIsNotEvaluatedTooOften() async throws {
        try await withTestDatabase { database in
            let target = RecordingTarget()
            let watch = watch(database, "n", [target])
            try await watch.evaluate(signals(expired: 0), every: 8)
            try await watch.evaluate(signals(), every: 8)
            try await watch.send()
            #expect(target.told.isEmpty)
        }
    }

    /// A message that a target does not accept is retried later by any node; a permanent refusal is abandoned.
    @Test func failedDeliveriesAreRetried() async throws {
        try await withTestDatabase { database in
            let target = RecordingTarget(failures: [DeliveryFailure("status 503")])
            let other = RecordingTarget("slack", failures: [DeliveryFailure("refused", isWorthRepeating: false)])
            let watch = watch(database, "n", [target, other])
            try await watch.evaluate(signals(), every: 0)
            try await watch.send()
            try await watch.send()
            #expect(target.told.isEmpty && other.told.isEmpty)
            try await run(database, "UPDATE switchyard.alert_notifications SET next_attempt_at = now()")
            try await watch.send()
            #expect(target.told.count == 1 && other.told.isEmpty)
            #expect(
                try await number(
                    database,
                    "SELECT count(*) FROM switchyard.alert_notifications WHERE given_up_at IS NOT NULL"
                )
                    == 1
            )
        }
    }

    /// A node whose claim was taken over may no longer report success or failure.
    @Test func lateSenderIsFenced() async throws {
        try await withTestDatabase { database in
            let stores = Stores(pool: database.pool)
            let watch = watch(database, "n", [RecordingTarget()])
            try await watch.evaluate(signals(), every: 0)
            let late = UUID()
            let first = try await stores.alerts.claimNotifications(for: ["webhook"], claim: late)
            #expect(try await stores.alerts.claimNotifications(for: ["webhook"], claim: UUID()).isEmpty)
            try await run(database, "UPDATE switchyard.alert_notifications SET next_attempt_at = now()")
            let next = UUID()
            let second = try await stores.alerts.claimNotifications(for: ["webhook"], claim: next)
            #expect(first.count == 1 && second.map(\.id) == first.map(\.id))
            #expect(try await !stores.alerts.finishNotification(first[0], claim: late, error: "x", retryAfter: nil))
            #expect(try await stores.alerts.finishNotification(second[0], claim: next, error: nil, retryAfter: nil))
            #expect(try await !stores.alerts.finishNotification(first[0], claim: late, error: nil, retryAfter: nil))
        }
    }

    @Test func silenceSuppressesNotifications() async throws {
        try await withTestDatabase { database in
            let stores = Stores(pool: database.pool)
            let target = RecordingTarget()
            let watch = watch(database, "n", [target])
            #expect(try await stores.alerts.silence("expired_leads", seconds: 3600, by: "test", reason: "import"))
            try await watch.evaluate(signals(), every: 0)
            try await watch.send()
            #expect(target.told.isEmpty)
            #expect(try await stores.alerts.list().first { $0.name == "expired_leads" }?.silenceReason == "import")
            _ = try await stores.alerts.silence("expired_leads", seconds: 0, by: "test", reason: nil)
            try await watch.evaluate(signals(), every: 0)
            try await watch.send()
            #expect(target.told.map(\.kind) == [.fired])
        }
    }

    /// No alert is lost because its usual target is not set up.
    @Test func targetsReceiveTheirSeverities() async throws {
        try await withTestDatabase { database in
            let pager = RecordingTarget("pagerduty", least: .warning)
            let mail = RecordingTarget("email")
            try await watch(database, "n", [pager, mail]).evaluate(signals(), every: 0)
            try await watch(database, "n", [pager, mail]).send()
            #expect(pager.told.isEmpty && mail.told.count == 1)
            try await run(database, "DELETE FROM switchyard.alerts; DELETE FROM switchyard.alert_notifications")
            try await watch(database, "n", [pager]).evaluate(signals(), every: 0)
            try await watch(database, "n", [pager]).send()
            #expect(pager.told.count == 1)
        }
    }

    /// A complete round on an unprepared database: nothing fires, the node is recorded, and then removed.
    @Test func idleRoundIsCheap() async throws {
        try await withTestDatabase { database in
            let stores = Stores(pool: database.pool)
            let target = RecordingTarget()
            try await watch(database, "n1", [target]).watch()
            #expect(target.told.isEmpty)
            #expect(try await stores.nodes.list().map(\.name) == ["n1"])
            #expect(try await stores.alerts.list().count == AlertRule.standard.count)
            try await stores.nodes.remove("n1")
            #expect(try await stores.nodes.list().isEmpty)
            try await stores.alerts.prune()
        }
    }

    /// Opens the pool's connections: each is held until all of them are open.
    private func openConnections(_ database: TestDatabase, _ count: Int) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<count {
                group.addTask {
                    try await database.pool.withConnection { _ = try await $0.simple("SELECT pg_sleep(0.3)") }
                }
            }
            try await group.waitForAll()
        }
    }

    private func run(_ database: TestDatabase, _ sql: String) async throws { _ = try await database.pool.simple(sql) }

    private func number(_ database: TestDatabase, _ sql: String) async throws -> Int {
        Int(try await database.pool.simple(sql).last?.first?.string(0) ?? "") ?? -1
    }
}
