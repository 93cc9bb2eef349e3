import Synchronization

/// Whether the client of a connection still waits for an answer.
///
/// Hummingbird awaits a handler whatever happens to its connection, so a client that disconnects would leave its work
/// behind. ``ConnectionGuard`` sees the end of the connection and calls ``leave()``; handlers that compute for long run
/// in ``whileConnected(_:)``, which cancels them then. A client that closes only its sending side counts as gone: the
/// server cannot tell the two apart.
final class ClientPresence: Sendable {
    private struct State {
        var hasLeft = false
        /// What cancels the work that runs, by number.
        var work: [Int: @Sendable () -> Void] = [:]
        var next = 0
    }

    /// The presence of the client whose request the current task handles; nil without a connection.
    @TaskLocal static var current: ClientPresence?

    private let state = Mutex(State())

    /// The client has disconnected: cancels the work that runs for it.
    func leave() {
        let work = state.withLock { state in
            state.hasLeft = true
            defer { state.work = [:] }
            return Array(state.work.values)
        }
        for cancel in work { cancel() }
    }

    /// Runs work that is cancelled when the client disconnects.
    ///
    /// - Throws: ``ClientHasLeft`` if the work ended because of that; otherwise what the work throws.
    static func whileConnected<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let current else { return try await work() }
        return try await current.run(work)
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await work() }
        let number = state.withLock { state -> Int? in
            guard !state.hasLeft else { return nil }
            state.next += 1
            state.work[state.next] = { task.cancel() }
            return state.next
        }
        if number == nil { task.cancel() }
        defer { if let number { state.withLock { _ = $0.work.removeValue(forKey: number) } } }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            throw task.isCancelled && !Task.isCancelled ? ClientHasLeft() : error
        }
    }
}

/// The client disconnected before its answer was ready.
struct ClientHasLeft: Error {}
