import CLibPQ

/// How to connect to a database, and the limits of every session.
///
/// The connection string is libpq's, as a URL or as `key=value` pairs, and may be empty: whatever it leaves out comes
/// from the `PG…` environment variables, the service file (`PGSERVICE`) and the password file (`PGPASSFILE`), with
/// libpq's own rules, several hosts and `target_session_attrs` included. The limits are set by one statement after
/// connecting, not as start-up options, which connection poolers refuse.
package struct PostgresConfiguration: Sendable {
    /// Keywords and values as the connection string gave them.
    let options: [String: String]
    /// What is wrong with the connection string; every use of the configuration fails with it.
    let fault: PostgresError?
    /// The name of sessions in `pg_stat_activity`, unless the connection string or `PGAPPNAME` sets one.
    package var applicationName: String
    /// The session's `statement_timeout`, 30 s; zero means none.
    package var statementTimeout: Duration = .seconds(30)
    /// How much longer than `statementTimeout` the server may stay silent before the connection counts as lost, 5 s.
    package var silenceAllowance: Duration = .seconds(5)
    /// The session's `lock_timeout`, 5 s; zero means none.
    package var lockTimeout: Duration = .seconds(5)
    /// The session's `idle_in_transaction_session_timeout`, 30 s; zero means none.
    package var idleInTransactionTimeout: Duration = .seconds(30)
    /// Whether a pooler in transaction mode stands between this process and the server; nil to detect it on each
    /// connection.
    ///
    /// A pooler is detected because it reports a process id of its own. One that forwards the server's process id must
    /// be configured here.
    package var isPooled: Bool?
    /// How long one connection attempt may take, and how long a statement waits for a lost server to return.
    ///
    /// 10 s, or `connect_timeout` of the connection string.
    package var connectTimeout: Duration = .seconds(10)

    /// A configuration from a connection string.
    ///
    /// A string that libpq cannot read is reported by ``check()`` and by the first use, never with its text.
    package init(connectionString: String, applicationName: String = "switchyard") {
        self.applicationName = applicationName
        let parsed = ConnectionString.parse(connectionString)
        options = parsed.options
        fault = parsed.fault
        if let seconds = options["connect_timeout"].flatMap({ Int($0) }), seconds > 0 {
            connectTimeout = .seconds(max(seconds, 2))
        }
    }

    /// Throws if the connection string is invalid.
    package func check() throws(PostgresError) {
        if let fault { throw fault }
    }
}
