import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// The diagnosis of an installation.
struct DiagnosisTests {
    private func subjects(
        _ fixture: RoutingFixture,
        ahead seconds: Int64 = 0,
        isGood: Bool
    ) async throws -> [String] {
        let now = try await fixture.stores.schedule.databaseTime().microsecondsSinceUnixEpoch
        let clock = Timestamp(microsecondsSinceUnixEpoch: now + seconds * 1_000_000)
        return try await fixture.useCases().operations.diagnose(at: clock, as: .administrator)
            .filter { $0.isGood == isGood && $0.isGood == ($0.remedy == nil) }.map(\.subject)
    }

    @Test func findsWhatIsWrong() async throws {
        try await RoutingFixture.with { fixture in
            let good = try await subjects(fixture, isGood: true)
            for subject in ["schema", "queue", "stale locks", "rules", "pauses", "capacity", "routing log", "clock"] {
                #expect(good.contains(subject), "\(subject)")
            }
            _ = try await fixture.useCases().operations.pause(.all, reason: "audit", as: .administrator)
            try await fixture.insertWaiting(1)
            try await fixture.run(
                """
                SELECT acquire_routing_lock(id, gen_random_uuid()) FROM leads;
                UPDATE leads SET routing_locked_at = now() - interval '6 minutes';
                """
            )
            let bad = try await subjects(fixture, ahead: 60, isGood: false)
            for subject in ["pauses", "stale locks", "clock"] { #expect(bad.contains(subject), "\(subject)") }
        }
    }

    /// A login of too many rights is named with the statements that change it, and is no failure.
    @Test func loginWithTooManyRightsIsNamed() async throws {
        try await RoutingFixture.with { fixture in
            let facts = try await fixture.stores.health.serverFacts()
            #expect(facts.isSuperuser, "The tests' login is a superuser.")
            let superuser = DiagnosisFinding.ofLogin(facts, isEmbedded: false)
            #expect(superuser.isGood && superuser.remedy?.contains("supabase/change_owner.sql") == true)
            let clock = try await fixture.stores.schedule.databaseTime()
            let all = try await fixture.useCases().operations.diagnose(at: clock, as: .administrator)
            #expect(all.contains(superuser))
        }
    }

    /// An ordinary owner's installation has nothing to improve; one that may not act as `authenticated` is named, with the
    /// statement that lets it.
    @Test func ordinaryOwnerIsDiagnosed() async throws {
        try await withOwnedDatabase { database in
            try await Migrator(migrations: SchemaMigrations.all, pool: database.pool).up()
            let stores = Stores(pool: database.pool)
            let operations = OperationsRequests(
                stores: stores,
                writeFailure: RecentWriteFailure(),
                refusals: RecentRefusals(),
                analyses: AnalysisPool(stores: stores)
            )
            let clock = try await stores.schedule.databaseTime()
            let findings = try await operations.diagnose(at: clock, as: .administrator)
            // The tests' server does not sync.
            #expect(findings.filter { $0.remedy != nil && $0.subject != "durability" } == [])
            #expect(
                findings.contains { $0.subject == "login" && $0.state.contains("is subject to row-level security") }
            )
            _ = try await database.administrator.simple("REVOKE authenticated FROM \(database.owner)")
            let schema = try await operations.diagnose(at: clock, as: .administrator).first { $0.subject == "schema" }
            #expect(schema?.isGood == false)
            #expect(schema?.remedy?.contains("GRANT anon, authenticated, service_role TO \(database.owner)") == true)
        }
    }

    /// An application's own table keeps its rights, and a key may have none there.
    @Test func unreadableLeadsAreNamed() async throws {
        try await withOwnedDatabase { database in
            _ = try await database.pool.simple(
                "CREATE TABLE leads (id uuid PRIMARY KEY, workspace_id uuid, email text)"
            )
            try await Migrator(migrations: SchemaMigrations.all, pool: database.pool).up()
            let stores = Stores(pool: database.pool)
            let findings = DiagnosisFinding.about(try await stores.health.routingFacts())
            let requests = findings.first { $0.subject == "requests" }
            #expect(requests?.state == "a workspace's key cannot read leads: permission denied for table leads")
            _ = try await database.pool.simple("GRANT SELECT ON leads TO authenticated")
            let readable = DiagnosisFinding.about(try await stores.health.routingFacts())
            #expect(readable.first { $0.subject == "requests" }?.isGood == true)
        }
    }

    @Test func incompleteSchemaHidesNoOtherFinding() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.run("DROP FUNCTION acquire_routing_lock CASCADE; DROP TABLE switchyard.alerts CASCADE")
            let bad = try await subjects(fixture, isGood: false)
            #expect(bad.contains("schema") && bad.contains("alerts"))
            #expect(try await subjects(fixture, isGood: true).contains("queue"))
        }
    }

    /// A locked table hides only the findings that need it.
    @Test func lockedTableHidesNoOtherFinding() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.withTransaction { connection in
                _ = try await connection.simple("LOCK TABLE public.leads IN ACCESS EXCLUSIVE MODE")
                let clock = try await fixture.stores.schedule.databaseTime()
                let findings = try await fixture.useCases().operations
                    .diagnose(at: clock, limit: .milliseconds(500), as: .administrator)
                let unchecked = findings.filter { $0.state.hasPrefix("could not be checked") }
                #expect(unchecked.map(\.subject).contains("schema"))
                #expect(unchecked.allSatisfy { $0.remedy?.contains("pg_blocking_pids") == true })
                for subject in ["server", "clock", "pauses", "alerts", "intake", "triggers"] {
                    #expect(findings.contains { $0.subject == subject && $0.isGood }, "\(subject)")
                }
            }
        }
    }

    /// What alerts, lint and the nodes know.
    @Test func knowsWhatOthersKnow() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.run(
                """
                INSERT INTO switchyard.alerts (name, phase, episode, since) VALUES ('oldest_waiting', 'firing', 1, now())
                    ON CONFLICT (name) DO UPDATE SET phase = 'firing';
                UPDATE workspaces SET deleted_at = now(), is_active = false WHERE id = '\(Samples.west.text)';
                UPDATE workspaces SET routing_paused_at = now() WHERE id = '\(Samples.east.text)';
                """
            )
            let refusals = [
                RecentRefusals.Entry(.notStored, reason: "The function f failed", message: "no CRM", count: 3)
            ]
            try await fixture.stores.nodes.markSeen(
                "node-1",
                host: "h",
                version: "1",
                report: #"{"refusals": \#(refusals.json)}"#
            )
            let clock = try await fixture.stores.schedule.databaseTime()
            let bad = try await fixture.useCases().operations.diagnose(at: clock, as: .administrator)
                .filter { !$0.isGood }
            let states = Dictionary(bad.map { ($0.subject, $0.state) }) { first, _ in first }
            #expect(states["alerts"]?.hasPrefix("oldest_waiting fires since") == true)
            #expect(states["rules lint"]?.contains("Software") == true)
            #expect(states["paused receivers"]?.contains("is paused as a destination") == true)
            #expect(states["intake"]?.contains("node-1: 3 leads") == true)
            #expect(states["intake"]?.hasSuffix("The function f failed: no CRM") == true)
        }
    }

    @Test func fullCapIsNamedWithItsEnd() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            var west = WorkspaceChange()
            west.capacity = .some(WorkspaceCapacity(caps: [Cap(per: .total, limit: 1)]))
            let name = try await useCases.workspaces.change(Samples.west, west, as: .administrator).workspace.name
            _ = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            let capacity = try await useCases.rules.capacity(as: .administrator)
            #expect(
                DiagnosisFinding.about(capacity).map(\.state) == [
                    "“\(name)” is full (1 of 1 a total) until further notice"
                ]
            )
        }
    }
}
