import FoundationEssentials
import RoutingRules

/// The body of `POST /api/rules/simulate`.
package struct SimulationBody: Sendable {
    /// Which rules stand against those in force.
    package enum Draft: Sendable {
        /// None: where do these leads go?
        case published
        /// The draft that is stored.
        case stored
        /// The rules as they stood at a version.
        case version(Int64)
    }

    /// Whose rules; nil: not said.
    let owner: UUID?
    let draft: Draft
    let leads: SimulationRequest.Leads

    /// How many leads may be sent.
    static let mostLeads = 1_000

    /// Reads the body.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - own: the workspace of the key; leads that are sent are that workspace's. Nil for an administrator, who may say
    ///     whose each lead is.
    ///   - limits: how deep it may be nested.
    /// - Throws: ``Problem`` with every field at fault.
    init(_ bytes: [UInt8], own: UUID?, limits: WebConfiguration.Limits) throws {
        let names = ["workspaceId", "draft", "version", "days", "limit", "lead", "leads"]
        var body = try ObjectDecoding(bytes, names: names, limits: limits)
        owner = body.uuid("workspaceId")
        draft = Self.draft(&body)
        let given = ["days", "lead", "leads"].filter { body.has($0) && !body.isNull($0) }
        if given.count > 1 {
            body.note(given[1], "This does not go together with \(given[0]).", "Send one of days, lead and leads.")
        }
        switch given.first {
        case "lead", "leads": leads = .these(Self.leads(bytes, own, owner, &body, limits))
        default:
            let days = body.int32("days").map(Int.init) ?? 7
            let limit = body.int32("limit").map(Int.init) ?? SimulationRequest.usualLeads
            if !(1...SimulationRequest.mostDays ~= days) {
                body.note("days", "This is 1 to \(SimulationRequest.mostDays).")
            }
            if !(1...SimulationRequest.mostLeads ~= limit) {
                body.note("limit", "This is 1 to \(SimulationRequest.mostLeads).")
            }
            leads = .days(days, limit: limit)
        }
        try body.finish()
    }

    /// `"published"` or `"stored"`, or else `version`.
    private static func draft(_ body: inout ObjectDecoding) -> Draft {
        let name = body.isNull("draft") ? nil : body.text("draft")
        if body.has("version"), !body.isNull("version") {
            if name != nil { body.note("version", "This does not go together with draft.", "Send one of the two.") }
            return .version(Int64(body.int32("version") ?? 0))
        }
        switch name {
        case "published": return .published
        case "stored", nil: return .stored
        default:
            body.note("draft", "This is stored or published.", "Name an earlier version as version.")
            return .stored
        }
    }

    /// The leads, read as `POST /api/leads` reads them; of one that is not valid the first problem is named.
    private static func leads(
        _ bytes: [UInt8],
        _ own: UUID?,
        _ owner: UUID?,
        _ body: inout ObjectDecoding,
        _ limits: WebConfiguration.Limits
    ) -> [SimulatedLead] {
        let read: [(pointer: String, lead: DecodedLead)]
        do {
            read = try Self.decoded(bytes, limits)
        } catch {
            body.note("leads", "These are no leads.", "Send objects as for POST /api/leads.")
            return []
        }
        if read.count > mostLeads { body.note("leads", "There are more than \(mostLeads) leads.", "Send fewer.") }
        for (pointer, lead) in read.prefix(mostLeads) {
            // What a lead is recognised by does not matter here.
            for problem in lead.problems where !problem.field.isEmpty {
                body.note(String(pointer.dropFirst()) + problem.field, problem.message, problem.remedy)
            }
        }
        return read.map {
            SimulatedLead(id: nil, lead: $0.lead.lead, source: own ?? $0.lead.workspaceID ?? owner, time: nil)
        }
    }

    private static func decoded(
        _ bytes: [UInt8],
        _ limits: WebConfiguration.Limits
    ) throws -> [(pointer: String, lead: DecodedLead)] {
        var reader = JSONReader(bytes, maximumDepth: limits.jsonDepth)
        var read: [(pointer: String, lead: DecodedLead)] = []
        try reader.readObject { reader, key in
            switch key {
            case "lead": read.append(("/lead", try LeadDecoding.read(&reader)))
            case "leads":
                try reader.readArray { reader, index in
                    read.append(("/leads/\(index)", try LeadDecoding.read(&reader)))
                }
            default: _ = try reader.skipValue()
            }
        }
        return read
    }
}
