import Synchronization

/// Runs work for a limited time, and returns on time even if the work does not end when it is cancelled.
///
/// A database that does not answer holds up its connection, not the caller.
struct TimeLimit: Sendable {
    /// The time was used up.
    struct Exceeded: Error, Hashable {
        /// The limit.
        let limit: Duration
    }

    /// The most that the caller waits.
    let duration: Duration

    /// The value of the work.
    ///
    /// - Throws: what the work throws, or ``Exceeded``.
    func callAsFunction<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let (limit, race) = (duration, Race<Value>())
        let running = Task { race.end(await Result(catching: work)) }
        let timer = Task {
            try await Task.sleep(for: limit)
            race.end(.failure(Exceeded(limit: limit)))
        }
        defer {
            running.cancel()
            timer.cancel()
        }
        return try await withTaskCancellationHandler {
            try await race.value()
        } onCancel: {
            race.end(.failure(CancellationError()))
        }
    }
}

/// The first of several results.
private final class Race<Value: Sendable>: Sendable {
    private enum State {
        case running(CheckedContinuation<Value, any Error>?)
        case ended(Result<Value, any Error>)
    }

    private let state = Mutex(State.running(nil))

    func end(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            guard case .running(let waiter) = state else { return nil }
            state = .ended(result)
            return waiter
        }
        waiter?.resume(with: result)
    }

    func value() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state -> Result<Value, any Error>? in
                if case .ended(let result) = state { return result }
                state = .running(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }
}

extension Result where Failure == any Error, Success: Sendable {
    fileprivate init(catching work: @Sendable () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
