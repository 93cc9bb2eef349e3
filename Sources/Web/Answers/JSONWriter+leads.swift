import FoundationEssentials
import HTTPTypes
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension JSONWriter {
    /// The outcome of a lead, for a reader.
    mutating func outcome(_ outcome: RoutingOutcome, for reader: TextReader) {
        object { writer in
            writer.member("id", outcome.leadID)
            writer.member("status", outcome.status.rawValue)
            writer.member("destinationWorkspaceId", outcome.destinationWorkspaceID)
            writer.member("matchedRuleId", outcome.matchedRuleID)
            writer.member("matchedRuleName", outcome.matchedRuleName(for: reader))
            writer.member("reason", outcome.reason.text(for: reader))
            writer.member("isDuplicate", outcome.isDuplicate)
            writer.member("duplicateLeadId", outcome.duplicateLeadID)
            if outcome.isTest { writer.member("test", true) }
        }
    }

    /// A test lead, with its outcome.
    mutating func testLead(_ lead: TestLead, for reader: TextReader) {
        object { writer in
            writer.member("id", lead.outcome.leadID)
            writer.member("test", true)
            writer.member("status", lead.outcome.status.rawValue)
            writer.member("destinationWorkspaceId", lead.outcome.destinationWorkspaceID)
            writer.member("matchedRuleId", lead.outcome.matchedRuleID)
            writer.member("matchedRuleName", lead.outcome.matchedRuleName(for: reader))
            writer.member("reason", lead.outcome.reason.text(for: reader))
            writer.key("lead")
            writer.raw(lead.content)
            writer.member("createdAt", time: lead.createdAt)
        }
    }

    /// The result of a batch: one result for each lead, in order, and the counts by kind.
    mutating func batch(_ results: [Result<RoutingOutcome, Problem>?], for reader: TextReader) {
        var counts = BatchCounts()
        object { writer in
            writer.key("results")
            writer.array(results.enumerated()) { writer, element in
                let missing = Problem(RequestError.unavailable(reason: "The lead was not decided."))
                let result = element.element ?? .failure(missing)
                counts.add(result)
                writer.result(element.offset, code: 201, result) { $0.outcome($1, for: reader) }
            }
            writer.summary(counts)
        }
    }

    /// The counts of a batch, within an object.
    mutating func summary(_ counts: BatchCounts) {
        key("summary")
        object { writer in
            writer.member("received", counts.received)
            writer.member("accepted", counts.received - counts.rejected)
            writer.member("rejected", counts.rejected)
            writer.member("routed", counts.routed)
            writer.member("pending", counts.pending)
            writer.member("duplicates", counts.duplicates)
        }
    }

    /// One element of a batch: its place, the status that a single request would have, and `lead` or `problem`.
    mutating func result<Value>(
        _ index: Int,
        code: Int,
        _ result: Result<Value, Problem>,
        _ print: (inout JSONWriter, Value) -> Void
    ) {
        object { writer in
            writer.member("index", index)
            switch result {
            case .success(let value):
                writer.member("code", code)
                writer.key("lead")
                print(&writer, value)
            case .failure(let problem):
                writer.member("code", problem.kind.status.code)
                writer.key("problem")
                problem.write(to: &writer)
            }
        }
    }

    /// A lead as the server decoded it.
    mutating func decoded(_ lead: Lead, from source: UUID) {
        object { writer in
            writer.member("workspaceId", source)
            writer.fields(lead)
        }
    }

    /// The members of a stored lead, within an object, for a reader.
    mutating func lead(_ lead: LeadRecord, for reader: TextReader) {
        member("id", lead.id)
        member("status", lead.status.rawValue)
        member("workspaceId", lead.workspaceID)
        member("sourceWorkspaceId", lead.sourceWorkspaceID)
        fields(lead.lead)
        member("matchedRuleId", lead.matchedRuleID)
        member("matchedRuleName", lead.matchedRuleName)
        member("assigneeId", lead.assigneeID)
        member("assigneeName", lead.assigneeName)
        member("isDuplicate", lead.isDuplicate)
        member("duplicateLeadId", lead.duplicateOf)
        member("attempts", lead.attempts)
        member("error", lead.error?.text(for: reader))
        member("createdAt", time: lead.createdAt)
        member("updatedAt", time: lead.updatedAt)
        member("routedAt", time: lead.routedAt)
        member("expiresAt", time: lead.expiresAt)
        member("erasedAt", time: lead.erasedAt)
    }

    /// One line of a lead's history, for a reader.
    mutating func event(_ event: HistoryEntry, for reader: TextReader) {
        object { writer in
            writer.member("result", event.result)
            writer.member("reason", event.reason?.text(for: reader))
            writer.member("errorMessage", event.errorMessage?.text(for: reader))
            writer.member("sourceWorkspaceId", event.sourceWorkspaceID)
            writer.member("destinationWorkspaceId", event.destinationWorkspaceID)
            writer.member("matchedRuleId", event.matchedRuleID)
            writer.member("attempt", event.attempt)
            writer.member("ruleSetVersion", event.ruleSetVersion)
            writer.member("actor", event.actor)
            writer.member("createdAt", time: event.createdAt)
        }
    }

    /// The partner's values.
    private mutating func fields(_ lead: Lead) {
        member("email", lead.email)
        member("phone", lead.phone)
        member("firstName", lead.firstName)
        member("lastName", lead.lastName)
        member("companyName", lead.companyName)
        member("industry", lead.industry)
        member("companySize", lead.companySize)
        member("revenue", lead.revenue)
        key("location")
        if let location = lead.location {
            object { writer in
                writer.member("country", location.country)
                writer.member("state", location.state)
                writer.member("city", location.city)
                if let latitude = location.latitude { writer.member("latitude", latitude) }
                if let longitude = location.longitude { writer.member("longitude", longitude) }
            }
        } else {
            null()
        }
        member("source", lead.source)
        member("sourceId", lead.sourceID)
        key("metadata")
        if let metadata = lead.metadata { raw(metadata) } else { null() }
    }
}
