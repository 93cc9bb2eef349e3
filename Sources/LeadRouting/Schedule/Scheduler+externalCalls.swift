import FoundationEssentials
import LeadStore
package import Postgres

extension Scheduler {
    /// What became of a due time that was called for from outside.
    package enum CallResult: Sendable, Hashable {
        /// It was run now.
        case ran(affected: Int64)
        /// It had been run before, by this call's first try or by a node that stood by.
        case hadRun(affected: Int64)
        /// It had been run before, and failed.
        case hadFailed(String)
        /// It is being run at the moment.
        case isRunning
        /// Not due yet, by the database's clock.
        case notDue
    }

    /// How much a caller's clock may be ahead of the database's, in microseconds.
    private static var earliness: Int64 { 60_000_000 }

    /// Runs a due time that is called for from outside, unless it has been taken: the row (name, due time) lets one through.
    ///
    /// - Parameters:
    ///   - name: the function.
    ///   - dueAt: the due time, exactly as the schedule says.
    ///   - retryingFailure: whether a run that failed is tried once more.
    ///   - body: what runs it.
    /// - Returns: what became of it.
    /// - Throws: why it failed now, which is recorded.
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

    /// Takes a due time; when the connection is lost, it is unknown whether it was taken, and it is asked once more.
    private func take(_ name: String, dueAt: Timestamp) async throws -> Bool {
        let claim = UUID()
        do {
            return try await store.claimRun(name, dueAt: dueAt, node: node, claim: claim)
        } catch let error as PostgresError where error.code == .connectionLost {
            return try await store.claimRun(name, dueAt: dueAt, node: node, claim: claim)
        }
    }
}
