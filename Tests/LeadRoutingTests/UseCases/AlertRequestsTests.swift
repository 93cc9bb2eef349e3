import FoundationEssentials
import LeadStore
import Testing

@testable import LeadRouting

/// Alerts: administrators list and silence them.
struct AlertRequestsTests {
    @Test func silenceHasActorReasonAndEnd() async throws {
        try await RoutingFixture.with { fixture in
            let alerts = fixture.useCases().alerts
            try await alerts.silence(["backlog", "failures"], seconds: 7200, reason: "deploy", as: .administrator)
            let (all, time) = try await alerts.list(as: .administrator)
            #expect(all.map(\.name).sorted() == ["backlog", "failures"])
            #expect(all.allSatisfy { $0.silenceReason == "deploy" })
            #expect(all.allSatisfy { $0.silencedUntil.map { $0 > time } == true })
            #expect(
                try await fixture.number("SELECT count(*) FROM switchyard.alerts WHERE silenced_by = 'key:admin'") == 2
            )
            try await alerts.silence(["backlog"], seconds: 0, reason: "unused", as: .administrator)
            let ended = try await alerts.list(as: .administrator).alerts.first { $0.name == "backlog" }
            #expect(ended?.silenceReason == nil)
            #expect(ended.map { $0.silencedUntil.map { $0 > time } != true } == true)
        }
    }
}
