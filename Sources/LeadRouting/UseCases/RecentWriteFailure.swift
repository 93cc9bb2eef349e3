import Postgres
import Synchronization

/// Why the database refused to store leads although it answers, such as a full disk: only a write finds that out.
///
/// It counts for half a minute, or until a lead is stored. A node that reports that it is not ready receives no leads, so
/// it is given another chance after that time.
final class RecentWriteFailure: Sendable {
    private struct Failure {
        let reason: String
        let at: ContinuousClock.Instant
    }

    private static let lifetime: Duration = .seconds(30)
    /// A full disk, no memory, files that cannot be written; every other fault shows when the database is asked.
    private static let states: Set<String> = ["53100", "53200", "58000", "58030"]

    private let last = Mutex<Failure?>(nil)

    /// The reason, without its full stop, if a write failed lately.
    var recent: String? {
        last.withLock { last in
            guard let failure = last, ContinuousClock.now - failure.at < Self.lifetime else { return nil }
            return failure.reason
        }
    }

    /// Runs something that stores leads, and records why it failed.
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
