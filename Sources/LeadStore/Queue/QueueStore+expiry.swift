package import FoundationEssentials
package import Postgres

/// A lead that a scheduled function ended.
package struct EndedLead: Sendable, Hashable {
    /// The lead.
    package let id: UUID
    /// Its source workspace.
    package let source: UUID?
    /// When, by the audit log.
    package let endedAt: Timestamp
}

extension QueueStore {
    /// Returns leads with locks older than five minutes to the queue.
    ///
    /// - Returns: how many.
    package func releaseStaleLocks() async throws -> Int64 {
        try await count(Self.releaseLocks)
    }

    /// Expires unrouted leads that have reached their expiry.
    ///
    /// - Returns: how many.
    package func expireLeads() async throws -> Int64 {
        try await count(Self.markExpired)
    }

    /// The leads that expired at or after a time, oldest first.
    package func expiredLeads(since time: Timestamp, limit: Int32) async throws -> [EndedLead] {
        try await endedLeads(Self.expiredSince, time, limit)
    }

    /// The leads whose last attempt ended with a stale lock at or after a time, oldest first.
    package func leadsFailedByStaleLock(since time: Timestamp, limit: Int32) async throws -> [EndedLead] {
        try await endedLeads(Self.failedSince, time, limit)
    }

    private func endedLeads(_ statement: Statement, _ time: Timestamp, _ limit: Int32) async throws -> [EndedLead] {
        let parameters: Parameters = ["since": .timestamp(time), "limit": .int32(limit)]
        return try await session.pool.query(statement, parameters)
            .map { EndedLead(id: try $0.uuid(0), source: try $0.uuidIfPresent(1), endedAt: try $0.timestamp(2)) }
    }

    /// Adds queue rows for waiting leads without one, as a safeguard.
    ///
    /// - Returns: how many, at most `limit`.
    package func enqueueOrphans(limit: Int32) async throws -> Int64 {
        let parameters: Parameters = ["limit": .int32(limit)]
        return try await count(Self.enqueueLost, parameters)
    }

    /// Requeues a lead that failed permanently, with its attempts reset.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - actor: the caller, for the log.
    /// - Returns: whether it was requeued.
    /// - Throws: `PostgresError`, if the database fails.
    package func requeue(_ id: UUID, actor: String) async throws -> Bool {
        let parameters: Parameters = ["lead": .uuid(id), "actor": .text(actor)]
        return try await session.pool.query(Self.requeueLead, parameters).first?.bool(0) ?? false
    }

    /// Requeues leads that failed permanently, or that no rule matched, in one statement.
    ///
    /// - Parameters:
    ///   - ids: the leads; those that cannot be requeued are skipped.
    ///   - actor: the caller, for the log.
    /// - Returns: how many were requeued.
    /// - Throws: `PostgresError`, if the database fails.
    package func requeue(_ ids: [UUID], actor: String) async throws -> Int {
        let parameters: Parameters = ["leads": .uuids(ids), "actor": .text(actor)]
        return try await Int(count(Self.requeueLeads, parameters))
    }

    /// Makes leads due that wait for their next attempt, in the order of their times.
    ///
    /// - Returns: how many, at most `limit`.
    package func makeDue(limit: Int32) async throws -> Int {
        try await Int(count(Self.makeRetriesDue, ["limit": .int32(limit)]))
    }

    private func count(_ statement: Statement, _ parameters: Parameters = .init()) async throws -> Int64 {
        try await session.pool.query(statement, parameters).first?.int64(0) ?? 0
    }

    // Rows of leads that a claim holds are skipped: they are being routed.
    static let makeRetriesDue = Statement(
        "make_retries_due",
        """
        WITH due AS (
            UPDATE public.lead_routing_queue q SET next_retry_at = now()
            WHERE q.lead_id = ANY (ARRAY(
                SELECT o.lead_id FROM public.lead_routing_queue o
                WHERE o.next_retry_at > now() AND o.next_retry_at < 'infinity'
                ORDER BY o.next_retry_at LIMIT :limit FOR UPDATE SKIP LOCKED))
            RETURNING 1
        )
        SELECT count(*) FROM due
        """
    )
    static let releaseLocks = Statement(
        "release_stale_locks",
        "SELECT public.release_stale_routing_locks()::bigint"
    )
    static let markExpired = Statement("mark_expired", "SELECT public.mark_expired_leads()::bigint")
    static let expiredSince = Statement(
        "expired_since",
        """
        SELECT lead_id, source_workspace_id, created_at
        FROM public.lead_routing_logs
        WHERE routing_result = 'expired' AND created_at >= :since
        ORDER BY created_at
        LIMIT :limit
        """
    )
    static let failedSince = Statement(
        "failed_by_stale_lock_since",
        """
        SELECT lead_id, source_workspace_id, created_at
        FROM public.lead_routing_logs
        WHERE routing_result = 'failed' AND reason = 'The lock was older than five minutes.' AND created_at >= :since
        ORDER BY created_at
        LIMIT :limit
        """
    )
    static let enqueueLost = Statement("enqueue_orphans", "SELECT switchyard.enqueue_orphans(:limit)::bigint")
    // In the order of their ids, in which all transactions lock leads.
    static let requeueLeads = Statement(
        "requeue_leads",
        """
        SELECT r.number, CASE WHEN r.number > 0 THEN switchyard.append_audit(:actor, 'lead.requeue', 'lead', '', NULL, NULL,
            jsonb_build_object('leads', r.number)) END
        FROM (
            SELECT count(*) AS number FROM (SELECT u.id FROM unnest(:leads::uuid[]) u (id) ORDER BY u.id OFFSET 0) u
            WHERE switchyard.requeue_lead(u.id, :actor)
        ) r
        """
    )
    static let requeueLead = Statement(
        "requeue_lead",
        """
        SELECT r.is_done, CASE WHEN r.is_done THEN switchyard.append_audit(:actor, 'lead.requeue', 'lead', :lead::uuid::text, NULL,
            NULL, NULL) END
        FROM (SELECT switchyard.requeue_lead(:lead, :actor) AS is_done OFFSET 0) r
        """
    )
}
