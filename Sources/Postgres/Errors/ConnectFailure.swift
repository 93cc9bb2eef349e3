import CLibPQ

/// Why a connection could not be made, said without secrets and with what to do.
///
/// libpq gives no SQLSTATE here, only text; the text of the usual cases is recognised, and a server that speaks
/// another language is quoted as it is. Such texts name users, databases and hosts.
struct ConnectFailure {
    let host: String
    let port: String
    let text: String

    init(_ connection: OpaquePointer) {
        host = PQhost(connection).map { String(cString: $0) } ?? ""
        port = PQport(connection).map { String(cString: $0) } ?? ""
        let password = PQpass(connection).map { String(cString: $0) } ?? ""
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        self.text = password.utf8.count < 3 ? text : text.replacing(password, with: "…")
    }

    init(host: String, port: String, text: String) {
        self.host = host
        self.port = port
        self.text = text
    }

    private enum Cause {
        case refused, unknownHost, noAnswer, authentication, noDatabase, starting, full, encryption,
            other
    }

    private var cause: Cause {
        let table: [(Cause, [String])] = [
            (.starting, ["the database system is"]),
            (.full, ["too many clients", "remaining connection slots", "too many connections"]),
            (
                .authentication,
                [
                    "password authentication failed", "no password supplied", "authentication failed",
                    "no pg_hba.conf",
                    "role \"", "pg_hba.conf rejects", "fe_sendauth",
                ]
            ),
            (.noDatabase, ["database \""]),
            (.unknownHost, ["could not translate host name", "Name or service not known"]),
            (.noAnswer, ["timeout expired", "timed out", "No route to host", "Network is unreachable"]),
            (.encryption, ["SSL", "certificate", "GSSAPI"]),
            (
                .refused,
                [
                    "Connection refused", "No such file or directory", "Connection reset",
                    "server closed the",
                ]
            ),
        ]
        return table.first { $0.1.contains { text.contains($0) } }?.0 ?? .other
    }

    /// The error that callers get.
    var error: PostgresError {
        switch cause {
        case .refused: failure("08001", "Is PostgreSQL running there?")
        case .unknownHost: failure("08001", "Check the host name.")
        case .noAnswer: failure("08001", "Is the address right, and does a firewall let it through?")
        case .authentication:
            failure(
                "28000",
                "Check the user name and the password (connection string, PGPASSWORD or PGPASSFILE)."
            )
        case .noDatabase: failure("3D000", "Check the name of the database.")
        case .starting: failure("57P03", "Wait until it has started.")
        case .full: failure("53300", "Raise max_connections or open fewer connections.")
        case .encryption: failure("08001", "Check sslmode and the certificates.")
        case .other: failure("08001", nil)
        }
    }

    private func failure(_ state: String, _ advice: String?) -> PostgresError {
        let sentence = "Cannot connect to PostgreSQL at \(place): \(reason)."
        return PostgresError(
            .cannotConnect,
            sqlState: state,
            advice.map { "\(sentence) \($0)" } ?? sentence
        )
    }

    private var place: String {
        host.hasPrefix("/") ? "socket \(host)/.s.PGSQL.\(port)" : "\(host) port \(port)"
    }

    /// libpq's last line that is not a question, without the address in front.
    private var reason: String {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("\t") && !$0.isEmpty }
        guard var line = lines.last else { return "no reason given" }
        if let range = line.firstRange(of: " failed: ") { line = line[range.upperBound...] }
        if line.hasPrefix("FATAL:") { line = line.dropFirst(6) }
        return String(line.trimmingPrefix { $0 == " " })
    }
}
