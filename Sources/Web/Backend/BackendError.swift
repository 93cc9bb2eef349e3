/// What is wrong with one field of a request.
package struct FieldProblem: Error, Sendable, Hashable {
    /// A JSON pointer into the body (`/leads/3/email`), or the bare name of a query or path parameter.
    package var field: String
    /// One sentence that says what is wrong, without repeating the value.
    package var message: String
    /// What to do about it.
    package var remedy: String?

    /// A problem at a place that is already a JSON pointer, or a parameter's name.
    package init(field: String, message: String, remedy: String? = nil) {
        self.field = field
        self.message = message
        self.remedy = remedy
    }

    /// The same problem with the field as a JSON pointer: `conditions.industries` becomes `/conditions/industries`.
    func pointing(below prefix: String = "") -> FieldProblem {
        var problem = self
        problem.field =
            prefix + (field.hasPrefix("/") ? field : "/" + field.split(separator: ".").joined(separator: "/"))
        return problem
    }
}

/// Why the backend refuses, in terms that the caller can act on.
///
/// No text in here holds a person's data: all of it goes into answers and logs.
package enum BackendError: Error, Sendable, Hashable {
    /// There is no such thing, or none that the principal may see. 404.
    case notFound(String)
    /// Not possible in the present state. 409; the remedy says what would make it possible.
    case conflict(reason: String, remedy: String)
    /// Values that cannot be saved. 422. Fields by the API's names, dotted below the body (`conditions.industries`).
    case invalid([FieldProblem])
    /// Too much at once. 503, because it is the server that is short of something, not the caller who sends too much.
    case overloaded(retryAfterSeconds: Int)
    /// The database cannot be reached or the server is stopping. 503; nothing was stored, unless the reason says so.
    case unavailable(reason: String)
    /// Another request has used the idempotency key. 422; nothing was stored.
    case reusedKey
    /// The principal may see this but not do that. 403.
    case forbidden(String)
}
