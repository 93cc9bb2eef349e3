package import RoutingRules

/// Why a use case refuses, in terms that its caller can act on.
///
/// No text in here holds a person's data: all of it goes into answers and logs. Any other error that a use case throws is
/// a fault of the server.
package enum RequestError: Error, Sendable, Hashable {
    /// The object does not exist, or the caller may not see it. 404.
    case notFound(String)
    /// Not possible in the current state. 409; the remedy says what would make it possible.
    case conflict(reason: String, remedy: String)
    /// Values that cannot be saved. 422. Fields by the API's names, dotted below the body (`conditions.industries`).
    case invalid([FieldProblem])
    /// Too much at once. 503, because the server lacks capacity and the request is not at fault.
    case overloaded(retryAfterSeconds: Int)
    /// The database cannot be reached or the server is stopping. 503; nothing was stored, unless the reason says so.
    case unavailable(reason: String)
    /// Another request has used the idempotency key. 422; nothing was stored.
    case reusedKey
    /// The caller may see this but not do that. 403.
    case forbidden(String, remedy: String? = nil, fields: [FieldProblem] = [])
    /// The caller's key lacks a scope. 403.
    case missingScope(Scope)
}

extension RequestError {
    /// A lead that does not exist, or that the caller may not see: the two are not told apart.
    package static let noSuchLead = RequestError.notFound("There is no such lead, or none that this key may see.")
    /// A rule that does not exist, or that the caller may not see.
    package static let noSuchRule = RequestError.notFound("There is no such rule, or none that this key may see.")
    /// A workspace that does not exist, or that the caller may not see.
    package static let noSuchWorkspace = RequestError.notFound(
        "There is no such workspace, or none that this key may see."
    )
    /// An agreement that does not exist, or that the caller may not see.
    package static let noSuchAgreement = RequestError.notFound(
        "There is no such agreement, or none that this key may see."
    )

    /// A request that names another workspace than the key's own.
    static func otherWorkspace(_ reason: String, remedy: String) -> RequestError {
        .forbidden(
            reason,
            remedy: remedy,
            fields: [FieldProblem(field: "/workspaceId", message: "This is not the key's workspace.")]
        )
    }
}
