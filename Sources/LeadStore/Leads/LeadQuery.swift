import Postgres
import RoutingRules

/// The conditions of a list of leads, and their values.
struct LeadQuery {
    private(set) var parameters = Parameters()
    private var parts: [String] = []

    /// The conditions, joined; `true` when there is none.
    var conditions: String { parts.isEmpty ? "true" : parts.joined(separator: " AND ") }

    init(_ filter: LeadFilter, as access: Access) {
        if let status = filter.status {
            // As a literal: with a parameter the planner cannot use a partial index.
            condition("l.routing_status = '\(status.rawValue)'")
        }
        if let id = filter.workspaceID { condition("l.workspace_id = \(parameter("workspace", .uuid(id)))") }
        if let id = filter.sourceWorkspaceID {
            condition("l.source_workspace_id = \(parameter("source", .uuid(id)))")
        }
        if let id = filter.matchedRuleID { condition("l.matched_rule_id = \(parameter("rule", .uuid(id)))") }
        if let isDuplicate = filter.isDuplicate {
            condition(Self.isDuplicate(isDuplicate, as: access))
        }
        if let hash = filter.identityHash { condition("l.dedupe_hash = \(parameter("identity", .text(hash)))") }
        if let version = filter.unmatchedRetriableUnder {
            condition(Self.isUnmatchedAndRetriable(under: parameter("version", .int64(version)), as: access))
        }
        if let from = filter.createdFrom { condition("l.created_at >= \(parameter("from", .timestamp(from)))") }
        if let before = filter.createdBefore { condition("l.created_at < \(parameter("before", .timestamp(before)))") }
    }

    /// The conditions of `switchyard.requeue_lead`, and that another attempt may have another result.
    private static func isUnmatchedAndRetriable(under version: String, as access: Access) -> String {
        """
        l.routing_status = 'routed' AND l.workspace_id = l.source_workspace_id AND l.matched_rule_id IS NULL
            AND \(isDuplicate(false, as: access)) AND (l.lead_expires_at IS NULL OR l.lead_expires_at > now())
            AND (SELECT g.routing_result = 'unmatched' AND (g.rule_set_version IS DISTINCT FROM \(version) OR NOT EXISTS (
                    SELECT FROM public.lead_routing_logs r WHERE r.lead_id = l.id AND r.routing_result = 'requeued'))
                FROM (SELECT g.id, g.routing_result, g.rule_set_version, g.created_at FROM public.lead_routing_logs g
                    WHERE g.lead_id = l.id OFFSET 0) g
                ORDER BY g.created_at DESC, g.id DESC
                LIMIT 1)
        """
    }

    /// Whether a lead is a duplicate.
    ///
    /// Members ask a function, because `duplicate_of` is not granted to them. A duplicate stays in its source workspace and
    /// no rule has it, so that few leads are asked about.
    private static func isDuplicate(_ isDuplicate: Bool, as access: Access) -> String {
        guard access != .administrator else { return "l.duplicate_of IS \(isDuplicate ? "NOT NULL" : "NULL")" }
        let mayBe = "l.matched_rule_id IS NULL AND l.workspace_id = l.source_workspace_id"
        return isDuplicate
            ? "\(mayBe) AND switchyard.visible_duplicate(l.id) IS NOT NULL"
            : "CASE WHEN \(mayBe) THEN switchyard.visible_duplicate(l.id) IS NULL ELSE true END"
    }

    /// Adds a value, and returns its placeholder.
    mutating func parameter(_ name: StaticString, _ value: ParameterValue) -> String {
        parameters.append(name, value)
        return ":\(name)"
    }

    /// Adds a condition.
    mutating func condition(_ text: String) {
        parts.append(text)
    }
}

extension LeadFilter {
    /// Whether an index serves the filter, in the order of time or with few enough rows to sort.
    var hasIndex: Bool {
        if workspaceID != nil || sourceWorkspaceID != nil || identityHash != nil { return true }
        return status == .pending || status == .routing || status == .failed
    }
}
