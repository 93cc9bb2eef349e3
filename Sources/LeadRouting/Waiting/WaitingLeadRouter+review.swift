import LeadStore
import RoutingRules
import Synchronization

/// The newest version under which waiting leads have been reviewed, as far as this node knows.
final class ReviewedVersion: Sendable {
    private let version = Atomic<Int64>(-1)

    func isDone(_ version: Int64) -> Bool { self.version.load(ordering: .relaxed) == version }
    func note(_ version: Int64) { self.version.store(version, ordering: .relaxed) }
}

extension WaitingLeadRouter {
    /// Reviews waiting leads after rules have changed: those that the new rules would route become due.
    ///
    /// Costs nothing while the rules are unchanged, and one statement per call until the review is done.
    ///
    /// - Returns: how many leads became due.
    /// - Throws: `PostgresError`, if the database fails.
    @discardableResult
    package func reviewWaiting() async throws -> Int {
        let current = try await rules.current()
        guard !reviews.isDone(current.version) else { return 0 }
        let review = try await queue.reviewWaiting(under: current)
        if review.isDone { reviews.note(current.version) }
        return review.moved
    }
}
