import FoundationEssentials
import LeadRouting

/// The body of a request to pause or resume routing: whose, and why.
struct PauseBody {
    /// Whose routing.
    let target: PauseTarget
    /// Why, in the operator's words.
    let reason: String?

    /// Reads a body.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - limits: of texts.
    ///   - hasReason: whether the request may give one.
    /// - Throws: ``Problem`` with every field at fault.
    init(_ bytes: [UInt8], limits: WebConfiguration.Limits, hasReason: Bool) throws {
        let names = ["workspaceId", "all"] + (hasReason ? ["reason"] : [])
        var body = try ObjectDecoding(bytes, names: names, limits: limits)
        let workspace = body.uuid("workspaceId")
        let isAll = body.bool("all") ?? false
        reason = hasReason ? body.text("reason", limit: 500) : nil
        if isAll, workspace != nil {
            body.note("all", "“all” and “workspaceId” exclude each other.", "Send one of the two.")
        }
        try body.finish()
        target = isAll ? .all : .workspace(workspace)
    }
}
