package import FoundationEssentials
package import Postgres

/// Who made a version of the rule set, when and how.
package struct RuleSetVersion: Sendable, Hashable {
    /// How a version came about.
    package enum Action: String, Sendable, Hashable, CaseIterable {
        /// A rule, an agreement, a pause or a workspace was changed by itself.
        case edit
        /// A draft was published.
        case publish
        /// An operator restored an earlier version.
        case `return`
        /// An earlier version was brought back by Switchyard, because routings failed.
        case autoRollback = "auto-rollback"
        /// Somebody changed the database itself.
        case sql
    }

    /// The number of the version.
    package let version: Int64
    /// When it was made, by the database's clock.
    package let changedAt: Timestamp
    /// Who made it: the id of an API key, `command line`, or a user of the database.
    package let actor: String
    /// How it came about.
    package let action: Action
    /// Whose rules it changed, nil standing for the platform; no owner when it was about agreements, pauses or
    /// workspaces.
    package let owners: [UUID?]
    /// Why, in the author's words.
    package let note: String?

    /// The id that stands for the platform where an owner is stored.
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
