import Synchronization

/// The state of a pool, for metrics.
package struct PoolStatistics: Sendable, Hashable {
    /// Connections that are open.
    package let open: Int
    /// Those that are lent or have work.
    package let inUse: Int
    /// Callers that wait for a connection.
    package let waiting: Int
    /// The maximum number of connections.
    package let maximum: Int

    /// How often a statement of this process has timed out waiting for a lock (55P03), over all its pools.
    package static var lockTimeouts: Int { lockTimeoutCount.load(ordering: .relaxed) }

    static let lockTimeoutCount = Atomic<Int>(0)
}

extension PostgresPool {
    /// Why the last attempt to connect failed; nil while the database can be reached.
    package var lastFailure: PostgresError? { engine.lastFailure }

    /// The state of the pool; no query is sent.
    package func statistics() async -> PoolStatistics {
        let engine = engine
        return await withCheckedContinuation { continuation in
            if !engine.loop.submit({ continuation.resume(returning: engine.statistics) }) {
                continuation.resume(
                    returning: PoolStatistics(open: 0, inUse: 0, waiting: 0, maximum: engine.maximumConnections)
                )
            }
        }
    }
}

extension PoolEngine {
    fileprivate var statistics: PoolStatistics {
        let ready = machine.sessions.filter(\.isReady)
        return PoolStatistics(
            open: ready.count,
            inUse: ready.count { $0.role == .lent || $0.load.pending > 0 },
            waiting: machine.statements.count + machine.borrowers.count,
            maximum: maximumConnections
        )
    }
}
