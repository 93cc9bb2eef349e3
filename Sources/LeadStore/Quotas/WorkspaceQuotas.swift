/// How much a workspace may store of what routing reads, and how much it may send.
package enum Quota: String, Sendable, Hashable, CaseIterable {
    /// Rules, active or not.
    case rules
    /// Comparisons in the conditions of one rule.
    case ruleComparisons
    /// Comparisons in the conditions of all rules.
    case comparisons
    /// Regular expressions in the conditions of all rules.
    case patterns
    /// Rules with a pool.
    case pools
    /// Golden leads.
    case goldenLeads
    /// People to whom leads are assigned.
    case assignees
    /// Bytes of its draft.
    case draftBytes
    /// Requests of all its keys in a minute.
    case requestsPerMinute
    /// Requests of each of its keys in a minute.
    case keyRequestsPerMinute
    /// Leads that it sends in a day, in UTC.
    case leadsPerDay

    /// The column of `switchyard.workspace_quotas`.
    var column: String {
        switch self {
        case .ruleComparisons: "rule_comparisons"
        case .goldenLeads: "golden_leads"
        case .draftBytes: "draft_bytes"
        case .requestsPerMinute: "requests_per_minute"
        case .keyRequestsPerMinute: "key_requests_per_minute"
        case .leadsPerDay: "leads_per_day"
        default: rawValue
        }
    }
}

/// The quotas of a workspace, and its use.
package struct WorkspaceQuotas: Sendable, Hashable {
    /// A quota and its use.
    package struct Line: Sendable, Hashable {
        /// The quota.
        package let quota: Quota
        /// The most that is allowed.
        package let limit: Int
        /// How much there is.
        package let use: Int
    }

    /// Every quota, in the order of ``Quota``.
    package let lines: [Line]

    /// The limit of a quota.
    package func limit(_ quota: Quota) -> Int { lines.first { $0.quota == quota }?.limit ?? 0 }
}
