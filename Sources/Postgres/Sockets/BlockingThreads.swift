import DequeModule
import Synchronization

/// A few threads for blocking libpq calls: name resolution, connecting, handshakes, and cancel requests.
///
/// A thread lives as long as there is work, so that nothing has to be stopped. Work beyond the thread limit waits; work
/// beyond the queue's limit is refused.
final class BlockingThreads: Sendable {
    /// Opens connections.
    ///
    /// A host that does not answer occupies one thread for its time limit.
    static let connecting = BlockingThreads(threads: 8, queue: 4096)
    /// Cancels statements, separately, so that a slow host does not delay a cancellation.
    static let cancelling = BlockingThreads(threads: 4, queue: 64)

    private struct State {
        var waiting: Deque<@Sendable () -> Void> = []
        var running = 0
    }

    private let threads: Int
    private let queue: Int
    private let state = Mutex(State())

    init(threads: Int, queue: Int) {
        self.threads = threads
        self.queue = queue
    }

    /// Queues a job for a thread; false if there are too many jobs already.
    func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        let needsThread: Bool? = state.withLock { state in
            guard state.waiting.count < queue else { return nil }
            state.waiting.append(job)
            guard state.running < threads else { return false }
            state.running += 1
            return true
        }
        guard let needsThread else { return false }
        if needsThread, !Thread.start({ self.work() }) {
            // Another running thread will take the job; without one it is rejected.
            return state.withLock { state in
                state.running -= 1
                guard state.running == 0 else { return true }
                state.waiting.removeLast()
                return false
            }
        }
        return true
    }

    private func work() {
        while true {
            let job = state.withLock { state -> (@Sendable () -> Void)? in
                if let job = state.waiting.popFirst() { return job }
                state.running -= 1
                return nil
            }
            guard let job else { return }
            job()
        }
    }
}
