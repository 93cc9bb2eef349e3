import Postgres
import Synchronization

/// Records that the database could not store leads although it answers, such as with a full disk: only a write shows
/// that.
///
/// The record expires after half a minute, or when a lead is stored. A node that is not ready receives no leads, so it
/// must become ready again to try.
final class RecentWriteFailure: Sendable {
    private struct Failure {
        let reason: String
        let at: ContinuousClock.Instant
    }

    private static let lifetime: Duration = .seconds(30)
    /// A full disk, no memory, files that cannot be written; a query shows all other problems.
    private static let states: Set<String> = ["53100", "53200", "58000", "58030"]

    private let last = Mutex<Failure?>(nil)

    /// The reason, without its full stop, if a write failed recently.
    var recent: String? {
        last.withLock { last in
            guard let failure = last, ContinuousClock.now - failure.at < Self.lifetime else { return nil }
            return failure.reason
        }
    }

    /// Runs a body that stores leads, and records its failure.
    func recording<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            let value = try await body()
            last.withLock { $0 = nil }
            return value
        } catch let error as IntakeError {
            if let state = error.sqlState, Self.states.contains(state), let reason = PostgresError.outage(state) {
                last.withLock { $0 = Failure(reason: reason, at: .now) }
            }
            throw error
        }
    }
}
