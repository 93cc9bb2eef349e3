import FoundationEssentials
import Testing

@testable import LeadRouting

/// Whose work runs next.
struct TurnQueueTests {
    private let a = UUID.sample(1)
    private let b = UUID.sample(2)

    private func queue(slots: Int = 1, waitersOfTenant: Int = 3, waiters: Int = 10) -> TurnQueue<String> {
        TurnQueue(slots: slots, waitersOfTenant: waitersOfTenant, waiters: waiters)
    }

    @Test func tenantsTakeTurns() {
        var queue = queue()
        #expect(queue.enter(a, number: 0, "a0") == .runs)
        for number in 1...3 { #expect(queue.enter(a, number: number, "a\(number)") == .waits) }
        #expect(queue.enter(a, number: 4, "a4") == .refused)
        #expect(queue.enter(b, number: 5, "b5") == .waits)
        #expect(queue.enter(nil, number: 6, "n6") == .waits)
        #expect(queue.count == 5)
        // The other tenants wait for one piece of work, not for the whole queue.
        #expect(queue.leave(a) == "a1")
        #expect(queue.leave(a) == "b5")
        #expect(queue.leave(b) == "n6")
        #expect(queue.leave(nil) == "a2")
        #expect(queue.leave(a) == "a3")
        #expect(queue.leave(a) == nil)
        #expect(queue.count == 0)
        #expect(queue.enter(b, number: 7, "b7") == .runs)
    }

    @Test func oneTenantTakesHalfOfTheSlots() {
        var queue = queue(slots: 4)
        #expect(queue.enter(a, number: 0, "a0") == .runs)
        #expect(queue.enter(a, number: 1, "a1") == .runs)
        #expect(queue.enter(a, number: 2, "a2") == .waits)
        #expect(queue.enter(b, number: 3, "b3") == .runs)
        #expect(queue.enter(b, number: 4, "b4") == .runs)
        #expect(queue.enter(b, number: 5, "b5") == .waits)
        // The turn of a has come, and a has no slot left that it may take.
        #expect(queue.leave(b) == "b5")
        #expect(queue.leave(a) == "a2")
        #expect(queue.leave(a) == nil)
    }

    @Test func withdrawnWorkGivesUpItsPlace() {
        var queue = queue(waiters: 2)
        #expect(queue.enter(a, number: 0, "a0") == .runs)
        #expect(queue.enter(b, number: 1, "b1") == .waits)
        #expect(queue.enter(nil, number: 2, "n2") == .waits)
        #expect(queue.enter(b, number: 3, "b3") == .refused)
        #expect(queue.withdraw(b, number: 1) == "b1")
        #expect(queue.withdraw(b, number: 1) == nil)
        #expect(queue.withdraw(a, number: 0) == nil)
        #expect(queue.leave(a) == "n2")
        #expect(queue.leave(nil) == nil)
    }
}
