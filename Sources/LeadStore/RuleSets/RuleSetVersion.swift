package import FoundationEssentials
package import Postgres

/// A version of the rule set: its author, time and action.
package struct RuleSetVersion: Sendable, Hashable {
    /// The action that created a version.
    package enum Action: String, Sendable, Hashable, CaseIterable {
        /// A rule, an agreement, a pause or a workspace was changed individually.
        case edit
        /// A draft was published.
        case publish
        /// An operator restored an earlier version.
        case `return`
        /// Switchyard restored an earlier version, because leads failed.
        case autoRollback = "auto-rollback"
        /// The database was changed by SQL.
        case sql
    }

    /// The number of the version.
    package let version: Int64
    /// When it was created, by the database's clock.
    package let changedAt: Timestamp
    /// The author: the id of an API key, `command line`, or a user of the database.
    package let actor: String
    /// The action that created it.
    package let action: Action
    /// The owners whose rules it changed, nil meaning the platform; empty if it changed agreements, pauses or
    /// workspaces.
    package let owners: [UUID?]
    /// The author's note.
    package let note: String?

    /// The id that stands for the platform in stored owners.
    static let platform = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// The columns that ``init(_:)`` reads, of `rule_set_versions v`.
    static let columns = "v.version, v.changed_at, v.actor, v.action, v.owners, v.note"

    init(_ row: Row) throws {
        version = try row.int64(0)
        changedAt = try row.timestamp(1)
        actor = try row.string(2)
        action = Action(rawValue: try row.string(3)) ?? .edit
        owners = try row.uuidArray(4).map { $0 == Self.platform ? nil : $0 }
        note = try row.stringIfPresent(5)
    }
}
