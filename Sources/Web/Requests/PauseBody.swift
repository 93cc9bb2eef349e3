import FoundationEssentials
import LeadRouting
import RoutingRules

/// The body of a request to pause or resume routing: the target and the reason.
struct PauseBody {
    /// The target.
    let target: PauseTarget
    /// The operator's reason.
    let reason: String?

    /// Reads a body.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - limits: the limits of texts.
    ///   - hasReason: whether the request may have a reason.
    /// - Throws: ``Problem`` with every invalid field.
    init(_ bytes: [UInt8], limits: WebConfiguration.Limits, hasReason: Bool) throws {
        let names = ["workspaceId", "all"] + (hasReason ? ["reason"] : [])
        var body = try ObjectReader(bytes, names: names, limits: limits)
        let workspace = body.uuid("workspaceId")
        let all = body.bool("all")
        if all == false {
            body.note("all", "This must be true.", "Omit it, and name one workspace by its workspaceId.")
        }
        let isAll = all ?? false
        reason = hasReason ? body.text("reason", limit: 500) : nil
        if isAll, workspace != nil {
            body.note("all", "“all” and “workspaceId” exclude each other.", "Send one of the two.")
        }
        try body.finish()
        target = isAll ? .all : .workspace(workspace)
    }
}
