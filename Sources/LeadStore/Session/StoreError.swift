import Postgres

/// A refusal by the store that its caller can act on.
///
/// The text names fields and limits, never a person's data.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of refusal it is.
    package enum Code: String, Sendable, Hashable {
        /// There is no such thing, or it is not visible to the caller.
        case notFound
        /// A value that cannot be saved; ``StoreError/field`` names it.
        case invalid
        /// Another row has this name or key already, or other rows still refer to this one.
        case conflict
        /// The caller may see this, but not change it.
        case forbidden
    }

    /// The kind of refusal.
    package let code: Code
    /// The field at fault, as a JSON pointer into what the API takes.
    package let field: String?
    /// One sentence for the caller.
    package let message: String
    /// What the caller can do about it, if the sentence does not say so.
    package let remedy: String?

    /// A refusal of a kind, with the field at fault, a sentence for the caller and what to do about it.
    package init(_ code: Code, field: String? = nil, _ message: String, remedy: String? = nil) {
        self.code = code
        self.field = field
        self.message = message
        self.remedy = remedy
    }

    /// A field names a workspace that does not exist.
    static func noSuchWorkspace(_ field: String) -> StoreError {
        StoreError(
            .invalid,
            field: field,
            "There is no such workspace.",
            remedy: "Name a workspace that GET /api/workspaces lists."
        )
    }

    package var description: String {
        guard let field else { return message }
        return "\(field): \(message)"
    }

    /// The refusal behind a database error, or nil if the caller can do nothing about it.
    ///
    /// The database's constraints are the last word on what may be saved; this turns the name of the constraint that
    /// refused back into the field that it guards.
    init?(_ error: PostgresError, fields: [String: String] = [:]) {
        let field = error.constraint.flatMap { fields[$0] } ?? error.column.map { "/" + $0 }
        switch error.sqlState {
        case "23505": self.init(.conflict, field: field, "An equal one exists already.")
        case "23503": self.init(.invalid, field: field, "Names something that does not exist, or is still in use.")
        case "23514": self.init(.invalid, field: field, "This value is not allowed here.")
        case "23502": self.init(.invalid, field: field, "A value is required.")
        case "22001": self.init(.invalid, field: field, "This text is too long.")
        case "42501": self.init(.forbidden, field: field, "This key may not change that.")
        default: return nil
        }
    }
}

extension StoreSession {
    /// Runs a statement that writes, and turns the database's refusals into ``StoreError``.
    ///
    /// - Parameters:
    ///   - statement: what to run.
    ///   - parameters: its values.
    ///   - access: on whose behalf.
    ///   - fields: for each constraint that may refuse, the field to blame.
    /// - Returns: its rows.
    /// - Throws: ``StoreError`` for a refusal; else what the database says.
    func write(
        _ statement: Statement,
        _ parameters: Parameters,
        as access: Access,
        fields: [String: String] = [:]
    ) async throws -> Rows {
        do {
            return try await run(statement, parameters, as: access, recording: actor)
        } catch let error as PostgresError {
            throw StoreError(error, fields: fields) ?? error
        }
    }
}
