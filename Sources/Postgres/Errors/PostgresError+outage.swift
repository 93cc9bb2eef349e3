extension PostgresError {
    /// The condition of the database, as a sentence without its full stop, for callers and probes.
    ///
    /// Safe for any reader: it names no host, user or file. The log has the details for the operator.
    ///
    /// - Parameter state: the SQLSTATE of the failure; nil if the server sent none.
    /// - Returns: the sentence, or nil if the statement is at fault, not the database's condition.
    package static func outage(_ state: String?) -> String? {
        switch state {
        case nil, "57P01", "57P02": "The database cannot be reached"
        case "25006": "The database is read-only at the moment"
        case "53100": "The database has no disk space left"
        case "53200": "The database is out of memory"
        case "53300": "The database has no connection left for this server"
        case "28000", "28P01": "The database refuses this server's user name or password"
        case "3D000": "The configured database does not exist"
        case "57P03": "The database is starting or recovering"
        case "57014": "The database took too long"
        case "55P03", "40001", "40P01": "The database is busy with other changes"
        case "58030", "58000": "The database cannot read or write its files"
        case .some(let state):
            if state.hasPrefix("08") { "The database cannot be reached" } else { nil }
        }
    }
}
