/// The state of one migration in a database.
package struct MigrationState: Sendable, Hashable {
    /// The migration.
    package let migration: Migration
    /// When it was last applied, by the database's clock; nil when it is not in the ledger.
    package let appliedAt: Timestamp?
    /// Whether the applied text differs from this build's.
    package let isChanged: Bool
    /// Whether the ledger has it, but some of its objects are missing.
    package let isGone: Bool

    /// Whether the ledger has it.
    package var isApplied: Bool { appliedAt != nil }

    /// A short description for the operator.
    package var summary: String {
        guard let appliedAt else { return "to apply" }
        if isGone { return "incomplete: some of its objects are missing; `up` restores it" }
        if isChanged { return "applied \(appliedAt) from a different file than this build's" }
        return "applied \(appliedAt)"
    }
}
