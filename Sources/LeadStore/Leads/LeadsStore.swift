package import FoundationEssentials
import Postgres
package import RoutingRules

/// Stored leads: single ones, pages, their history and their outcomes.
package struct LeadsStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// One lead, or nil if it does not exist or the caller may not see it.
    package func find(_ id: UUID, as access: Access) async throws -> LeadRecord? {
        guard let workspace = access.workspaceID else {
            return try await session.run(Self.oneLead, ["lead": .uuid(id)], as: access).first.map(LeadRecord.init)
        }
        let parameters: Parameters = ["lead": .uuid(id), "workspace": .uuid(workspace)]
        return try await session.run(Self.leadOfWorkspace, parameters, as: access).first.map(LeadRecord.init)
    }

    /// A page of leads, newest first.
    ///
    /// Pages are found by key (time and id), so every page costs the same, and a lead that arrives meanwhile does not
    /// shift them.
    ///
    /// - Parameters:
    ///   - filter: selects leads.
    ///   - place: where the page lies; nil for the first page.
    ///   - limit: the most that are returned.
    ///   - access: the caller's access; a workspace sees leads that it has or has sent.
    /// - Returns: a page of leads, and where its neighbours lie.
    /// - Throws: `PostgresError`, if the database fails.
    package func page(
        _ filter: LeadFilter,
        at place: PagePlace<LeadKey>? = nil,
        limit: Int,
        as access: Access
    ) async throws -> LeadPage {
        if filter.matchesNothing { return LeadPage(leads: [], next: nil, previous: nil) }
        var query = LeadQuery(filter, as: access)
        var isBackward = false
        switch place {
        case .after(let key)?, .before(let key)?:
            isBackward = place == .before(key)
            let time = query.parameter("place_time", .timestamp(key.createdAt))
            let id = query.parameter("place_id", .uuid(key.id))
            query.condition("(l.created_at, l.id) \(isBackward ? ">" : "<") (\(time), \(id))")
        case nil: break
        }
        let count = query.parameter("limit", .int64(Int64(clamping: limit) + 1))
        let direction = isBackward ? "ASC" : "DESC"
        let order = "ORDER BY l.created_at \(direction), l.id \(direction) LIMIT \(count)"
        var keys: [String] = []
        if let workspace = access.workspaceID {
            // Two searches, each with its own index, instead of one OR without an index.
            let own = query.parameter("own", .uuid(workspace))
            for column in ["workspace_id", "source_workspace_id"] {
                keys.append(
                    "(SELECT l.id FROM public.leads l WHERE \(query.conditions) AND l.\(column) = \(own) \(order))"
                )
            }
        } else if filter.hasIndex {
            keys.append("(SELECT l.id FROM public.leads l WHERE \(query.conditions) \(order))")
        } else {
            // Finds the newest of each workspace by an existing index: an index by time alone would cost an entry for
            // every lead.
            let newest = "SELECT l.id, l.created_at FROM public.leads l WHERE \(query.conditions) AND l.workspace_id"
            keys.append(
                """
                (SELECT l.id FROM public.workspaces w CROSS JOIN LATERAL (\(newest) = w.id \(order)) l \(order))
                """
            )
            keys.append("(SELECT l.id FROM (\(newest) IS NULL \(order)) l)")
        }
        let sql = """
            WITH page AS (\(keys.joined(separator: " UNION ")))
            SELECT \(LeadRecord.columns(for: access))
            FROM page
            JOIN public.leads l ON l.id = page.id
            LEFT JOIN public.lead_routing_rules r ON r.id = l.matched_rule_id
            \(order)
            """
        var records = try await session.run(Statement("", sql), query.parameters, as: access).map(LeadRecord.init)
        let hasMore = records.count > limit
        if hasMore { records.removeLast(records.count - limit) }
        if isBackward { records.reverse() }
        func key(_ lead: LeadRecord?) -> LeadKey? { lead.map { LeadKey(createdAt: $0.createdAt, id: $0.id) } }
        return LeadPage(
            leads: records,
            next: hasMore || isBackward ? key(records.last) : nil,
            previous: isBackward && hasMore || !isBackward && place != nil ? key(records.first) : nil
        )
    }

    /// The leads among these that the caller may see: all for an administrator; for a workspace those it has or has
    /// sent.
    ///
    /// One statement without a transaction, because it runs for every duplicate that arrives.
    package func visible(_ ids: Set<UUID>, to access: Access) async throws -> Set<UUID> {
        guard let workspace = access.workspaceID, !ids.isEmpty else { return ids }
        let parameters: Parameters = ["leads": .uuids(Array(ids)), "workspace": .uuid(workspace)]
        return Set(try await session.pool.query(Self.visibleLeads, parameters).map { try $0.uuid(0) })
    }

    private static func selectLead(for access: Access) -> String {
        """
        SELECT \(LeadRecord.columns(for: access))
        FROM public.leads l LEFT JOIN public.lead_routing_rules r ON r.id = l.matched_rule_id
        WHERE l.id = :lead
        """
    }
    static let oneLead = Statement("lead", selectLead(for: .administrator))
    static let leadOfWorkspace = Statement(
        "lead_of_workspace",
        "\(selectLead(for: .workspace(UUID()))) AND (l.workspace_id = :workspace OR l.source_workspace_id = :workspace)"
    )
    static let visibleLeads = Statement(
        "visible_leads",
        """
        SELECT l.id FROM public.leads l WHERE l.id = ANY (:leads) AND (l.workspace_id = :workspace OR l.source_workspace_id = :workspace)
        """
    )

    /// The outcomes of leads that an earlier statement may have stored; ids that are not stored are missing.
    ///
    /// One statement; the reason is that of the newest log row.
    package func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        var outcomes: [UUID: RoutingOutcome] = [:]
        for row in try await session.pool.query(Self.leadOutcomes, ["leads": .uuids(ids)]) {
            let duplicateOf = try row.uuidIfPresent(5)
            let isDuplicate = try row.stringIfPresent(7) == "duplicate" || duplicateOf != nil
            let id = try row.uuid(0)
            let status = LeadStatus(rawValue: try row.string(1)) ?? .pending
            outcomes[id] = RoutingOutcome(
                leadID: id,
                status: status,
                destinationWorkspaceID: status == .routed ? try row.uuidIfPresent(2) : nil,
                matchedRuleID: try row.uuidIfPresent(3),
                reason: try Self.reason(row, 6, source: row.uuidIfPresent(8), rule: row.uuidIfPresent(3)) ?? "",
                isDuplicate: isDuplicate,
                duplicateLeadID: duplicateOf
            )
        }
        return outcomes
    }

    /// The first answers for these leads: their first log rows, which never change.
    ///
    /// A lead that was left in the queue undecided has none yet, and is returned as waiting. Ids that are not stored
    /// are missing.
    package func firstOutcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        var outcomes: [UUID: RoutingOutcome] = [:]
        for row in try await session.pool.query(Self.firstAnswers, ["leads": .uuids(ids)]) {
            let id = try row.uuid(0)
            let result = try row.stringIfPresent(1)
            let isRouted = result != nil && result != "retry" && result != "waiting"
            outcomes[id] = RoutingOutcome(
                leadID: id,
                status: isRouted ? .routed : .pending,
                destinationWorkspaceID: isRouted ? try row.uuidIfPresent(2) : nil,
                matchedRuleID: try row.uuidIfPresent(3),
                reason: try Self.reason(row, 5, source: row.uuidIfPresent(7), rule: row.uuidIfPresent(3))
                    ?? "Left in the queue undecided.",
                isDuplicate: result == "duplicate",
                duplicateLeadID: try row.uuidIfPresent(6)
            )
        }
        return outcomes
    }

    /// A stored reason, with the name and the owner of the rule that matched; nil without one.
    private static func reason(_ row: Row, _ column: Int, source: UUID?, rule: UUID?) throws -> RoutingText? {
        guard let stored = try row.stringIfPresent(column) else { return nil }
        var names: [OwnedName] = []
        if let rule, let name = try row.stringIfPresent(4) {
            names.append(OwnedName(.rule(rule), name, owner: try row.uuidIfPresent(9)))
        }
        return RoutingText(stored: stored, source: source, names: names)
    }

    static let firstAnswers = Statement("first_answers", Embedded.firstAnswers)

    static let leadOutcomes = Statement("lead_outcomes", Embedded.leadOutcomes)
}
