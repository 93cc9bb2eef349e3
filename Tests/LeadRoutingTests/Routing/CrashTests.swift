import FoundationEssentials
import LeadRouting
import Postgres
import RoutingRules
import Synchronization
import TestDatabase
import Testing

/// Backends are killed under load: each acknowledged lead is stored once, and nothing is credited twice.
@Suite struct CrashTests {
    @Test func killedBackendsLoseNoAcknowledgedLead() async throws {
        try await RoutingFixture.with { fixture in
            let intake = fixture.intake(leadsInBatch: 16)
            // How many are answered; the kills follow this count, however slow the machine is.
            let answered = Answered()
            // The killing pool is connected to another database, and is not killed itself.
            let axe = PostgresPool(
                configuration: .init(connectionString: fixture.database.connectionString, applicationName: "axe"),
                maximumConnections: 2,
                logger: Samples.quiet
            )
            // The rules are loaded before the first kill: a node without rules accepts no leads.
            _ = try await intake.submit(Samples.lead(1_000_000), from: Samples.partner)
            async let killed = axe.killing(every: 25, upTo: 600, answered)
            var acknowledged: [RoutingOutcome] = []
            var unknown = 0
            for wave in 0..<10 {
                let results = await withTaskGroup(of: Result<RoutingOutcome, IntakeError>.self) { group in
                    for number in wave * 60..<wave * 60 + 60 {
                        group.addTask {
                            do throws(IntakeError) {
                                let outcome = try await intake.submit(Samples.lead(number), from: Samples.partner)
                                answered.add(isAcknowledged: true)
                                return .success(outcome)
                            } catch {
                                answered.add(isAcknowledged: false)
                                return .failure(error)
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                for result in results {
                    if case .success(let outcome) = result { acknowledged.append(outcome) } else { unknown += 1 }
                }
            }
            let deaths = try await killed
            await axe.shutdown()
            #expect(deaths > 5, "No backend was killed, so nothing was tested.")
            #expect(acknowledged.count + unknown == 600)
            #expect(acknowledged.count > 500)
            // No duplicates: a lead that was repeated after a loss must not become a duplicate of itself.
            #expect(acknowledged.allSatisfy { !$0.isDuplicate && $0.destinationWorkspaceID == Samples.west })
            let ids = Set(acknowledged.map(\.leadID.text))
            #expect(ids.count == acknowledged.count)
            let stored = try await fixture.run("SELECT id FROM leads").map { $0[0] }
            #expect(ids.isSubset(of: stored))
            #expect(stored.count <= acknowledged.count + unknown + 1)
            #expect(try await fixture.number("SELECT count(*) FROM leads GROUP BY email ORDER BY 1 DESC LIMIT 1") == 1)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }
}

/// How many leads are answered.
private final class Answered: Sendable {
    private let all = Atomic(0)
    private let good = Atomic(0)
    var count: Int { all.load(ordering: .relaxed) }
    var acknowledged: Int { good.load(ordering: .relaxed) }
    func add(isAcknowledged: Bool) {
        all.add(1, ordering: .relaxed)
        if isAcknowledged { good.add(1, ordering: .relaxed) }
    }
}

extension PostgresPool {
    /// Kills a backend of the database each time a number of leads is acknowledged, until all are answered.
    ///
    /// - Returns: how many.
    fileprivate func killing(every step: Int, upTo total: Int, _ answered: Answered) async throws -> Int {
        let kill = Statement(
            "kill_one",
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name <> 'axe' AND state <> 'idle' LIMIT 1
            """
        )
        var count = 0
        while answered.count < total {
            // The query itself takes time, so this does not sleep.
            let isDue = answered.acknowledged >= (count + 1) * step
            count += try await query(isDue ? kill : Statement("breath", "SELECT 1 WHERE false")).count
        }
        return count
    }
}
