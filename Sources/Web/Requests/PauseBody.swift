import FoundationEssentials
import RoutingRules

/// The body of a request to pause or resume routing: whose, and why.
struct PauseBody {
    /// The source workspace; nil for routing as a whole.
    let workspaceID: UUID?
    /// Why, in the operator's words.
    let reason: String?

    /// Reads a body.
    ///
    /// All of routing has to be named (`"all": true`): a forgotten id must not stop everybody.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - principal: a workspace's key speaks for its own leads.
    ///   - limits: of texts.
    ///   - hasReason: whether the request may give one.
    /// - Throws: ``Problem`` with every field at fault, or because a workspace's key asked for more than its own.
    init(_ bytes: [UInt8], principal: Principal, limits: WebConfiguration.Limits, hasReason: Bool) throws {
        let names = ["workspaceId", "all"] + (hasReason ? ["reason"] : [])
        var body = try ObjectDecoding(bytes, names: names, limits: limits)
        let workspace = body.uuid("workspaceId")
        let isAll = body.bool("all") ?? false
        reason = hasReason ? body.text("reason", limit: 500) : nil
        if isAll, workspace != nil {
            body.note("all", "Routing as a whole and one workspace exclude each other.", "Send one of the two.")
        } else if principal.isAdministrator, !isAll, workspace == nil {
            body.note("workspaceId", "This field is required.", "Send a workspace's id, or “all”: true for everything.")
        }
        try body.finish()
        if let own = principal.workspaceID, isAll || (workspace ?? own) != own {
            throw Problem(.forbidden, "A workspace's key pauses and resumes the routing of its own leads only.")
        }
        workspaceID = isAll ? nil : workspace ?? principal.workspaceID
    }
}
