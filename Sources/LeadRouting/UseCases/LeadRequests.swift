package import FoundationEssentials
package import LeadStore
import RoutingRules

/// Requests about stored leads.
package struct LeadRequests: Sendable {
    let stores: Stores
    let waiting: WaitingLeadRouter
    let duplicates: DuplicateVisibility
    let names: ReaderNames
    /// Where explanations are made.
    let analyses: AnalysisPool
    /// How long an explanation may take.
    var analysisTime = WorkLimit.usual

    /// A page of leads, newest first.
    ///
    /// - Parameters:
    ///   - filter: selects leads.
    ///   - cursor: a cursor of another page; nil for the first page.
    ///   - limit: the most that are returned.
    ///   - caller: the caller; `leads:read`. A workspace sees leads that it has or has sent.
    /// - Returns: the page.
    /// - Throws: ``RequestError``; `.invalid` for a cursor of another list or of other filters.
    package func page(
        _ filter: LeadFilter,
        at cursor: String? = nil,
        limit: Int,
        as caller: Caller
    ) async throws -> LeadListing {
        try caller.require(.leadsRead)
        let cursors = PageCursor(list: "leads", scope: filter.scope + [caller.workspaceID?.text ?? ""])
        let place = try cursor.map { try cursors.place($0, words: 3).key(LeadKey.init(words:)) }
        return try await mappingErrors {
            let page = try await stores.leads.page(filter, at: place, limit: limit, as: caller.access)
            let leads = try await duplicates.redacting(page.leads, as: caller.access)
            return LeadListing(
                leads: try await names.completing(leads, as: caller.access),
                nextCursor: page.next.map { cursors.text(.after($0.words)) },
                previousCursor: page.previous.map { cursors.text(.before($0.words)) }
            )
        }
    }

    /// One lead and its audit log, oldest line first.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - caller: the caller; `leads:read`.
    /// - Returns: the lead, and the lines of its log that the caller may see.
    /// - Throws: ``RequestError/noSuchLead``.
    package func find(_ id: UUID, as caller: Caller) async throws -> (lead: LeadRecord, history: [HistoryEntry]) {
        try caller.require(.leadsRead)
        return try await mappingErrors {
            guard let record = try await stores.leads.find(id, as: caller.access) else { throw RequestError.noSuchLead }
            let lead = try await duplicates.redacting([record], as: caller.access)
            let history = try await duplicates.redacting(
                stores.leads.history(id, as: caller.access),
                as: caller.access
            )
            return (
                try await names.completing(lead, as: caller.access)[0],
                try await names.completing(history, as: caller.access)
            )
        }
    }

    /// Erases personal data from leads, in all tables.
    ///
    /// - Parameters:
    ///   - subject: the person or lead.
    ///   - forgettingIdentity: whether the person counts as new when sent again.
    ///   - isRehearsal: whether only the report is needed.
    ///   - caller: the caller; `leads:erase`. A workspace erases from leads that it has.
    /// - Returns: the result for each lead.
    /// - Throws: ``RequestError``: `.notFound` for a lead that is not visible, `.conflict` for one that another program
    ///   has locked.
    package func erase(
        _ subject: ErasureSubject,
        forgettingIdentity: Bool = false,
        isRehearsal: Bool = false,
        as caller: Caller
    ) async throws -> Erasure {
        try caller.require(.leadsErase)
        return try await mappingErrors {
            var erasure = try await stores.erasure.erase(
                subject,
                forgettingIdentity: forgettingIdentity,
                isRehearsal: isRehearsal,
                actor: caller.id,
                as: caller.access
            )
            // A lead that no longer exists is not reported.
            erasure.leads.removeAll { $0.outcome == .none }
            return erasure
        }
    }
}
