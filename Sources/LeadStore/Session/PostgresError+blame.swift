package import Postgres

extension PostgresError {
    /// Whether the database refused a row's content, so that a smaller batch may succeed.
    ///
    /// Data exceptions (22), broken constraints (23), limits (54) and errors raised by triggers (P0) concern a row; all
    /// other errors would be the same for any row. A lead of a suspended workspace is refused like a row.
    package var blamesRow: Bool {
        guard code == .server, let sqlState else { return false }
        return sqlState == Self.suspended || ["22", "23", "54", "P0", "21"].contains(String(sqlState.prefix(2)))
    }

    /// What `ingest_decided` refuses a suspended workspace with.
    package static let suspended = "SWSUS"
}
