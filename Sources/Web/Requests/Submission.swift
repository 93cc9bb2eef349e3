import FoundationEssentials
import JSON
import LeadRouting
import RoutingRules

/// The body of `POST /api/leads`: one lead, or many.
enum Submission: Sendable {
    /// One lead, at the top of the body.
    case one(ReadLead)
    /// The elements of `leads`.
    case many([ReadLead])

    /// Reads a body.
    ///
    /// - Throws: ``JSONSyntaxError`` for invalid JSON; ``Problem`` for a problem of the whole body. Problems of a lead
    ///   are kept with that lead.
    static func read(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws -> Submission {
        var reader = JSONScanner(bytes, maximumDepth: limits.jsonDepth)
        let kind = try reader.kind()
        guard kind == .object else {
            _ = try reader.skipValue()
            try reader.finish()
            let remedy =
                kind == .array ? "Send many leads as {\"leads\": […]}." : "Send a lead, or many as {\"leads\": […]}."
            throw Problem.invalid("", "The body must be an object, not \(kind.rawValue).", remedy: remedy)
        }
        var outer = LeadDecoding()
        var leads: [ReadLead]?
        var isGivenTwice = false
        try reader.readObject { reader, key in
            guard LeadField.isShort(key), key == "leads" else {
                try outer.readMember(key, &reader)
                return
            }
            isGivenTwice = isGivenTwice || leads != nil
            leads = try readBatch(&reader, limits: limits)
        }
        try reader.finish()
        guard var leads else { return .one(outer.finish()) }
        try check(outer, isGivenTwice: isGivenTwice)
        if let workspaceID = outer.namedWorkspaceID {
            for index in leads.indices where leads[index].workspaceID == nil { leads[index].workspaceID = workspaceID }
        }
        return .many(leads)
    }

    private static func readBatch(_ reader: inout JSONScanner, limits: WebConfiguration.Limits) throws -> [ReadLead] {
        let kind = try reader.kind()
        guard kind == .array else {
            _ = try reader.skipValue()
            throw Problem.invalid(
                "/leads",
                "This must be an array, not \(kind.rawValue).",
                remedy: "Send {\"leads\": [{…}, …]}."
            )
        }
        var leads: [ReadLead] = []
        // A failed lead reports at least one problem; the others share what one lead alone may report.
        var further = FieldProblems.limit - 1
        try reader.readArray { reader, index in
            guard index < limits.batchSize else {
                throw Problem.invalid(
                    "/leads",
                    "There are more than \(limits.batchSize) leads.",
                    remedy: "Send them in several requests."
                )
            }
            try Task.checkCancellation()
            let lead = try LeadDecoding.read(&reader, reporting: 1 + further)
            further -= max(0, lead.problems.reported.count - 1)
            leads.append(lead)
        }
        guard !leads.isEmpty else {
            throw Problem.invalid("/leads", "The request has no lead.", remedy: "Send 1 to \(limits.batchSize) leads.")
        }
        return leads
    }

    /// Besides `leads` only a workspace for all of them is allowed.
    private static func check(_ outer: LeadDecoding, isGivenTwice: Bool) throws {
        var problems = outer.notedProblems
        if isGivenTwice { problems.note("/leads", "This field is given twice.") }
        if outer.fieldCount > 0 {
            problems.note(
                "",
                "Fields of a lead are not allowed beside leads.",
                "Put them into the elements of leads; only workspaceId is allowed beside it."
            )
        }
        if !problems.isEmpty { throw Problem.invalid(problems) }
    }
}
