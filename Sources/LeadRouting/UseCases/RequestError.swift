package import Postgres
package import RoutingRules

/// Why a use case refuses, in terms that its caller can act on.
///
/// No text holds personal data, because all of it is returned to clients and logged. Any other error that a use case
/// throws is a fault of the server.
package enum RequestError: Error, Sendable, Hashable {
    /// The object does not exist, or the caller may not see it. 404.
    case notFound(String)
    /// Not possible in the current state. 409; the remedy tells how to make it possible.
    case conflict(reason: String, remedy: String)
    /// The object has changed since the version that the caller named. 412; with the current version, or nil if there
    /// is no object.
    case preconditionFailed(current: Timestamp?)
    /// Invalid values. 422. Fields by the API's names, dotted below the body (`conditions.industries`).
    case invalid([FieldProblem])
    /// Too many requests. 503, because the server lacks capacity and the request is not at fault.
    case overloaded(retryAfterSeconds: Int)
    /// The database cannot be reached or the server is stopping. 503; nothing was stored, unless the reason says
    /// otherwise.
    case unavailable(reason: String)
    /// A function of the installation fails, usually of a trigger on leads. 503; nothing was stored.
    case hostFunctionFailed(reason: String)
    /// A function of the installation refuses this lead. 409; nothing was stored.
    case refusedByHostFunction(reason: String)
    /// Another request has used the idempotency key. 422; nothing was stored.
    case reusedKey
    /// The caller may see this but not do that. 403.
    case forbidden(String, remedy: String? = nil, fields: [FieldProblem] = [])
    /// An administrator has suspended the workspace of the key, or of the lead. 403; the reason is the administrator's.
    case suspended(reason: String)
    /// A wrong password, code, or one-time link; without saying which. 401.
    case wrongCredentials(String)
    /// The password is right, and the user has a second factor. 401.
    case secondFactorRequired
    /// Too many wrong keys came from the client's address. 429.
    case tooManyWrongKeys(retryAfterSeconds: Int)
    /// A limit of requests or leads is used up. 429; nothing was stored.
    case beyondLimit(RateReading)
    /// Too much of the workspace's analyses wait for their turn. 429.
    case tooManyAnalyses(retryAfterSeconds: Int)
    /// The caller's key lacks a scope. 403.
    case missingScope(Scope)
}

extension RequestError {
    /// A lead that does not exist, or that the caller may not see, without distinction.
    package static let noSuchLead = RequestError.notFound("This lead does not exist, or this key may not see it.")
    /// A rule that does not exist, or that the caller may not see.
    package static let noSuchRule = RequestError.notFound("This rule does not exist, or this key may not see it.")
    /// A workspace that does not exist, or that the caller may not see.
    package static let noSuchWorkspace = RequestError.notFound(
        "This workspace does not exist, or this key may not see it."
    )
    /// An assignee that does not exist, or that the caller may not see.
    static let noSuchAssignee = RequestError.notFound("This workspace has no such assignee.")
    /// An agreement that does not exist, or that the caller may not see.
    package static let noSuchAgreement = RequestError.notFound(
        "This agreement does not exist, or this key may not see it."
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
