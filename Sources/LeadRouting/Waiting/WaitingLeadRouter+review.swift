import LeadStore
import RoutingRules
import Synchronization

/// The newest version under which the leads that wait have been looked at, as far as this node knows.
final class ReviewedVersion: Sendable {
    private let version = Atomic<Int64>(-1)

    func isDone(_ version: Int64) -> Bool { self.version.load(ordering: .relaxed) == version }
    func note(_ version: Int64) { self.version.store(version, ordering: .relaxed) }
}

extension WaitingLeadRouter {
    /// Looks at the leads that wait, once rules have changed: what the new ones would route is due at once.
    ///
    /// Costs nothing while the rules stay, and one statement at each call for the seconds until it is done.
    ///
    /// - Returns: how many leads are due now that were not.
    /// - Throws: what the database says.
    @discardableResult
    package func reviewWaiting() async throws -> Int {
        let current = try await rules.current()
        guard !reviews.isDone(current.version) else { return 0 }
        let review = try await queue.reviewWaiting(under: current)
        if review.isDone { reviews.note(current.version) }
        return review.moved
    }
}
