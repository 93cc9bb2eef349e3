package import FoundationEssentials
package import Postgres

/// A row of the audit: one change by a person or a key.
package struct AuditRow: Sendable, Hashable {
    /// Its number, from 1 without a gap.
    package let sequence: Int64
    /// When it was appended.
    package let time: Timestamp
    /// Who made the change: `key:…`, `user:…`, `command line`, `database:…` for a change by SQL.
    package let actor: String
    /// What was done, such as `rule.change` or `key.create`.
    package let action: String
    /// What was changed, such as `rule` or `key`.
    package let subject: String
    /// The id of what was changed.
    package let subjectID: String
    /// The workspace that it belongs to; nil for the platform's.
    package let workspaceID: UUID?
    /// The columns that changed, as they were, as JSON; nil for a new row.
    package let before: String?
    /// The columns that changed, as they are now, as JSON; nil for a deleted row.
    package let after: String?
    /// The hash of the row before it.
    package let previousHash: [UInt8]
    /// Its hash.
    package let hash: [UInt8]
    /// What its hash covers, besides the hash of the row before it.
    package let content: String

    static let columns = """
        l.sequence, l.happened_at, l.actor, l.action, l.subject, l.subject_id, l.workspace_id, l.before::text, l.after::text,
        l.previous_hash, l.hash, switchyard.audit_content(l.sequence, l.happened_at, l.actor, l.database_user, l.action,
            l.subject, l.subject_id, l.workspace_id, l.before, l.after)
        """

    init(_ row: Row) throws {
        sequence = try row.int64(0)
        time = try row.timestamp(1)
        actor = try row.string(2)
        action = try row.string(3)
        subject = try row.string(4)
        subjectID = try row.string(5)
        workspaceID = try row.uuidIfPresent(6)
        before = try row.stringIfPresent(7)
        after = try row.stringIfPresent(8)
        previousHash = try row.bytes(9)
        hash = try row.bytes(10)
        content = try row.string(11)
    }

    /// A row, for tests.
    init(sequence: Int64, previousHash: [UInt8], hash: [UInt8], content: String) {
        self.sequence = sequence
        time = Timestamp(microsecondsSinceUnixEpoch: 0)
        (actor, action, subject, subjectID) = ("", "", "", "")
        (workspaceID, before, after) = (nil, nil, nil)
        self.previousHash = previousHash
        self.hash = hash
        self.content = content
    }
}
