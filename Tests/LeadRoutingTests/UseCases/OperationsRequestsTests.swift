import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// Pauses, health, readiness and statistics.
struct OperationsRequestsTests {
    @Test func workspacePausesItsOwnLeadsOnly() async throws {
        try await RoutingFixture.with { fixture in
            let operations = fixture.useCases().operations
            let own = try await operations.pause(.workspace(nil), reason: "audit", as: .partner)
            #expect(own.workspaceID == Samples.partner && own.isNew)
            #expect(try await !operations.pause(.workspace(Samples.partner), reason: nil, as: .partner).isNew)
            for target in [PauseTarget.all, .workspace(Samples.rival)] {
                #expect(
                    try await refusal { try await operations.pause(target, reason: nil, as: .partner) }?.isForbidden
                        == true
                )
                #expect(try await refusal { try await operations.resume(target, as: .partner) }?.isForbidden == true)
            }
            // A forgotten id does not pause every workspace.
            let unnamed = try await refusal {
                try await operations.pause(.workspace(nil), reason: nil, as: .administrator)
            }
            #expect(unnamed?.fields == ["/workspaceId"])
            #expect(try await operations.pause(.all, reason: nil, as: .administrator).workspaceID == nil)
            #expect(try await operations.pauses(as: .rival).map(\.workspaceID) == [nil])
            #expect(try await operations.pauses(as: .administrator).map(\.workspaceID) == [Samples.partner, nil])
            #expect(try await operations.resume(.all, as: .administrator).wasPaused)
        }
    }

    @Test(arguments: [
        (RoutingHealth(), HealthReport.Status.healthy, 0), (RoutingHealth(retryQueueCount: 100), .healthy, 0),
        (RoutingHealth(retryQueueCount: 101), .degraded, 1), (RoutingHealth(staleLockCount: 10), .healthy, 0),
        (RoutingHealth(staleLockCount: 11), .degraded, 1), (RoutingHealth(oldestPendingSeconds: 300), .healthy, 0),
        (RoutingHealth(oldestPendingSeconds: 301), .degraded, 1), (RoutingHealth(successRate: 0.9), .healthy, 0),
        (RoutingHealth(successRate: 0.89), .unhealthy, 1),
        (RoutingHealth(retryQueueCount: 101, staleLockCount: 11, successRate: 0.5), .unhealthy, 3),
    ])
    func healthUsesThresholdsOfGuide(_ counts: RoutingHealth, _ status: HealthReport.Status, _ reasons: Int) {
        let report = HealthReport(counts)
        #expect(report.status == status && report.reasons.count == reasons)
    }

    @Test func nodeIsNotReadyAfterFailedWrite() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            #expect(await useCases.operations.readiness() == .ready)
            let failure = useCases.operations.writeFailure
            let full = IntakeError(.unavailable, sqlState: "53100")
            _ = try? await failure.recording { throw full }
            guard case .notReady = await useCases.operations.readiness() else {
                Issue.record("ready with a full disk")
                return
            }
            _ = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            #expect(await useCases.operations.readiness() == .ready)
        }
    }

    /// Leads that this node refused with 5xx make it unhealthy, with the reason; a full queue degrades it.
    @Test func healthKnowsWhatIntakeRefused() async throws {
        try await RoutingFixture.with { fixture in
            let operations = fixture.useCases().operations
            #expect(try await operations.health().status == .healthy)
            operations.refusals.note(IntakeError(.overloaded), count: 7)
            let busy = try await operations.health()
            #expect(busy.status == .degraded && busy.reasons.first?.hasPrefix("7 leads") == true)
            operations.refusals.note(IntakeError(.outcomeUnknown, sqlState: "55P03"))
            let failing = try await operations.health()
            #expect(failing.status == .unhealthy)
            #expect(failing.reasons.contains { $0.hasSuffix("The database is busy with other changes.") })
        }
    }

    /// With every connection busy, readiness is answered in time.
    @Test func readinessIsAnsweredWithinSecond() async throws {
        try await withTestDatabase(connections: 1) { database in
            let fixture = RoutingFixture(database: database)
            try await database.pool.withTransaction { connection in
                _ = try await connection.query(Statement("", "SELECT 1"))
                let start = ContinuousClock.now
                let readiness = await fixture.useCases().operations.readiness()
                #expect(readiness == .notReady(reason: "The database does not answer."))
                #expect(ContinuousClock.now - start < .seconds(1))
            }
        }
    }

    @Test func retentionIsChanged() async throws {
        try await RoutingFixture.with { fixture in
            let operations = fixture.useCases().operations
            let months = [
                try await operations.retention(as: .administrator).logMonths,
                try await operations.keepLog(months: 12, as: .administrator).logMonths,
                try await operations.retention(as: .administrator).logMonths,
                try await operations.keepLog(months: nil, as: .administrator).logMonths,
            ]
            #expect(months == [nil, 12, 12, nil])
        }
    }

    @Test func rebuiltStatisticsCountDaysAgain() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            _ = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            var days: [Int64] = []
            try await useCases.operations.rebuildStatistics(from: nil, to: nil, as: .administrator) { _, rows in
                days.append(rows)
            }
            // How many rows are counted depends on other transactions of the cluster.
            #expect(days.count == 1)
        }
    }

    @Test func placesAreGroupedByRegion() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            // Written by the test: counting waits for every transaction of the cluster, and so for other tests.
            for (workspace, direction) in [(Samples.partner, "out"), (Samples.west, "in")] {
                try await fixture.run(
                    """
                    INSERT INTO switchyard.routing_statistics (day, workspace_id, direction, dimension, key, routed)
                    SELECT '2026-01-31', '\(workspace.text)', '\(direction)', 'place', key, 1
                    FROM unnest(ARRAY['US|CA', '|Oregon', 'US|TX', 'DE|Bavaria', 'FR|', '|']) key
                    """
                )
            }
            let query = StatisticsQuery(from: "2026-01-01", to: "2026-12-31", grouping: .region)
            let sent = try await useCases.operations.statistics(query, as: .partner)
            #expect(sent.groups.map(\.key) == ["", "Bavaria, DE", "FR", "South", "West"])
            #expect(sent.groups.map(\.out.routed) == [1, 1, 1, 1, 2])
            #expect(sent.groups.allSatisfy { $0.in.routed == 0 })
            let received = try await useCases.operations.statistics(query, as: .west)
            #expect(received.groups.map(\.in.routed) == [1, 1, 1, 1, 2])
            #expect(try await useCases.operations.statistics(query, as: .rival).groups.isEmpty)
        }
    }
}
