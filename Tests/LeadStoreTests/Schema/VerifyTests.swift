import FoundationEssentials
import LeadStore
import Postgres
import TestDatabase
import Testing

/// All schema checks pass after the migrations, and name what is broken.
@Suite struct VerifyTests {
    /// A change of a database, the check that detects it, and whether the server can still run.
    struct Damage: Sendable, CustomTestStringConvertible {
        let sql: String
        let check: String
        var isMigrated = true
        var testDescription: String { sql }
    }

    static let damages = [
        Damage(sql: "DROP FUNCTION switchyard.routing_health()", check: "function switchyard.routing_health"),
        Damage(
            sql: "DROP FUNCTION switchyard.held_leads(uuid[], boolean)",
            check: "function switchyard.held_leads",
            isMigrated: false
        ),
        Damage(
            sql: """
                DROP FUNCTION switchyard.held_leads(uuid[], boolean);
                CREATE FUNCTION switchyard.held_leads(integer) RETURNS integer
                    LANGUAGE sql SET search_path = '' AS 'SELECT 1'
                """,
            check: "function switchyard.held_leads",
            isMigrated: false
        ),
        Damage(sql: "DROP INDEX idx_leads_dedupe_hash", check: "index idx_leads_dedupe_hash"),
        Damage(
            sql: "DROP POLICY switchyard_members ON lead_routing_queue",
            check: "policies of public.lead_routing_queue"
        ),
        Damage(
            sql: "CREATE POLICY open ON lead_routing_logs FOR DELETE TO authenticated USING (true)",
            check: "policies of public.lead_routing_logs"
        ),
        Damage(sql: "ALTER TABLE leads DROP COLUMN routed_at CASCADE", check: "column leads.routed_at"),
        Damage(sql: "ALTER TABLE switchyard.nodes DROP COLUMN report", check: "columns of switchyard.nodes"),
        Damage(
            sql: "ALTER TABLE switchyard.nodes ALTER report TYPE text",
            check: "columns of switchyard.nodes"
        ),
        Damage(
            sql: "ALTER TABLE switchyard.retention DROP CONSTRAINT retention_log_months_check",
            check: "constraints of switchyard.retention"
        ),
        Damage(
            sql: "ALTER TABLE leads DROP COLUMN routing_status CASCADE",
            check: "column leads.routing_status",
            isMigrated: false
        ),
        Damage(
            sql: "DROP TABLE lead_routing_queue CASCADE",
            check: "table public.lead_routing_queue",
            isMigrated: false
        ),
        Damage(
            sql: "ALTER TABLE lead_routing_logs DISABLE ROW LEVEL SECURITY",
            check: "row-level security of public.lead_routing_logs"
        ),
        Damage(
            sql: "ALTER TABLE leads DISABLE TRIGGER switchyard_0_guard",
            check: "trigger switchyard_0_guard on public.leads"
        ),
        Damage(
            sql: "GRANT EXECUTE ON FUNCTION mark_expired_leads() TO PUBLIC",
            check: "functions closed to every role but service_role"
        ),
        Damage(
            sql: "GRANT DELETE ON lead_routing_queue TO authenticated",
            check: "queue, log and claims written by no member"
        ),
        Damage(
            sql: "INSERT INTO lead_routing_queue (lead_id) VALUES (gen_random_uuid())",
            check: "one queue row for each pending lead"
        ),
    ]

    @Test func migratedDatabasePassesEveryCheck() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .retry), .sample(2, .to(StoreFixture.b)))
            let checks = try await fixture.stores.schema.verify()
            #expect(checks.count > 80)
            #expect(checks.filter { !$0.isOK } == [])
            #expect(try await fixture.stores.schema.isMigrated())
            #expect(try await fixture.stores.schema.missingMigrations().isEmpty)
        }
    }

    @Test(arguments: damages) func brokenObjectIsNamed(damage: Damage) async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run(damage.sql)
            let failed = try await fixture.stores.schema.verify().filter { !$0.isOK }.map(\.name)
            #expect(failed.contains(damage.check), "\(failed)")
            #expect(try await fixture.stores.schema.isMigrated() == damage.isMigrated)
            #expect(try await fixture.stores.schema.missingMigrations() == Set(SchemaMigrations.all.map(\.version)))
        }
    }

    @Test func emptyDatabaseFailsEveryCheck() async throws {
        try await withEmptyDatabase { database in
            let stores = Stores(pool: database.pool)
            #expect(try await !stores.schema.isMigrated())
            let checks = try await stores.schema.verify()
            #expect(checks.contains { $0.name == "table public.leads" && !$0.isOK })
            #expect(checks.filter(\.isOK).allSatisfy { !$0.name.hasPrefix("table") && !$0.name.hasPrefix("index") })
        }
    }
}
