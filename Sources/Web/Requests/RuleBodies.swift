import FoundationEssentials
import JSON
import LeadRouting
import LeadStore
import RoutingRules

/// The bodies of requests about rules, workspaces and agreements.
enum RuleBodies {
    /// A rule: its id and its owner if present, and its fields.
    static func rule(
        _ bytes: [UInt8],
        isNew: Bool,
        limits: WebConfiguration.Limits
    ) throws
        -> (id: UUID?, owner: UUID?, fields: RuleChange)
    {
        var names = ["name", "priority", "isActive", "conditions", "destinationWorkspaceId", "distribution"]
        if isNew { names += ["id", "workspaceId"] }
        var body = try ObjectReader(bytes, names: names, limits: limits)
        if isNew {
            body.require("name", "Send a name of 1 to 200 characters.")
            if !body.has("distribution") {
                body.require("destinationWorkspaceId", "Send the id of the workspace for matching leads.")
            }
        }
        var fields = RuleChange()
        fields.name = body.isNull("name") && isNew ? nil : body.text("name")
        fields.priority = body.int32("priority")
        fields.isActive = body.bool("isActive")
        fields.destinationWorkspaceID = body.uuid("destinationWorkspaceId")
        if let settings = body.json("distribution") {
            fields.distribution = .some(settings == .null ? nil : Distribution(settings, at: "/distribution"))
            body.add(fields.distribution.flatMap { $0 }?.problems ?? [])
        }
        let lists = ["industries", "company_sizes", "revenue_ranges", "countries", "us_states", "regions", "where"]
        fields.conditions = body.object("conditions", names: lists) { lists in
            var conditions = RuleConditions(
                industries: lists.texts("industries") ?? [],
                companySizes: lists.texts("company_sizes") ?? [],
                revenueRanges: lists.texts("revenue_ranges") ?? [],
                countries: lists.texts("countries") ?? [],
                usStates: lists.texts("us_states") ?? [],
                regions: lists.texts("regions") ?? []
            )
            if let tree = lists.json(RuleConditions.treeKey) {
                conditions.read(tree: tree)
                lists.add(conditions.problems.map { $0.under(lists.place) })
            }
            return conditions
        }
        let owner = isNew ? body.uuid("workspaceId") : nil
        let id = isNew ? body.uuid("id") : nil
        try body.finish()
        return (id, owner, fields)
    }

    /// A workspace: its id if present, and its fields.
    static func workspace(
        _ bytes: [UInt8],
        isNew: Bool,
        limits: WebConfiguration.Limits
    ) throws
        -> (id: UUID?, fields: WorkspaceChange)
    {
        var names = ["name", "type", "isActive", "isPaused", "unmatchedPolicy", "fallbackWorkspaceId", "capacity"]
        if isNew { names += ["id", "columns"] }
        var body = try ObjectReader(bytes, names: names, limits: limits)
        if isNew { body.require("name", "Send a name of 1 to 200 characters.") }
        var fields = WorkspaceChange()
        fields.name = body.isNull("name") && isNew ? nil : body.text("name")
        fields.isActive = body.bool("isActive")
        fields.isPaused = body.bool("isPaused")
        if let type = body.text("type") {
            fields.type = type
            if type != "partner", type != "platform" { body.note("type", "The type must be partner or platform.") }
        }
        if let settings = body.json("capacity") {
            fields.capacity = .some(settings == .null ? nil : WorkspaceCapacity(settings, at: "/capacity"))
            body.add(fields.capacity.flatMap { $0 }?.problems ?? [])
        }
        let fallback = body.uuid("fallbackWorkspaceId")
        switch (body.text("unmatchedPolicy"), fallback) {
        case ("fallback", let workspace?): fields.unmatchedPolicy = .fallback(workspace)
        case ("fallback", nil):
            body.note(
                "fallbackWorkspaceId",
                "This field is required.",
                "Name the workspace for unmatched leads."
            )
        case ("keep", nil): fields.unmatchedPolicy = .keep
        case ("retry", nil): fields.unmatchedPolicy = .retry
        case ("keep", _?), ("retry", _?):
            body.note("fallbackWorkspaceId", "This field requires unmatchedPolicy fallback.", "Omit it.")
        case (_?, _): body.note("unmatchedPolicy", "This must be keep, fallback or retry.")
        case (nil, let workspace?): fields.unmatchedPolicy = .fallback(workspace)
        case (nil, nil): break
        }
        let id = isNew ? body.uuid("id") : nil
        if isNew, let columns = body.json("columns") {
            if case .object(let columns) = columns {
                fields.columns = columns
            } else {
                body.note("columns", "This must be an object of column names and values.")
            }
        }
        try body.finish()
        return (id, fields)
    }

    /// An agreement; the receiver defaults to the workspace of the key.
    static func agreement(
        _ bytes: [UInt8],
        caller: Caller,
        limits: WebConfiguration.Limits
    ) throws
        -> RoutingAgreement
    {
        var body = try ObjectReader(bytes, names: ["receivingWorkspaceId", "sendingWorkspaceId"], limits: limits)
        if caller.isAdministrator {
            body.require("receivingWorkspaceId", "Send the id of the workspace that agrees to receive leads.")
        }
        body.require("sendingWorkspaceId", "Send the id of the workspace that leads come from.")
        let receiver = body.uuid("receivingWorkspaceId") ?? caller.workspaceID
        let sender = body.uuid("sendingWorkspaceId")
        try body.finish()
        guard let receiver, let sender else { throw Problem.invalid("", "Both workspaces are required.") }
        return RoutingAgreement(receivingWorkspaceID: receiver, sendingWorkspaceID: sender)
    }

    /// The lead to route.
    static func leadID(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws -> UUID {
        var body = try ObjectReader(bytes, names: ["leadId"], limits: limits)
        body.require("leadId", "Send the id that POST /api/leads answered with.")
        let id = body.uuid("leadId")
        try body.finish()
        guard let id else { throw Problem.invalid("/leadId", "This field is required.") }
        return id
    }
}
