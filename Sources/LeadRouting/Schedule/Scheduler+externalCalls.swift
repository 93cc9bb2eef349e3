import FoundationEssentials
import LeadStore
package import Postgres

extension Scheduler {
    /// The result of an external call for a due time.
    package enum CallResult: Sendable, Hashable {
        /// It was run now.
        case ran(affected: Int64)
        /// It was run before, by this call's first attempt or by a standby node.
        case hadRun(affected: Int64)
        /// It was run before, and failed.
        case hadFailed(String)
        /// It is running.
        case isRunning
        /// Not due yet, by the database's clock.
        case notDue
    }

    /// How far a caller's clock may be ahead of the database's, in microseconds.
    private static var earliness: Int64 { 60_000_000 }

    /// Runs a due time on an external call, unless it has been taken: the row (name, due time) allows one run.
    ///
    /// - Parameters:
    ///   - name: the function.
    ///   - dueAt: the due time, exactly as in the schedule.
    ///   - retryingFailure: whether a failed run is repeated.
    ///   - body: runs the function.
    /// - Returns: the result.
    /// - Throws: the error of this run, which is recorded.
    package func run(
        _ name: String,
        dueAt: Timestamp,
        retryingFailure: Bool,
        _ body: Body
    ) async throws -> CallResult {
        // A caller whose clock is ahead must not take a due time before it is due.
        let now = try await store.databaseTime().microsecondsSinceUnixEpoch
        guard dueAt.microsecondsSinceUnixEpoch <= now + Self.earliness else { return .notDue }
        var isOurs = try await take(name, dueAt: dueAt)
        if !isOurs, retryingFailure {
            isOurs = try await store.reclaimFailedRun(name, dueAt: dueAt, node: node)
        }
        if isOurs { return .ran(affected: try await carryOut(name, dueAt: dueAt, body)) }
        guard let run = try await store.run(name, dueAt: dueAt), run.finishedAt != nil else {
            return .isRunning
        }
        if let error = run.error { return .hadFailed(error) }
        return .hadRun(affected: run.affected ?? 0)
    }

    /// Takes a due time; after a lost connection it asks again, because the first call may have taken it.
    private func take(_ name: String, dueAt: Timestamp) async throws -> Bool {
        let claim = UUID()
        do {
            return try await store.claimRun(name, dueAt: dueAt, node: node, claim: claim)
        } catch let error as PostgresError where error.code == .connectionLost {
            return try await store.claimRun(name, dueAt: dueAt, node: node, claim: claim)
        }
    }
}
