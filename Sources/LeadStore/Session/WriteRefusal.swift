package import Postgres
package import RoutingRules

/// Why the database refused to write a lead: a function of the installation, a constraint, or a value.
///
/// Its texts hold no personal data: values of the lead, addresses and long numbers are removed from the server's
/// message.
package struct WriteRefusal: Sendable, Hashable, CustomStringConvertible {
    /// The SQLSTATE.
    package let sqlState: String
    /// The function of the installation that failed, usually of a trigger on leads; nil if none was running.
    package let function: String?
    /// The constraint that was broken, if the server named one.
    package let constraint: String?
    /// The column concerned, if the server named one.
    package let column: String?
    /// The server's message, without personal data.
    package let message: String

    /// The refusal of an error.
    ///
    /// - Parameters:
    ///   - error: the error.
    ///   - lead: the lead whose values are removed from the message; nil if it is not known.
    package init(_ error: PostgresError, of lead: Lead? = nil) {
        sqlState = error.sqlState ?? "unknown"
        function = error.hostFunction
        constraint = error.constraint
        column = error.column
        message = error.original.map { PersonalMask(lead).masked($0) } ?? error.message
    }

    /// Whether the refusal concerns this lead, so that it would be refused again; otherwise the function is broken.
    package var isOfContent: Bool { ["22", "23", "P0", "54", "21"].contains(String(sqlState.prefix(2))) }

    /// What refused, and with which SQLSTATE, without the message.
    ///
    /// It names objects of the schema and no values, so every reader may see it.
    package var cause: String {
        if let function { return "The installation's function \(function) failed (SQLSTATE \(sqlState))" }
        if let constraint { return "The constraint \(constraint) refused it (SQLSTATE \(sqlState))" }
        if let column { return "The column \(column) refused it (SQLSTATE \(sqlState))" }
        return "The database refused it (SQLSTATE \(sqlState))"
    }

    /// The cause and the message, for operators.
    package var description: String { "\(cause): \(message)" }

    /// The reason of an attempt that could not be written.
    ///
    /// Erasure removes the message: it finds the words before it.
    package var reason: RoutingText {
        "The assignment of this lead could not be written. \(cause). The message: \(message)"
    }
}
