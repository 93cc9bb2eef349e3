import RoutingRules
import Testing

@Suite("The state machine")
struct LeadStatusTests {
    @Test("All 25 pairs")
    func pairs() {
        let allowed: [LeadStatus: Set<LeadStatus>] = [
            .pending: [.routing, .routed, .failed, .expired],
            .routing: [.routed, .pending, .failed],
            .routed: [],
            .failed: [.pending, .expired],
            .expired: [],
        ]
        var count = 0
        for status in LeadStatus.allCases {
            for next in LeadStatus.allCases {
                count += 1
                #expect(
                    status.canBecome(next) == (allowed[status]?.contains(next) ?? false),
                    "\(status) → \(next)"
                )
            }
        }
        #expect(count == 25)
    }

    @Test("Raw values are the database's")
    func rawValues() {
        #expect(
            LeadStatus.allCases.map(\.rawValue) == ["pending", "routing", "routed", "failed", "expired"]
        )
        #expect(LeadStatus.allCases.filter(\.isFinal) == [.routed, .failed, .expired])
    }
}
