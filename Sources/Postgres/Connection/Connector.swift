import CLibPQ
import Glibc

/// Opens connections on threads that may block.
///
/// libpq itself resolves names, reads the password file, tries several hosts and addresses, and negotiates TLS, with
/// its time limit for each host. libpq's asynchronous connect resolves names while it polls, and cannot skip a host
/// that does not answer, so each connection is opened on a thread.
enum Connector {
    /// A connection on its way from the connecting thread to the loop.
    struct Opened: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Connects; blocks for at most the time limit of each address.
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
    /// The options for libpq: the connection string's own keywords, and defaults for those that it omits.
    var libpqOptions: [(String, String)] {
        var options = options
        options["connect_timeout"] = String(max(2, connectTimeout.components.seconds))
        options["fallback_application_name"] = applicationName
        // Part of the startup packet, so that a pooler reads it as well.
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

    /// Whether only a server that accepts writes will do: if the options demand it, or if they name several hosts and
    /// demand nothing else.
    ///
    /// Of several hosts libpq takes the first that answers, which after a failover may be the standby.
    var wantsWritableHost: Bool {
        let environment = { (name: String) in getenv(name).map { String(cString: $0) } }
        if let wanted = options["target_session_attrs"] ?? environment("PGTARGETSESSIONATTRS") {
            return wanted == "read-write" || wanted == "primary"
        }
        if options["service"] != nil || environment("PGSERVICE") != nil { return false }
        return [options["host"] ?? environment("PGHOST"), options["hostaddr"] ?? environment("PGHOSTADDR")]
            .contains { $0?.contains(",") == true }
    }

    /// Detects a vanished peer within about a minute, not after two hours.
    private static let keepAlive = [
        ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
    ]
}

extension Duration {
    /// The value for a PostgreSQL setting: at least one millisecond, unless zero, which means no limit.
    var postgresMilliseconds: String {
        let (seconds, attoseconds) = components
        if seconds <= 0 && attoseconds <= 0 { return "0" }
        return "\(max(1, min(seconds, 2_000_000) * 1000 + attoseconds / 1_000_000_000_000_000))ms"
    }
}
