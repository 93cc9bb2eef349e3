/// Why a schema change failed; the database is left without a partial change.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    /// The kinds that callers distinguish.
    package enum Code: Sendable, Hashable {
        /// A statement of the migration failed; ``MigrationError/cause`` says how.
        case failed
        /// A statement of an online run failed; the steps before it are kept, and another run continues from there.
        case stopped
        /// Another node has been migrating for too long.
        case busy
        /// The migration has no rollback file.
        case noRollback
        /// An unreleased version of Switchyard created the database; nothing was changed.
        case unreleased
    }

    /// Which kind.
    package let code: Code
    /// The migration concerned, as "version name"; with ``Code/unreleased`` the ledger entries of that version.
    package let migration: String
    /// The error of the database.
    package let cause: PostgresError?

    /// One sentence, without values.
    package var description: String {
        switch code {
        case .failed:
            "Migration \(migration) failed and was undone: \(cause.map(String.init(describing:)) ?? "")"
        case .stopped:
            "Migration \(migration) stopped; run it again to continue: "
                + (cause.map(String.init(describing:)) ?? "")
        case .busy:
            "Migration \(migration) is blocked: another node has been migrating this database for too long."
        case .noRollback:
            "Migration \(migration) has no rollback."
        case .unreleased:
            "The database was created by an unreleased version of Switchyard: its ledger, switchyard.migrations, "
                + "has \(migration)."
        }
    }
}
