import FoundationEssentials
package import LeadStore
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Runs what computes for long for one tenant: lint, explain, simulations, statistics, checks of drafts.
///
/// It has a limited number of slots, threads of its own and connections of its own, so posts of leads never wait behind
/// it: neither for a thread of the Swift runtime, which has as few as the machine has cores, nor for a connection.
/// Tenants take turns (`TurnQueue`). Work whose task is cancelled, because its client has left, gives up its place.
package final class AnalysisPool: Sendable {
    private enum Turn: Sendable {
        case granted
        case refused
        case cancelled
    }

    private struct State {
        var queue: TurnQueue<CheckedContinuation<Turn, Never>>
        var next = 0
    }

    private let state: Mutex<State>
    private let threads: AnalysisThreads
    private let stores: Stores

    /// How much work of one tenant waits for a slot; more is refused.
    package static let usualWaiters = 4
    /// After how many seconds refused work may be tried again.
    static let retrySeconds = 5

    /// As many slots as the machine has cores, without one for the posts of leads: at least one, at most eight.
    package static var usualSlots: Int { min(8, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) - 1)) }

    /// A pool; its threads start with its first work.
    ///
    /// - Parameters:
    ///   - stores: the stores of the work; in a server with connections that nothing else uses.
    ///   - slots: how much work runs at the same time; as many threads.
    ///   - waitersOfTenant: how much work of one tenant waits.
    ///   - waiters: how much work waits in all.
    package init(
        stores: Stores,
        slots: Int = AnalysisPool.usualSlots,
        waitersOfTenant: Int = AnalysisPool.usualWaiters,
        waiters: Int = 256
    ) {
        self.stores = stores
        state = Mutex(State(queue: TurnQueue(slots: slots, waitersOfTenant: waitersOfTenant, waiters: waiters)))
        threads = AnalysisThreads(count: max(1, slots))
    }

    /// How much work waits.
    package var waitingCount: Int { state.withLock { $0.queue.count } }

    /// Runs work of a caller, when the turn of its workspace has come.
    ///
    /// - Throws: ``RequestError/tooManyAnalyses(retryAfterSeconds:)`` if too much of the workspace's work waits;
    ///   `CancellationError` if the task is cancelled first; what the work throws.
    func run<Value: Sendable>(
        for caller: Caller,
        _ work: @Sendable (Stores) async throws -> Value
    ) async throws -> Value {
        let tenant = caller.workspaceID
        switch await turn(of: tenant) {
        case .granted: break
        case .refused: throw RequestError.tooManyAnalyses(retryAfterSeconds: Self.retrySeconds)
        case .cancelled: throw CancellationError()
        }
        defer { state.withLock { $0.queue.leave(tenant) }?.resume(returning: .granted) }
        let stores = stores
        return try await withTaskExecutorPreference(threads) { try await work(stores) }
    }

    private func turn(of tenant: UUID?) async -> Turn {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Turn? in
                    // A task that is cancelled later is withdrawn by the handler below.
                    guard !Task.isCancelled else { return .cancelled }
                    switch state.queue.enter(tenant, number: number, continuation) {
                    case .runs: return .granted
                    case .refused: return .refused
                    case .waits: return nil
                    }
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.queue.withdraw(tenant, number: number) }?.resume(returning: .cancelled)
        }
    }
}
