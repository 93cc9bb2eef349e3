import CLibPQ
import Glibc

/// A connection string whose database can be changed.
struct ServerAddress: Sendable, Hashable {
    private let text: String

    init(_ text: String) { self.text = text }

    /// The server that TEST_DATABASE_URL names; nil when it names none.
    ///
    /// Throws if it is neither on this machine nor TEST_DATABASE_MAY_BE_WIPED=1: a variable left in a shell must not
    /// let a test run wipe a real database.
    static func fromEnvironment() throws -> ServerAddress? {
        guard let value = getenv("TEST_DATABASE_URL").map({ String(cString: $0) }), !value.isEmpty else { return nil }
        let address = ServerAddress(value)
        let mayBeWiped = getenv("TEST_DATABASE_MAY_BE_WIPED").map { String(cString: $0) } == "1"
        guard address.isLocal || mayBeWiped else { throw NotLocal() }
        return address
    }

    /// Names the remedy, without the variable's value.
    struct NotLocal: Error, CustomStringConvertible {
        var description: String {
            "TEST_DATABASE_URL names a server that is not on this machine. If tests may make and drop databases there, "
                + "set TEST_DATABASE_MAY_BE_WIPED=1."
        }
    }

    private var isURL: Bool { text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") }

    /// The same server with another database: the last mention of a keyword counts.
    func connectionString(database: String) -> String {
        guard isURL else { return "\(text) dbname=\(database)" }
        return "\(text)\(text.contains("?") ? "&" : "?")dbname=\(database)"
    }

    /// Whether every host is this machine by name, or a unix socket.
    ///
    /// Without a host it is local too.
    var isLocal: Bool {
        guard let options, options["service"] == nil else { return false }
        let hosts = ["host", "hostaddr"].flatMap { (options[$0] ?? "").split(separator: ",") }
        return hosts.allSatisfy { host in
            host.hasPrefix("/") || host.hasPrefix("@") || host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }

    /// The keywords as libpq reads them, with its environment variables; nil when it cannot.
    private var options: [String: String]? {
        guard let list = PQconninfoParse(text, nil) else { return nil }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        for (keyword, variable) in [("host", "PGHOST"), ("hostaddr", "PGHOSTADDR"), ("service", "PGSERVICE")] {
            if let value = getenv(variable), value.pointee != 0 { options[keyword] = String(cString: value) }
        }
        var entry = list
        while let keyword = entry.pointee.keyword {
            if let value = entry.pointee.val { options[String(cString: keyword)] = String(cString: value) }
            entry += 1
        }
        return options
    }
}
