import Synchronization

/// The port on which a server listens: callers wait until the server listens, or has ended without listening.
final class ListeningPort: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Int?, Never>])
        case known(Int?)
    }

    private let state = Mutex(State.waiting([]))

    /// The port; nil if the server has ended without listening.
    var value: Int? {
        get async {
            await withCheckedContinuation { continuation in
                let known: Int?? = state.withLock { state in
                    switch state {
                    case .known(let port): return .some(port)
                    case .waiting(let waiting):
                        state = .waiting(waiting + [continuation])
                        return .none
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        }
    }

    /// Resumes all waiting callers, once; later calls do nothing.
    func resolve(_ port: Int?) {
        let waiting = state.withLock { state -> [CheckedContinuation<Int?, Never>] in
            guard case .waiting(let waiting) = state else { return [] }
            state = .known(port)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: port) }
    }
}
