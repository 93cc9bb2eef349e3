package import Postgres

/// A refusal by the store that its caller can fix.
///
/// The text names fields and limits, never a person's data.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of refusal it is.
    package enum Code: String, Sendable, Hashable {
        /// The object does not exist, or the caller may not see it.
        case notFound
        /// A value is invalid; ``StoreError/field`` names it.
        case invalid
        /// Another row has this name or key already, or other rows still refer to this one.
        case conflict
        /// A quota of the workspace is used up.
        case beyondQuota
        /// The caller may see this, but not change it.
        case forbidden
    }

    /// The kind of refusal.
    package let code: Code
    /// The field, as a JSON pointer into the API's form.
    package let field: String?
    /// One sentence for the caller.
    package let message: String
    /// The remedy, if the sentence does not contain it.
    package let remedy: String?

    /// A refusal, with its field, a sentence for the caller and the remedy.
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
            "This workspace does not exist.",
            remedy: "Name a workspace that GET /api/workspaces lists."
        )
    }

    /// What a column without a value is refused with.
    static let valueRequired = "A value is required."

    /// The refusal for a statement that exceeds a quota; nil for another error.
    package static func beyondQuota(_ error: PostgresError) -> StoreError? {
        guard error.sqlState == "54000", error.constraint?.hasPrefix("quota_") == true else { return nil }
        return StoreError(
            .beyondQuota,
            error.message,
            remedy: "Delete what is not needed, or ask an administrator for a larger quota."
        )
    }

    package var description: String {
        guard let field else { return message }
        return "\(field): \(message)"
    }

    /// The refusal for a database error, or nil if the caller cannot fix it.
    ///
    /// The database's constraints finally decide what may be saved; this maps the name of a constraint to its field.
    init?(_ error: PostgresError, fields: [String: String] = [:]) {
        let field = error.constraint.flatMap { fields[$0] } ?? error.column.map { "/" + $0 }
        if let refusal = StoreError.beyondQuota(error) {
            self = refusal
            return
        }
        switch error.sqlState {
        case "23505": self.init(.conflict, field: field, "An object with this value already exists.")
        case "23503":
            self.init(
                .invalid,
                field: field,
                "The value refers to an object that does not exist, or the object is still in use."
            )
        case "23514": self.init(.invalid, field: field, "This value is not allowed here.")
        case "23502": self.init(.invalid, field: field, Self.valueRequired)
        case "22001": self.init(.invalid, field: field, "This text is too long.")
        case "42501": self.init(.forbidden, field: field, "This key may not change that.")
        default: return nil
        }
    }
}

extension StoreSession {
    /// Runs a statement that writes, and maps the database's refusals to ``StoreError``.
    ///
    /// - Parameters:
    ///   - statement: the statement.
    ///   - parameters: its values.
    ///   - access: the caller's access.
    ///   - fields: for each constraint that may refuse, its field.
    /// - Returns: its rows.
    /// - Throws: ``StoreError`` for a refusal; `PostgresError`, if the database fails.
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
