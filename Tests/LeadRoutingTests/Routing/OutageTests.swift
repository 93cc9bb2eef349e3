import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// A database that answers but cannot do its work.
@Suite struct OutageTests {
    @Test func readOnlyDatabaseIsReported() async throws {
        try await RoutingFixture.with { fixture in
            #expect(try await fixture.stores.health.takesWrites())
            try await fixture.run(
                "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END$$"
            )
            // The setting applies to new connections.
            let pool = PostgresPool(
                configuration: .init(connectionString: fixture.database.connectionString, applicationName: "read-only"),
                maximumConnections: 1,
                logger: Samples.quiet
            )
            let stores = Stores(pool: pool)
            #expect(try await !stores.health.takesWrites())
            let intake = LeadIntake(
                store: stores.intake,
                rules: RuleSetCache(source: stores.ruleSets),
                logger: Samples.quiet
            )
            do throws(IntakeError) {
                _ = try await intake.submit(Samples.lead(1), from: Samples.partner)
                Issue.record("A read-only database took a lead.")
            } catch {
                #expect(error.code == .unavailable)
                #expect(error.description == "The database is read-only at the moment; nothing was stored.")
            }
            await pool.shutdown()
        }
    }
}
