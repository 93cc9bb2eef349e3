package import FoundationEssentials
import Postgres

/// Which rows of the audit are shown.
package struct AuditFilter: Sendable, Hashable {
    /// Changes by this actor; nil for all.
    package var actor: String?
    /// Changes of the object with this id; nil for all.
    package var subjectID: String?
    /// Changes of what belongs to this workspace; nil for all.
    package var workspaceID: UUID?

    /// Changes with a lower number: those of the next page; nil for the newest.
    package var before: Int64?

    /// All rows.
    package init() {}
}

/// The audit: every change by a person or a key.
///
/// Triggers append to it (`supabase/schemas/85_audit.sql`), with the actor that ``StoreSession/actor`` sets: a store
/// that changes a table cannot forget it.
package struct AuditStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The rows after a number, in their order.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func rows(after sequence: Int64, limit: Int64) async throws -> [AuditRow] {
        try await session.pool.query(Self.auditRows, ["after": .int64(sequence), "limit": .int64(limit)])
            .map(AuditRow.init)
    }

    /// The newest rows that match, newest first.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func newest(_ filter: AuditFilter, limit: Int64) async throws -> [AuditRow] {
        let parameters: Parameters = [
            "actor": .text(filter.actor),
            "subject": .text(filter.subjectID),
            "workspace": .uuid(filter.workspaceID),
            "before": .int64(filter.before),
            "limit": .int64(limit),
        ]
        return try await session.pool.query(Self.newestAuditRows, parameters).map(AuditRow.init)
    }

    static let auditRows = Statement(
        "audit_rows",
        "SELECT \(AuditRow.columns) FROM switchyard.audit_log l WHERE l.sequence > :after ORDER BY l.sequence LIMIT :limit"
    )
    static let newestAuditRows = Statement(
        "newest_audit_rows",
        """
        SELECT \(AuditRow.columns) FROM switchyard.audit_log l
        WHERE (:actor::text IS NULL OR l.actor = :actor) AND (:subject::text IS NULL OR l.subject_id = :subject)
            AND (:workspace::uuid IS NULL OR l.workspace_id = :workspace)
            AND (:before::bigint IS NULL OR l.sequence < :before)
        ORDER BY l.sequence DESC
        LIMIT :limit
        """
    )
}
