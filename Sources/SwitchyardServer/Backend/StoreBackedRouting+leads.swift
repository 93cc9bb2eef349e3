import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Web

extension StoreBackedRouting {
    func leads(
        _ search: LeadSearch,
        after cursor: String?,
        limit: Int,
        as principal: Principal
    ) async throws -> LeadSearchPage {
        try await tellingCaller {
            var place: LeadCursor?
            if let cursor {
                guard let read = LeadCursor(cursor) else {
                    throw BackendError.invalid([
                        FieldProblem(
                            field: "cursor",
                            message: "This is not a cursor.",
                            remedy: "Pass nextCursor of the page before, as it was."
                        )
                    ])
                }
                place = read
            }
            guard let filter = LeadFilter(search) else { return LeadSearchPage(leads: [], nextCursor: nil) }
            let page = try await stores.leads.leads(filter, after: place, limit: limit, as: principal.access)
            let twins = try await visibleTwins(of: page.leads, to: principal)
            return LeadSearchPage(
                leads: page.leads.map { StoredLead($0, showingTwins: twins) },
                nextCursor: page.next?.text
            )
        }
    }

    func lead(_ id: UUID, as principal: Principal) async throws -> StoredLeadWithHistory? {
        try await tellingCaller {
            guard let record = try await stores.leads.lead(id, as: principal.access) else { return nil }
            let twins = try await visibleTwins(of: [record], to: principal)
            let history = try await stores.leads.history(id, as: principal.access)
            return StoredLeadWithHistory(
                lead: StoredLead(record, showingTwins: twins),
                history: history.map(LeadEvent.init)
            )
        }
    }

    /// Which of the leads that came first the principal may be told of.
    private func visibleTwins(of records: [LeadRecord], to principal: Principal) async throws -> Set<UUID> {
        try await stores.leads.visible(Set(records.compactMap(\.duplicateOf)), to: principal.access)
    }
}

extension LeadFilter {
    /// The store's filter; nil when nothing can match, because an e-mail or phone identifies nobody.
    init?(_ search: LeadSearch) {
        self.init()
        status = search.status
        workspaceID = search.workspaceID
        sourceWorkspaceID = search.sourceWorkspaceID
        matchedRuleID = search.matchedRuleID
        isDuplicate = search.isDuplicate
        createdFrom = search.createdAfter.map(Timestamp.init(microsecondsSinceUnixEpoch:))
        createdBefore = search.createdBefore.map(Timestamp.init(microsecondsSinceUnixEpoch:))
        guard search.email != nil || search.phone != nil else { return }
        let identities = LeadIdentities(email: search.email, phone: search.phone, companyName: nil)
        guard let strongest = identities.strongest else { return nil }
        identityHash = strongest.hex
    }
}

extension StoredLead {
    init(_ record: LeadRecord, showingTwins visible: Set<UUID>) {
        self.init(
            id: record.id,
            lead: record.lead,
            workspaceID: record.workspaceID,
            sourceWorkspaceID: record.sourceWorkspaceID,
            status: record.status,
            attempts: record.attempts,
            error: record.error,
            matchedRuleID: record.matchedRuleID,
            matchedRuleName: record.matchedRuleName,
            isDuplicate: record.duplicateOf != nil,
            duplicateLeadID: record.duplicateOf.flatMap { visible.contains($0) ? $0 : nil },
            createdAt: record.createdAt.microsecondsSinceUnixEpoch,
            updatedAt: record.updatedAt?.microsecondsSinceUnixEpoch,
            routedAt: record.routedAt?.microsecondsSinceUnixEpoch,
            expiresAt: record.expiresAt?.microsecondsSinceUnixEpoch,
            assigneeID: record.assigneeID,
            assigneeName: record.assigneeName,
            erasedAt: record.erasedAt?.microsecondsSinceUnixEpoch
        )
    }
}

extension LeadEvent {
    init(_ entry: HistoryEntry) {
        self.init(
            result: entry.result,
            reason: entry.reason,
            errorMessage: entry.errorMessage,
            sourceWorkspaceID: entry.sourceWorkspaceID,
            destinationWorkspaceID: entry.destinationWorkspaceID,
            matchedRuleID: entry.matchedRuleID,
            attempt: entry.attempt,
            ruleSetVersion: entry.ruleSetVersion,
            actor: entry.actor,
            createdAt: entry.createdAt.microsecondsSinceUnixEpoch
        )
    }
}
