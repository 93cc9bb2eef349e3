package import FoundationEssentials
import Postgres

extension QueueStore {
    /// The rules for which leads wait because their destinations were full or closed.
    ///
    /// One statement: an index look-up for each rule, however many leads wait.
    package func rulesWithWaitingLeads() async throws -> [UUID] {
        try await session.pool.query(Self.rulesWithWaitingLeads).map { try $0.uuid(0) }
    }

    /// How many leads wait for capacity; counting stops at 20,000.
    package func waitingForCapacity() async throws -> Int64 {
        try await session.pool.query(Self.countWaiting).first?.int64(0) ?? 0
    }

    static let rulesWithWaitingLeads = Statement("awaited_rules", "SELECT r FROM switchyard.awaited_rules() r")
    static let countWaiting = Statement("waiting_for_capacity", "SELECT switchyard.waiting_for_capacity()")
}
