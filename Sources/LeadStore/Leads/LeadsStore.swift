package import FoundationEssentials
import Postgres
package import RoutingRules

/// Leads as they are stored: one, a page of them, their history, and how they stand.
package struct LeadsStore: Sendable {
    /// The connections, and on whose behalf edits are recorded.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// One lead, or nil if there is none that the caller may see.
    package func lead(_ id: UUID, as access: Access) async throws -> LeadRecord? {
        var query = LeadQuery(access: access, filter: .init())
        query.condition("l.id = \(query.parameter { $0.append(id) })")
        let sql = """
            SELECT \(LeadRecord.columns)
            FROM public.leads l LEFT JOIN public.lead_routing_rules r ON r.id = l.matched_rule_id
            WHERE \(query.conditions)
            """
        let name = access == .administrator ? "lead" : "lead_of_workspace"
        return try await session.run(Statement(name, sql), query.parameters, as: access).first.map(LeadRecord.init)
    }

    /// A page of leads, newest first.
    ///
    /// Pages are found by key (time and id), so the hundredth costs what the first does, and a lead that arrives
    /// meanwhile moves none of them.
    ///
    /// - Parameters:
    ///   - filter: which leads.
    ///   - after: where the page before ended; nil for the first page.
    ///   - limit: how many at most.
    ///   - access: on whose behalf; a workspace sees leads that it has or has sent.
    /// - Returns: a page of leads, and where the next one begins.
    /// - Throws: what the database says.
    package func leads(
        _ filter: LeadFilter,
        after: LeadCursor? = nil,
        limit: Int,
        as access: Access
    ) async throws -> LeadPage {
        var query = LeadQuery(access: .administrator, filter: filter)
        if let after {
            let time = query.parameter { $0.append(after.createdAt) }
            let id = query.parameter { $0.append(after.id) }
            query.condition("(l.created_at, l.id) < (\(time), \(id))")
        }
        let count = query.parameter { $0.append(Int64(clamping: limit) + 1) }
        let order = "ORDER BY l.created_at DESC, l.id DESC LIMIT \(count)"
        var keys: [String] = []
        if let workspace = access.workspaceID {
            // Two searches, each along its own index, instead of one OR that has none.
            let own = query.parameter { $0.append(workspace) }
            for column in ["workspace_id", "source_workspace_id"] {
                keys.append(
                    "(SELECT l.id FROM public.leads l WHERE \(query.conditions) AND l.\(column) = \(own) \(order))"
                )
            }
        } else if filter.hasIndex {
            keys.append("(SELECT l.id FROM public.leads l WHERE \(query.conditions) \(order))")
        } else {
            // The newest of each workspace by the index that is there: one by time alone would cost every lead an entry.
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
            SELECT \(LeadRecord.columns)
            FROM page
            JOIN public.leads l ON l.id = page.id
            LEFT JOIN public.lead_routing_rules r ON r.id = l.matched_rule_id
            \(order)
            """
        var records = try await session.run(Statement("", sql), query.parameters, as: access).map(LeadRecord.init)
        guard records.count > limit else { return LeadPage(leads: records, next: nil) }
        records.removeLast(records.count - limit)
        return LeadPage(leads: records, next: records.last.map { .init(createdAt: $0.createdAt, id: $0.id) })
    }

    /// Which of these leads the caller may know of: all for an administrator, for a workspace those it has or has sent.
    ///
    /// One statement without a transaction of its own: it is asked for every duplicate that comes in.
    package func visible(_ ids: Set<UUID>, to access: Access) async throws -> Set<UUID> {
        guard let workspace = access.workspaceID, !ids.isEmpty else { return ids }
        var parameters = Parameters()
        parameters.append(array: ids.map(Optional.some))
        parameters.append(workspace)
        return Set(try await session.pool.query(Self.visibleLeads, parameters).map { try $0.uuid(0) })
    }

    private static let visibleLeads = Statement(
        "visible_leads",
        """
        SELECT l.id FROM public.leads l WHERE l.id = ANY ($1) AND (l.workspace_id = $2 OR l.source_workspace_id = $2)
        """
    )

    /// How leads stand that an earlier statement may or may not have stored; ids that are not stored are missing.
    ///
    /// One statement; the reason is that of the newest log row.
    package func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        var parameters = Parameters()
        parameters.append(array: ids.map(Optional.some))
        var outcomes: [UUID: RoutingOutcome] = [:]
        for row in try await session.pool.query(Self.leadOutcomes, parameters) {
            let duplicateOf = try row.uuidIfPresent(5)
            let isDuplicate = try row.stringIfPresent(7) == "duplicate" || duplicateOf != nil
            let id = try row.uuid(0)
            let status = LeadStatus(rawValue: try row.string(1)) ?? .pending
            outcomes[id] = RoutingOutcome(
                leadID: id,
                status: status,
                destinationWorkspaceID: status == .routed ? try row.uuidIfPresent(2) : nil,
                matchedRuleID: try row.uuidIfPresent(3),
                matchedRuleName: try row.stringIfPresent(4),
                reason: try row.stringIfPresent(6) ?? "",
                isDuplicate: isDuplicate,
                duplicateLeadID: duplicateOf
            )
        }
        return outcomes
    }

    /// What was answered when these leads came in: their first log row, which nothing changes.
    ///
    /// A lead that was left to the queue undecided has none yet, and is answered as waiting. Ids that are not stored
    /// are missing.
    package func firstOutcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        var parameters = Parameters()
        parameters.append(array: ids.map(Optional.some))
        var outcomes: [UUID: RoutingOutcome] = [:]
        for row in try await session.pool.query(Self.firstAnswers, parameters) {
            let id = try row.uuid(0)
            let result = try row.stringIfPresent(1)
            let isRouted = result != nil && result != "retry" && result != "waiting"
            outcomes[id] = RoutingOutcome(
                leadID: id,
                status: isRouted ? .routed : .pending,
                destinationWorkspaceID: isRouted ? try row.uuidIfPresent(2) : nil,
                matchedRuleID: try row.uuidIfPresent(3),
                matchedRuleName: try row.stringIfPresent(4),
                reason: try row.stringIfPresent(5) ?? "Left to the queue undecided.",
                isDuplicate: result == "duplicate",
                duplicateLeadID: try row.uuidIfPresent(6)
            )
        }
        return outcomes
    }

    private static let firstAnswers = Statement(
        "first_answers",
        """
        SELECT l.id, log.routing_result::text, log.destination_workspace_id, log.matched_rule_id, r.rule_name::text,
            log.reason::text, log.duplicate_of
        FROM public.leads l
        LEFT JOIN LATERAL (
            SELECT g.routing_result, g.destination_workspace_id, g.matched_rule_id, g.reason, g.duplicate_of
            FROM (
                SELECT * FROM public.lead_routing_logs g
                WHERE g.lead_id = l.id AND g.attempt IN (0, 1) AND g.created_at <= l.created_at OFFSET 0
            ) g
            ORDER BY g.created_at, g.id
            LIMIT 1
        ) log ON true
        LEFT JOIN public.lead_routing_rules r ON r.id = log.matched_rule_id
        WHERE l.id = ANY ($1)
        """
    )

    /// `OFFSET 0` keeps the order out of the search: to read a lead's rows by its index and sort them, and not all rows by
    /// their time until one of the lead's comes.
    private static let leadOutcomes = Statement(
        "lead_outcomes",
        """
        SELECT l.id, l.routing_status::text, l.workspace_id, l.matched_rule_id, r.rule_name::text, l.duplicate_of,
            coalesce(log.reason, log.error_message, l.routing_error)::text, log.routing_result::text
        FROM public.leads l
        LEFT JOIN public.lead_routing_rules r ON r.id = l.matched_rule_id
        LEFT JOIN LATERAL (
            SELECT g.reason, g.error_message, g.routing_result
            FROM (SELECT * FROM public.lead_routing_logs g WHERE g.lead_id = l.id OFFSET 0) g
            ORDER BY g.created_at DESC, g.id DESC
            LIMIT 1
        ) log ON true
        WHERE l.id = ANY ($1)
        """
    )
}

extension LeadFilter {
    /// Whether an index leads to what the filter asks for, in the order of time or to few enough rows to sort.
    fileprivate var hasIndex: Bool {
        if workspaceID != nil || sourceWorkspaceID != nil || identityHash != nil { return true }
        return status == .pending || status == .routing || status == .failed
    }
}

/// The conditions of a list of leads, and the values that they name.
struct LeadQuery {
    private(set) var parameters = Parameters()
    private var parts: [String] = []
    private var count = 0

    /// The conditions, joined; `true` when there is none.
    var conditions: String { parts.isEmpty ? "true" : parts.joined(separator: " AND ") }

    init(access: Access, filter: LeadFilter) {
        if let workspace = access.workspaceID {
            let own = parameter { $0.append(workspace) }
            condition("(l.workspace_id = \(own) OR l.source_workspace_id = \(own))")
        }
        if let status = filter.status {
            // By name: from a parameter the planner cannot tell that a partial index has all of them.
            condition("l.routing_status = '\(status.rawValue)'")
        }
        if let id = filter.workspaceID { condition("l.workspace_id = \(parameter { $0.append(id) })") }
        if let id = filter.sourceWorkspaceID { condition("l.source_workspace_id = \(parameter { $0.append(id) })") }
        if let id = filter.matchedRuleID { condition("l.matched_rule_id = \(parameter { $0.append(id) })") }
        if let isDuplicate = filter.isDuplicate {
            condition("l.duplicate_of IS \(isDuplicate ? "NOT NULL" : "NULL")")
        }
        if let hash = filter.identityHash { condition("l.dedupe_hash = \(parameter { $0.append(hash) })") }
        if let version = filter.unmatchedRetriableUnder {
            condition(Self.isUnmatchedAndRetriable(under: parameter { $0.append(version) }))
        }
        if let from = filter.createdFrom { condition("l.created_at >= \(parameter { $0.append(from) })") }
        if let before = filter.createdBefore { condition("l.created_at < \(parameter { $0.append(before) })") }
    }

    /// What `switchyard.requeue_lead` looks at, and that another attempt may come to something else.
    private static func isUnmatchedAndRetriable(under version: String) -> String {
        """
        l.routing_status = 'routed' AND l.workspace_id = l.source_workspace_id AND l.matched_rule_id IS NULL
            AND l.duplicate_of IS NULL AND (l.lead_expires_at IS NULL OR l.lead_expires_at > now())
            AND (SELECT g.routing_result = 'unmatched' AND (g.rule_set_version IS DISTINCT FROM \(version) OR NOT EXISTS (
                    SELECT FROM public.lead_routing_logs r WHERE r.lead_id = l.id AND r.routing_result = 'requeued'))
                FROM (SELECT * FROM public.lead_routing_logs g WHERE g.lead_id = l.id OFFSET 0) g
                ORDER BY g.created_at DESC, g.id DESC
                LIMIT 1)
        """
    }

    /// Adds a value and answers its name in the statement.
    mutating func parameter(_ append: (inout Parameters) -> Void) -> String {
        append(&parameters)
        count += 1
        return "$\(count)"
    }

    /// Adds a condition that has to hold as well.
    mutating func condition(_ text: String) {
        parts.append(text)
    }
}
