import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
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
            #expect(DiagnosisFinding.ofLogin(facts, isEmbedded: true).remedy == nil)
            let clock = try await fixture.stores.schedule.databaseTime()
            let all = try await fixture.useCases().operations.diagnose(at: clock, as: .administrator)
            #expect(all.contains(superuser))
        }
    }

    @Test func incompleteSchemaEndsDiagnosis() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.run("DROP FUNCTION acquire_routing_lock CASCADE")
            #expect(try await subjects(fixture, isGood: false).contains("schema"))
            #expect(try await !subjects(fixture, isGood: true).contains("queue"))
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
