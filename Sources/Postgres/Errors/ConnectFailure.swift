import CLibPQ

/// Why a connection could not be opened, without secrets and with a remedy.
///
/// libpq gives no SQLSTATE here, only text. The texts of the usual causes are recognised; any other text, such as that
/// of a server in another language, is quoted. Such texts name users, databases and hosts.
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
        case refused, unknownHost, noAnswer, authentication, noDatabase, starting, full, encryption, readOnly,
            other
    }

    /// The cause, and the line that shows it: of several hosts, the most informative one.
    private var finding: (cause: Cause, line: Substring?) {
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
            (.readOnly, ["session is read-only", "server is in hot standby mode"]),
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
        let lines = lines
        for (cause, patterns) in table {
            let line = lines.last { line in patterns.contains { line.contains($0) } }
            if let line { return (cause, line) }
        }
        return (.other, lines.last)
    }

    /// libpq's lines: one for each host and address, some with a question or the password file's name after them.
    private var lines: [Substring] {
        text.split(separator: "\n").filter { !$0.hasPrefix("\t") && !$0.isEmpty && !$0.hasPrefix(Self.fileNote) }
    }

    private static let fileNote = "password retrieved from file"

    /// The error that callers get.
    var error: PostgresError {
        switch finding.cause {
        case .refused: failure("08001", "Is PostgreSQL running there?")
        case .unknownHost: failure("08001", "Check the host name.")
        case .noAnswer: failure("08001", "Is the address right, and does a firewall let it through?")
        case .authentication:
            failure(
                "28000",
                """
                Check the user name and the password (\(passwordSource)). Password and service files are read again \
                for each attempt.
                """
            )
        case .readOnly:
            failure("25006", "None of the hosts accepts writes at the moment; the server continues when one does.")
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

    /// Where the password came from, as far as libpq reports it; libpq ignores a file with unsafe permissions.
    private var passwordSource: String {
        if let line = text.split(separator: "\n").last(where: { $0.hasPrefix(Self.fileNote) }) {
            return "from the file \(line.dropFirst(Self.fileNote.count).filter { $0 != "\"" }.trimmingPrefix(" "))"
        }
        return text.contains("no password supplied")
            ? "none was given; a password file that others may read is ignored: chmod 600"
            : "connection string, PGPASSWORD or PGPASSFILE"
    }

    /// The host of the reported line, which with several hosts may not be the last one tried.
    private var place: String {
        if let line = finding.line, let end = line.firstRange(of: " failed: ")?.lowerBound {
            let start = line[..<end]
            if let path = start.split(separator: "\"").dropFirst().first, start.contains("on socket") {
                return "socket \(path)"
            }
            if lines.count > 1, let name = start.split(separator: "\"").dropFirst().first,
                let port = start.firstRange(of: "port ").map({ start[$0.upperBound...] })
            {
                return "\(name) port \(port)"
            }
        }
        return host.hasPrefix("/") ? "socket \(host)/.s.PGSQL.\(port)" : "\(host) port \(port)"
    }

    /// The reported line without the address in front.
    private var reason: String {
        guard var line = finding.line else { return "no reason given" }
        if let range = line.firstRange(of: " failed: ") { line = line[range.upperBound...] }
        if line.hasPrefix("FATAL:") { line = line.dropFirst(6) }
        return String(line.trimmingPrefix { $0 == " " })
    }
}
