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
        /// Whether repeating the migrations restores it.
        var isRestored = true
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
            check: "policies of public.lead_routing_logs",
            isRestored: false
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
            let all = Set(SchemaMigrations.all.map(\.version))
            #expect(try await fixture.stores.schema.missingMigrations() == (damage.isRestored ? all : []))
        }
    }

    /// What an attacker or a careless operator would change, without dropping anything.
    static let sabotages = [
        Damage(
            sql: "CREATE POLICY open ON switchyard.api_keys FOR SELECT TO anon USING (true)",
            check: "policies of switchyard.api_keys",
            isRestored: false
        ),
        Damage(
            sql: "CREATE POLICY open ON leads FOR SELECT TO authenticated USING (true)",
            check: "policies of public.leads",
            isRestored: false
        ),
        Damage(
            sql: "ALTER POLICY switchyard_members ON lead_routing_queue USING (true)",
            check: "policies of public.lead_routing_queue"
        ),
        Damage(sql: "ALTER POLICY switchyard_members ON leads USING (true)", check: "policies of public.leads"),
        Damage(sql: "GRANT SELECT ON switchyard.api_keys TO authenticated", check: "rights on switchyard.api_keys"),
        Damage(
            sql: "GRANT SELECT (secret_hash) ON switchyard.api_keys TO PUBLIC",
            check: "rights on switchyard.api_keys"
        ),
        Damage(
            sql: "GRANT SELECT (duplicate_of) ON leads TO authenticated",
            check: "duplicates of other workspaces hidden from members"
        ),
        Damage(
            sql: "ALTER TABLE switchyard.api_keys DISABLE ROW LEVEL SECURITY",
            check: "row-level security of switchyard.api_keys"
        ),
        Damage(
            sql: "ALTER TABLE switchyard.api_keys NO FORCE ROW LEVEL SECURITY",
            check: "row-level security of switchyard.api_keys"
        ),
        Damage(
            sql: """
                CREATE OR REPLACE FUNCTION switchyard.visible_workspaces() RETURNS SETOF uuid
                LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS 'SELECT w.id FROM public.workspaces w'
                """,
            check: "function switchyard.visible_workspaces"
        ),
        Damage(
            sql: "ALTER FUNCTION switchyard.acting_workspace() SET search_path = public",
            check: "function switchyard.acting_workspace"
        ),
        Damage(
            sql: "ALTER FUNCTION switchyard.guard_lead_state() SECURITY DEFINER",
            check: "function switchyard.guard_lead_state"
        ),
        Damage(
            sql: "ALTER FUNCTION mark_expired_leads() OWNER TO service_role",
            check: "one owner of every object",
            isRestored: false
        ),
        Damage(
            sql: "ALTER TABLE switchyard.operator_log OWNER TO authenticated",
            check: "one owner of every object",
            isRestored: false
        ),
        Damage(
            sql: """
                CREATE OR REPLACE TRIGGER switchyard_0_guard BEFORE UPDATE ON leads
                FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
                """,
            check: "trigger switchyard_0_guard on public.leads"
        ),
        Damage(
            sql: "ALTER TABLE leads ENABLE REPLICA TRIGGER switchyard_3_enqueue",
            check: "trigger switchyard_3_enqueue on public.leads"
        ),
        Damage(
            sql: "GRANT UPDATE ON SEQUENCE lead_routing_logs_id_seq TO anon",
            check: "sequences set back by no member"
        ),
        Damage(
            sql: "ALTER TABLE leads DISABLE ROW LEVEL SECURITY; GRANT UPDATE ON leads TO anon",
            check: "row-level security of the installation on public.leads",
            isRestored: false
        ),
    ]

    /// Each sabotage is seen, and what a migration can restore it restores.
    @Test(arguments: sabotages) func sabotageIsSeen(_ sabotage: Damage) async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run(sabotage.sql)
            let failed = try await fixture.stores.schema.verify().filter { !$0.isOK }
            let check = failed.first { $0.name == sabotage.check }
            #expect(check != nil, "\(failed.map(\.name))")
            #expect((check?.remedy == nil) == sabotage.isRestored, "\(check?.detail ?? "")")
            guard sabotage.isRestored else { return }
            let schema = fixture.stores.schema
            let migrator = Migrator(migrations: SchemaMigrations.all, pool: fixture.pool) { _ in
                try await schema.missingMigrations()
            }
            _ = try await migrator.up()
            #expect(try await schema.verify().filter { !$0.isOK } == [])
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
