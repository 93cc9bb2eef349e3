import RoutingRules
import Testing

struct LeadStatusTests {
    @Test func rawValuesAreTheDatabases() {
        #expect(LeadStatus.allCases.map(\.rawValue) == ["pending", "routing", "routed", "failed", "expired"])
    }
}
