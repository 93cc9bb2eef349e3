import FoundationEssentials
import JSON
import LeadRouting
import RoutingRules

/// The body of `POST /api/rules/simulate`, decoded to a simulation request.
enum SimulationBody {
    /// The most leads that may be sent; the size of the body limits them too.
    static let mostLeads = 50_000

    private static let names = [
        "workspaceId", "draft", "version", "counters", "days", "limit", "lead", "leads", "csv", "ndjson",
    ]
    private static let selections = ["days", "lead", "leads", "csv", "ndjson"]

    /// Reads the body.
    ///
    /// - Parameters:
    ///   - bytes: the body.
    ///   - own: the workspace of the key, which is the source of all sent leads. Nil for an administrator, who may name
    ///     the source of each lead.
    ///   - limits: the limit of nesting.
    /// - Returns: the simulation request.
    /// - Throws: ``Problem`` with every invalid field.
    static func read(_ bytes: [UInt8], own: UUID?, limits: WebConfiguration.Limits) throws -> SimulationRequest {
        var body = try ObjectReader(bytes, names: Self.names, limits: limits)
        let owner = body.uuid("workspaceId")
        let draft = Self.draft(&body)
        let counters = Self.counters(body.isNull("counters") ? nil : body.text("counters")) {
            body.note("counters", $0)
        }
        let given = Self.selections.filter { body.has($0) && !body.isNull($0) }
        if given.count > 1 {
            body.note(
                given[1],
                "This cannot be combined with \(given[0]).",
                "Send one of \(Self.selections.joined(separator: ", "))."
            )
        }
        let leads: SimulationRequest.Leads
        switch given.first {
        case "lead", "leads": leads = .these(Self.leads(bytes, own, owner, &body, limits))
        case "csv": leads = .csv(Array((body.longText("csv") ?? "").utf8))
        case "ndjson":
            let lines = Array((body.longText("ndjson") ?? "").utf8)
            var problems: [FieldProblem] = []
            leads = .these(Self.lines(lines, own, owner, limits, &problems, "ndjson"))
            body.add(problems.map { $0.under("/") })
        default:
            let days = body.int32("days").map(Int.init) ?? 7
            let limit = body.int32("limit").map(Int.init) ?? SimulationRequest.usualLeads
            if !(1...SimulationRequest.mostDays ~= days) {
                body.note("days", "This must be from 1 to \(SimulationRequest.mostDays).")
            }
            if !(1...SimulationRequest.mostLeads ~= limit) {
                body.note("limit", "This must be from 1 to \(SimulationRequest.mostLeads).")
            }
            leads = .days(days, limit: limit)
        }
        try body.finish()
        return SimulationRequest(owner: owner, draft: draft, leads: leads, counters: counters)
    }

    /// Decodes a file of leads; the query has the other parameters: `workspaceId`, `draft`, `version`, `counters`.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - isCSV: whether it is CSV; otherwise it has one JSON lead a line.
    ///   - query: the query of the request.
    ///   - own: the workspace of the key.
    ///   - limits: the limit of nesting.
    /// - Returns: the simulation request.
    /// - Throws: ``Problem`` with every invalid parameter and line.
    static func read(
        file: [UInt8],
        isCSV: Bool,
        query: inout QueryDecoding,
        own: UUID?,
        limits: WebConfiguration.Limits
    ) throws -> SimulationRequest {
        let owner = query.uuid("workspaceId")
        let draft: SimulationRequest.Draft
        let name = query.text("draft")
        if let version = query.int("version", in: 0...Int.max) {
            draft = .version(Int64(version))
            if name != nil { query.note("version", "This cannot be combined with draft.", "Send one of the two.") }
        } else {
            draft = name == "published" ? .published : .stored
            if let name, name != "published", name != "stored" {
                query.note("draft", "This must be stored or published.", "Send a draft document in a JSON body.")
            }
        }
        let counters = Self.counters(query.text("counters")) { query.note("counters", $0) }
        var problems: [FieldProblem] = []
        let leads: SimulationRequest.Leads =
            isCSV ? .csv(file) : .these(Self.lines(file, own, owner, limits, &problems, "line"))
        try query.finish()
        guard problems.isEmpty else { throw Problem.invalid(problems) }
        return SimulationRequest(owner: owner, draft: draft, leads: leads, counters: counters)
    }

    /// The initial counters of a name.
    private static func counters(_ name: String?, _ note: (String) -> Void) -> SimulatedCounters? {
        guard let name else { return nil }
        let counters = SimulatedCounters(rawValue: name)
        if counters == nil { note("This must be live or empty.") }
        return counters
    }

    /// `"published"`, `"stored"` or a document, or else `version`.
    private static func draft(_ body: inout ObjectReader) -> SimulationRequest.Draft {
        var document: JSONValue?
        if case .object = body.json("draft") { document = body.json("draft") }
        let name = document != nil || body.isNull("draft") ? nil : body.text("draft")
        if body.has("version"), !body.isNull("version") {
            if name != nil || document != nil {
                body.note("version", "This cannot be combined with draft.", "Send one of the two.")
            }
            return .version(Int64(body.int32("version") ?? 0))
        }
        if let document { return .document(document) }
        switch name {
        case "published": return .published
        case "stored", nil: return .stored
        default:
            body.note(
                "draft",
                "This must be stored, published, or a rule set.",
                "Set version to an earlier version, or send the rules as for PUT /api/rule-sets/{owner}/draft."
            )
            return .stored
        }
    }

    /// One JSON lead a line, or a list of them.
    private static func lines(
        _ bytes: [UInt8],
        _ own: UUID?,
        _ owner: UUID?,
        _ limits: WebConfiguration.Limits,
        _ problems: inout [FieldProblem],
        _ name: String
    ) -> [SimulatedLead] {
        do {
            return try LeadJSON.leads(bytes, limits: limits, atMost: mostLeads)
                .map { SimulatedLead(id: nil, lead: $0.lead, source: own ?? $0.workspaceID ?? owner, time: nil) }
        } catch let error as LeadJSON.LineError {
            problems.append(
                FieldProblem(
                    field: "\(name)/\(error.line)\(error.field)",
                    message: error.message,
                    remedy: "Send one lead per line, each an object as for POST /api/leads."
                )
            )
        } catch {
            problems.append(FieldProblem(field: name, message: "These are not leads."))
        }
        return []
    }

    /// The leads, decoded as by `POST /api/leads`; the first problem of an invalid one is reported.
    private static func leads(
        _ bytes: [UInt8],
        _ own: UUID?,
        _ owner: UUID?,
        _ body: inout ObjectReader,
        _ limits: WebConfiguration.Limits
    ) -> [SimulatedLead] {
        let read: [(pointer: String, lead: ReadLead)]
        do {
            read = try Self.decoded(bytes, limits)
        } catch {
            body.note("leads", "These are not leads.", "Send objects as for POST /api/leads.")
            return []
        }
        if read.count > mostLeads { body.note("leads", "There are more than \(mostLeads) leads.", "Send fewer.") }
        for (pointer, lead) in read.prefix(mostLeads) {
            // The leads need no identity here.
            body.add(lead.problems.reported.filter { !$0.field.isEmpty }.map { $0.under(pointer) })
        }
        return read.map {
            SimulatedLead(id: nil, lead: $0.lead.lead, source: own ?? $0.lead.workspaceID ?? owner, time: nil)
        }
    }

    private static func decoded(
        _ bytes: [UInt8],
        _ limits: WebConfiguration.Limits
    ) throws -> [(pointer: String, lead: ReadLead)] {
        var reader = JSONScanner(bytes, maximumDepth: limits.jsonDepth)
        var read: [(pointer: String, lead: ReadLead)] = []
        try reader.readObject { reader, key in
            switch key {
            case "lead": read.append(("/lead", try LeadDecoding.read(&reader)))
            case "leads":
                try reader.readArray { reader, index in
                    if index % 64 == 0 { try Task.checkCancellation() }
                    read.append(("/leads/\(index)", try LeadDecoding.read(&reader)))
                }
            default: _ = try reader.skipValue()
            }
        }
        return read
    }
}
