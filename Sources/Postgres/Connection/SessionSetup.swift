/// Settings of a new session, and of a transaction where sessions are shared.
///
/// Behind a pooler in transaction mode (pgbouncer, Supabase's pooler) each transaction may use another session of the
/// server, and other clients inherit what one leaves behind. So there are no session settings, no prepared statements
/// and no LISTEN. Limits are set inside transactions; single statements have those of the role.
extension PostgresConfiguration {
    /// The statement that every new connection runs first: it returns one row that says whether this client owns the
    /// session.
    ///
    /// Settings are applied only then. A pooler reports a process id of its own to its clients.
    ///
    /// - Parameter processID: the process id that the server or pooler reported.
    /// - Returns: the request.
    func setup(processID: Int32) -> Request.Content {
        var parameters = Parameters()
        parameters.append(statementTimeout.postgresMilliseconds)
        parameters.append(lockTimeout.postgresMilliseconds)
        parameters.append(idleInTransactionTimeout.postgresMilliseconds)
        parameters.append(processID)
        parameters.append(isPooled.map { !$0 })
        return .statement(
            Statement(
                "",
                """
                SELECT d.is_direct, CASE WHEN d.is_direct THEN set_config('statement_timeout', $1, false) END, \
                CASE WHEN d.is_direct THEN set_config('lock_timeout', $2, false) END, \
                CASE WHEN d.is_direct THEN set_config('idle_in_transaction_session_timeout', $3, false) END, \
                CASE WHEN d.is_direct THEN set_config('TimeZone', 'UTC', false) END \
                FROM (SELECT coalesce($5, pg_catalog.pg_backend_pid() = $4) AS is_direct) d
                """
            ),
            parameters
        )
    }

    /// The statements that follow BEGIN behind a pooler; they end with the transaction.
    ///
    /// They are commands, not queries, so that the transaction's isolation level may still be set after them.
    var transactionLimits: [String] {
        [
            "SET LOCAL statement_timeout = '\(statementTimeout.postgresMilliseconds)'",
            "SET LOCAL lock_timeout = '\(lockTimeout.postgresMilliseconds)'",
            "SET LOCAL idle_in_transaction_session_timeout = '\(idleInTransactionTimeout.postgresMilliseconds)'",
            "SET LOCAL TimeZone = 'UTC'",
        ]
    }
}
