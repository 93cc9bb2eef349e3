import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

@Suite struct IntakeQueueTests {
    private func entry(_ lead: Lead, _ lane: IntakeQueue.Lane = .single) -> IntakeQueue.Entry {
        .init(prepared: PreparedLead(id: UUID(), source: Samples.partner, lead: lead), lane: lane) { _ in }
    }

    @Test func takesBatchUpToLimit() {
        var queue = IntakeQueue()
        for number in 0..<10 { queue.append(entry(Samples.lead(number))) }
        #expect(queue.takeBatch(limit: 4).count == 4)
        #expect(queue.takeBatch(limit: 100).count == 6)
        #expect(queue.takeBatch(limit: 100).isEmpty)
        #expect(queue.count == 10)
    }

    @Test func duplicatesAreNotInFlightTogether() {
        var queue = IntakeQueue()
        queue.append(entry(Lead(email: "a@example.com")))
        queue.append(entry(Lead(email: "A@Example.com ", phone: "555-010-0199")))
        queue.append(entry(Lead(phone: "+1 (555) 010-0199")))
        let first = queue.takeBatch(limit: 10)
        #expect(first.count == 1)
        #expect(!queue.hasReady)
        queue.finish(first[0].0)
        let second = queue.takeBatch(limit: 10)
        #expect(second.map(\.1.prepared.lead.email) == ["A@Example.com "])
        queue.finish(second[0].0)
        let third = queue.takeBatch(limit: 10)
        #expect(third.map(\.1.prepared.lead.phone) == ["+1 (555) 010-0199"])
        queue.finish(third[0].0)
        #expect(queue.count == 0)
    }

    @Test func redecidedLeadKeepsItsPlace() {
        var queue = IntakeQueue()
        queue.append(entry(Lead(email: "a@example.com", source: "1")))
        queue.append(entry(Lead(email: "a@example.com", source: "2")))
        let (ticket, taken) = queue.takeBatch(limit: 10)[0]
        queue.requeue(ticket, taken)
        #expect(queue.takeBatch(limit: 10).map(\.1.prepared.lead.source) == ["1"])
    }

    @Test func singleLeadOvertakesBulk() {
        var queue = IntakeQueue()
        for number in 0..<1000 { queue.append(entry(Samples.lead(number), .bulk)) }
        queue.append(entry(Lead(email: "single@example.com")))
        let batch = queue.takeBatch(limit: 512)
        #expect(batch.first?.1.prepared.lead.email == "single@example.com")
        // Bulk leads get a share of a batch that stays short.
        #expect(batch.count == 129)
        #expect(queue.takeBatch(limit: 512).count == 512)
    }

    /// Random leads with few identities: in any order of batches, an identity is never in two batches at once, each
    /// chain keeps its order, and every lead is answered.
    @Test(arguments: 0..<20) func laneOrderIsKept(seed: UInt64) {
        var random = SeededGenerator(seed)
        var queue = IntakeQueue()
        var expected: [String: [UUID]] = [:]
        var seen: [String: [UUID]] = [:]
        var underWay: [(IntakeQueue.Ticket, IntakeQueue.Entry)] = []
        var left = 300
        func names(_ entry: IntakeQueue.Entry) -> [String] { entry.prepared.identities.claims.map(\.hex) }
        while left > 0 || queue.count > 0 {
            if left > 0, Bool.random(using: &random) {
                left -= 1
                let email = Bool.random(using: &random) ? "p\(Int.random(in: 0..<12, using: &random))@example.com" : nil
                let phone = "555010\(1000 + Int.random(in: 0..<12, using: &random))"
                let new = entry(Lead(email: email, phone: phone), Bool.random(using: &random) ? .single : .bulk)
                for name in names(new) { expected[name, default: []].append(new.prepared.id) }
                queue.append(new)
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                underWay += queue.takeBatch(limit: Int.random(in: 1...8, using: &random))
                let all = underWay.flatMap { names($0.1) }
                #expect(Set(all).count == all.count)
            }
            if !underWay.isEmpty, Bool.random(using: &random) {
                let (ticket, entry) = underWay.remove(at: Int.random(in: 0..<underWay.count, using: &random))
                if Int.random(in: 0..<5, using: &random) == 0 {
                    queue.requeue(ticket, entry)
                } else {
                    for name in names(entry) { seen[name, default: []].append(entry.prepared.id) }
                    queue.finish(ticket)
                }
            }
        }
        #expect(seen == expected)
    }
}
