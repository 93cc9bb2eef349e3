/// Why the schema could not be brought where it was wanted; nothing half-done is left behind.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    /// The kinds that callers tell apart.
    package enum Code: Sendable, Hashable {
        /// A statement of the migration failed; ``MigrationError/cause`` says how.
        case failed
        /// A statement of an online run failed; what was done before it is there, and running it again goes on.
        case stopped
        /// Another node has been migrating for too long.
        case busy
        /// There is no text that takes the migration back.
        case noRollback
        /// A version of Switchyard that was never released has made the database; nothing was changed.
        case unreleased
    }

    /// Which kind.
    package let code: Code
    /// The migration concerned, as "version name"; with ``Code/unreleased`` what the ledger has of such a version.
    package let migration: String
    /// What the database said.
    package let cause: PostgresError?

    /// One sentence, without values.
    package var description: String {
        switch code {
        case .failed:
            "Migration \(migration) failed and was undone: \(cause.map(String.init(describing:)) ?? "")"
        case .stopped:
            "Migration \(migration) stopped, and goes on when it is run again: "
                + (cause.map(String.init(describing:)) ?? "")
        case .busy:
            "Migration \(migration) is blocked: another node has been migrating this database for too long."
        case .noRollback:
            "Migration \(migration) has no rollback."
        case .unreleased:
            "The database was made by a version of Switchyard that was never released: its ledger, switchyard.migrations, "
                + "has \(migration)."
        }
    }
}
