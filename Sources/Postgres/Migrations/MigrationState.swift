/// How one migration stands in a database.
package struct MigrationState: Sendable, Hashable {
    /// Which one.
    package let migration: Migration
    /// When it was applied last, by the database's clock; nil when it is not in the ledger.
    package let appliedAt: Timestamp?
    /// Whether the text that was applied is another than this build's.
    package let isChanged: Bool
    /// Whether it is in the ledger, but what it made is gone.
    package let isGone: Bool

    /// Whether the ledger has it.
    package var isApplied: Bool { appliedAt != nil }

    /// A few words for people.
    package var summary: String {
        guard let appliedAt else { return "to apply" }
        if isGone { return "gone: part of it is missing; `up` restores it" }
        if isChanged { return "applied \(appliedAt) from a different file than this build's" }
        return "applied \(appliedAt)"
    }
}
