import CLibPQ
import Glibc

/// Makes connections, on threads that may block.
///
/// Resolving names, reading the password file, going through several hosts and addresses and TLS are all libpq's own,
/// with its time limit for each host. libpq's asynchronous connect would resolve names in the middle of polling, and
/// cannot move on from a host that does not answer; a thread of its own can.
enum Connector {
    /// A connection on its way from the connecting thread to the loop.
    struct Opened: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Connects; takes as long as it takes, at most the time limit for each address.
    static func open(_ configuration: PostgresConfiguration) -> Result<Opened, PostgresError> {
        if let fault = configuration.fault { return .failure(fault) }
        let options = configuration.libpqOptions
        var keywords = options.map { strdup($0.0) as UnsafeMutablePointer<CChar>? }
        var values = options.map { strdup($0.1) as UnsafeMutablePointer<CChar>? }
        keywords.append(nil)
        values.append(nil)
        defer { for text in keywords + values { free(text) } }
        let connection = keywords.withUnsafeBufferPointer { keywords in
            values.withUnsafeBufferPointer { values in
                keywords.withMemoryRebound(to: UnsafePointer<CChar>?.self) { keywords in
                    values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
                        PQconnectdbParams(keywords.baseAddress, values.baseAddress, 0)
                    }
                }
            }
        }
        guard let connection else {
            return .failure(
                PostgresError(.cannotConnect, sqlState: "08001", "Not enough memory for a connection.")
            )
        }
        guard PQstatus(connection) == CONNECTION_OK else {
            defer { PQfinish(connection) }
            return .failure(ConnectFailure(connection).error)
        }
        return .success(Opened(pointer: connection))
    }
}

extension PostgresConfiguration {
    /// What libpq is given: the connection string's own keywords, and defaults for what it leaves open.
    var libpqOptions: [(String, String)] {
        var options = options
        options["connect_timeout"] = String(max(2, connectTimeout.components.seconds))
        options["fallback_application_name"] = applicationName
        // At the start, where a pooler hears of it as well.
        options["client_encoding"] = "UTF8"
        if wantsWritableHost, options["target_session_attrs"] == nil, getenv("PGTARGETSESSIONATTRS") == nil {
            options["target_session_attrs"] = "read-write"
        }
        // A service file may set these itself, and explicit keywords would win over it.
        if options["service"] == nil, getenv("PGSERVICE") == nil {
            for (keyword, value) in Self.keepAlive where options[keyword] == nil {
                options[keyword] = value
            }
        }
        return options.map { ($0, $1) }
    }

    /// Whether only a server that takes writes will do: asked for, or of several hosts nothing else was asked for.
    ///
    /// Of several hosts libpq takes the first that answers, which after a fail-over is as likely the standby.
    var wantsWritableHost: Bool {
        let environment = { (name: String) in getenv(name).map { String(cString: $0) } }
        if let wanted = options["target_session_attrs"] ?? environment("PGTARGETSESSIONATTRS") {
            return wanted == "read-write" || wanted == "primary"
        }
        if options["service"] != nil || environment("PGSERVICE") != nil { return false }
        return [options["host"] ?? environment("PGHOST"), options["hostaddr"] ?? environment("PGHOSTADDR")]
            .contains { $0?.contains(",") == true }
    }

    /// A peer that vanished without a word is noticed within about a minute, not after two hours.
    private static let keepAlive = [
        ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
    ]
}

extension Duration {
    /// For a GUC: at least a millisecond unless zero, which means no limit.
    var postgresMilliseconds: String {
        let (seconds, attoseconds) = components
        if seconds <= 0 && attoseconds <= 0 { return "0" }
        return "\(max(1, min(seconds, 2_000_000) * 1000 + attoseconds / 1_000_000_000_000_000))ms"
    }
}
