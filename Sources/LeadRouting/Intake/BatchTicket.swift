package import RoutingRules
import Synchronization

/// Collects the outcomes of leads that were submitted together.
package final class BatchTicket: Sendable {
    private struct State {
        var results: [Result<RoutingOutcome, IntakeError>?]
        var missing: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(results: .init(repeating: nil, count: count), missing: count))
    }

    /// Records the outcome of the lead at a place; each place is answered once.
    func answer(_ index: Int, _ result: Result<RoutingOutcome, IntakeError>) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.results[index] == nil else { return nil }
            state.results[index] = result
            state.missing -= 1
            guard state.missing == 0 else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// The outcomes, in the order of the leads, once all of them are committed or refused.
    ///
    /// May be awaited once.
    package func outcomes() async -> [Result<RoutingOutcome, IntakeError>] {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.missing > 0 { state.waiter = continuation }
                return state.missing == 0
            }
            if isDone { continuation.resume() }
        }
        return state.withLock { $0.results.map { $0 ?? .failure(IntakeError(.shuttingDown)) } }
    }
}
