/// An error of PostgreSQL or of the connection to it.
///
/// ``description`` is safe to log and to show: it never holds a value of a row or a parameter, nor a password. The
/// server's own text is used only for SQLSTATEs whose text names objects and no values; DETAIL, HINT and CONTEXT are
/// dropped. `String(reflecting:)` adds names (constraint, table, column, statement), still without values.
package struct PostgresError: Error, Sendable, Hashable {
    /// The kinds of error, by what a caller can do about them.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case server, connectionLost, cannotConnect, timeout, cancelled, poolExhausted, decoding,
                configuration
            case shutDown
        }
        private let kind: Kind

        /// The server refused the statement; ``PostgresError/sqlState`` says why.
        package static let server = Code(kind: .server)
        /// The connection ended before the answer came: whether the statement took effect is unknown.
        package static let connectionLost = Code(kind: .connectionLost)
        /// No connection could be made; the statement was not sent.
        package static let cannotConnect = Code(kind: .cannotConnect)
        /// The caller's deadline passed; whether the statement took effect is unknown.
        package static let timeout = Code(kind: .timeout)
        /// The caller's task was cancelled; whether the statement took effect is unknown.
        package static let cancelled = Code(kind: .cancelled)
        /// Too many callers are waiting for a connection already; nothing was sent.
        package static let poolExhausted = Code(kind: .poolExhausted)
        /// A column did not hold the type that the caller requested.
        package static let decoding = Code(kind: .decoding)
        /// The connection string, the environment or the statement cannot be used as it is.
        package static let configuration = Code(kind: .configuration)
        /// The pool or the connection has been closed; nothing was sent.
        package static let shutDown = Code(kind: .shutDown)

        /// The name of the kind.
        package var description: String { kind.rawValue }
    }

    /// The kind of fault.
    package var code: Code
    /// The five-character SQLSTATE, or nil for an error found by this process.
    package var sqlState: String?
    /// One sentence without values.
    package var message: String
    /// The constraint that was broken, if the server named one.
    package var constraint: String?
    /// The table concerned, if the server named one.
    package var table: String?
    /// The column concerned, if the server named one.
    package var column: String?
    /// The name of the statement that failed, if it has one.
    package var statement: String?
    /// The functions that were running, innermost first, as the server named them.
    package var functions: [String] = []
    /// The server's own sentence, if a function was running.
    ///
    /// It may hold values of rows. Only a reader that removes them may show it: neither ``description`` nor
    /// `debugDescription` does.
    package var original: String?

    /// A fault with its text, which must not hold values.
    package init(_ code: Code, sqlState: String? = nil, _ message: String) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
    }

    /// Whether the same statement may succeed a little later.
    ///
    /// True for serialization failures and deadlocks, a server that is starting, stopping or full, and for every
    /// connection error. After ``Code/connectionLost`` the first attempt may have taken effect.
    package var isTransient: Bool {
        if code == .connectionLost { return true }
        guard let sqlState else { return false }
        return sqlState.hasPrefix("08") || Self.transientStates.contains(sqlState)
    }

    private static let transientStates: Set<String> = [
        "40001", "40P01", "57P01", "57P02", "57P03", "53300",
    ]
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The message with its SQLSTATE; no values.
    package var description: String {
        if let sqlState { "\(message) (SQLSTATE \(sqlState))" } else { message }
    }

    /// The message with every name that the server reported; no values.
    package var debugDescription: String {
        var names: [String] = ["code: \(code)"]
        if let sqlState { names.append("sqlState: \(sqlState)") }
        if let statement { names.append("statement: \(statement)") }
        if let constraint { names.append("constraint: \(constraint)") }
        if let table { names.append("table: \(table)") }
        if let column { names.append("column: \(column)") }
        return "PostgresError(\(names.joined(separator: ", "))): \(message)"
    }
}
