import FoundationEssentials
import LeadStore
import Testing

@testable import LeadRouting

/// Scheduled functions: administrators list them and run one by hand.
struct ScheduleRequestsTests {
    @Test func runByHandIsListed() async throws {
        try await RoutingFixture.with { fixture in
            let schedule = fixture.useCases().schedule
            let before = try await schedule.list(as: .administrator)
            #expect(before.map(\.function.name) == ScheduledFunction.all.map(\.name))
            #expect(before.allSatisfy { $0.lastRun == nil })
            #expect(before.allSatisfy { ($0.nextRunAt == nil) == ($0.function.schedule == nil) })
            try await fixture.insertWaiting(2)
            try await fixture.run("UPDATE leads SET lead_expires_at = now() - interval '1 day'")
            #expect(try await schedule.run("markExpiredLeads", as: .administrator) == 2)
            let run = try await schedule.list(as: .administrator).first { $0.function.name == "markExpiredLeads" }?
                .lastRun
            #expect(run?.affected == 2 && run?.error == nil)
            let unknown = try await refusal { try await schedule.run("sweep", as: .administrator) }
            #expect(unknown?.fields == ["name"])
        }
    }
}
