import LeadRouting
import Postgres
import Synchronization

/// What kept the database from storing leads although it answers, such as a full disk: only a write finds that out.
///
/// It counts for half a minute, or until a lead is stored: a node that nobody sends leads to, because it said that it
/// is not ready, is given another chance then.
final class RecentRefusal: Sendable {
    private struct Refusal {
        let reason: String
        let at: ContinuousClock.Instant
    }

    private static let lasting: Duration = .seconds(30)
    /// A full disk, no memory, files that cannot be written; whatever else is wrong, the database says when asked.
    private static let states: Set<String> = ["53100", "53200", "58000", "58030"]

    private let last = Mutex<Refusal?>(nil)

    /// The reason, without its full stop, if there was one lately.
    var recent: String? {
        last.withLock { last in
            guard let refusal = last, ContinuousClock.now - refusal.at < Self.lasting else { return nil }
            return refusal.reason
        }
    }

    /// Runs something that stores leads, and keeps in mind why it did not.
    func noting<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            let value = try await body()
            last.withLock { $0 = nil }
            return value
        } catch let error as IntakeError {
            if let state = error.sqlState, Self.states.contains(state), let reason = PostgresError.outage(state) {
                last.withLock { $0 = Refusal(reason: reason, at: .now) }
            }
            throw error
        }
    }
}
