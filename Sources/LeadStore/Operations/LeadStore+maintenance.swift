package import FoundationEssentials
import Postgres

extension LeadStore {
    /// Returns leads whose lock is older than five minutes to the queue.
    ///
    /// - Returns: how many.
    package func releaseStaleLocks() async throws -> Int64 {
        try await count(Self.releaseLocks)
    }

    /// Expires leads whose time is over and that were never routed.
    ///
    /// - Returns: how many.
    package func expireLeads() async throws -> Int64 {
        try await count(Self.markExpired)
    }

    /// Gives waiting leads that no queue row points to a queue row, which nothing should ever leave behind.
    ///
    /// - Returns: how many, at most `limit`.
    package func enqueueOrphans(limit: Int32) async throws -> Int64 {
        var parameters = Parameters()
        parameters.append(limit)
        return try await count(Self.enqueueLost, parameters)
    }

    /// Makes the log's partitions for the months to come.
    ///
    /// - Returns: how many were made.
    package func ensureLogPartitions(monthsAhead: Int32) async throws -> Int64 {
        var parameters = Parameters()
        parameters.append(monthsAhead)
        return try await count(Self.makePartitions, parameters)
    }

    /// Puts a lead that failed for good back into the queue, with its attempts reset.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - actor: who asked for it; kept in the log.
    /// - Returns: whether it had failed, and waits now.
    package func requeue(_ id: UUID, actor: String) async throws -> Bool {
        var parameters = Parameters()
        parameters.append(id)
        parameters.append(actor)
        return try await pool.query(Self.requeueLead, parameters).first?.bool(0) ?? false
    }

    private func count(_ statement: Statement, _ parameters: Parameters = .init()) async throws -> Int64 {
        try await pool.query(statement, parameters).first?.int64(0) ?? 0
    }

    private static let releaseLocks = Statement(
        "release_stale_locks",
        "SELECT public.release_stale_routing_locks()::bigint"
    )
    private static let markExpired = Statement("mark_expired", "SELECT public.mark_expired_leads()::bigint")
    private static let enqueueLost = Statement("enqueue_orphans", "SELECT switchyard.enqueue_orphans($1)::bigint")
    private static let makePartitions = Statement(
        "ensure_log_partitions",
        "SELECT switchyard.ensure_log_partitions($1)::bigint"
    )
    private static let requeueLead = Statement("requeue_lead", "SELECT switchyard.requeue_lead($1, $2)")
}
