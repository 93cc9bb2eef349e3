package import FoundationEssentials

/// Who sends a request: an API key, or a person with a session.
package enum Identity: Sendable {
    /// A key, the service-role key included.
    case key(Caller)
    /// A person, who may belong to several workspaces.
    case person(Person)

    /// The caller of the request.
    ///
    /// - Parameter workspace: the workspace that the request names; nil for none.
    /// - Returns: the caller.
    /// - Throws: ``RequestError``, as ``Person/caller(actingFor:)``; `.forbidden` for a key that belongs to another
    ///   workspace than the named one.
    package func caller(actingFor workspace: UUID?) throws(RequestError) -> Caller {
        switch self {
        case .person(let person): return try person.caller(actingFor: workspace)
        case .key(let caller):
            guard workspace == nil || workspace == caller.workspaceID else {
                throw .forbidden(
                    "This key does not belong to the workspace that the header Switchyard-Workspace names.",
                    remedy: "Leave the header out: it is for persons who belong to several workspaces."
                )
            }
            return caller
        }
    }
}
