package import FoundationEssentials

/// What the HTTP API asks about figures.
package protocol RoutingStatistics: Sendable {
    /// Sums of what routing did, for the workspaces that the principal may see.
    ///
    /// - Parameters:
    ///   - search: which days and what for.
    ///   - principal: on whose behalf.
    /// - Returns: the sums, and up to when everything is counted.
    /// - Throws: ``BackendError``.
    func statistics(_ search: StatisticsSearch, as principal: Principal) async throws -> StatisticsReport
}

/// Which figures are asked for.
package struct StatisticsSearch: Sendable, Hashable {
    /// What the sums are made for.
    package enum Grouping: String, Sendable, Hashable, CaseIterable {
        case day, workspace, rule, industry, region, partner
    }

    /// The first day, in UTC, as `2026-01-31`.
    package var from: String
    /// The last day.
    package var to: String
    /// What the sums are made for.
    package var grouping: Grouping
    /// Only this workspace's.
    package var workspaceID: UUID?
}

/// Sums, and up to when everything is counted.
package struct StatisticsReport: Sendable, Hashable {
    /// The sums of leads that went in one direction.
    package struct Sums: Sendable, Hashable {
        /// Leads by what became of them.
        package var routed: Int64 = 0
        package var unmatched: Int64 = 0
        package var duplicates: Int64 = 0
        package var retried: Int64 = 0
        package var failed: Int64 = 0
        package var expired: Int64 = 0
        /// Leads that began to wait for capacity.
        package var waited: Int64 = 0
        /// Leads that their destination gave back.
        package var returned: Int64 = 0
        /// Of the routed ones: milliseconds from creation to decision, summed.
        package var latencyMilliseconds: Int64 = 0
        /// Of the routed ones: how many took up to each of ``StatisticsReport/latencyBounds``, and longer.
        package var latencyCounts: [Int64] = Array(repeating: 0, count: 8)

        /// Nothing yet.
        package init() {}

        /// Adds others.
        package mutating func add(_ other: Sums) {
            routed += other.routed
            unmatched += other.unmatched
            duplicates += other.duplicates
            retried += other.retried
            failed += other.failed
            expired += other.expired
            waited += other.waited
            returned += other.returned
            latencyMilliseconds += other.latencyMilliseconds
            for index in latencyCounts.indices { latencyCounts[index] += other.latencyCounts[index] }
        }
    }

    /// The sums of one day, workspace, rule or whatever they are asked by.
    package struct Group: Sendable, Hashable {
        /// Which; empty where a lead had none.
        package var key: String
        /// Leads that were sent by the workspace.
        package var out = Sums()
        /// Leads that came to it.
        package var `in` = Sums()

        /// A group without sums.
        package init(key: String) { self.key = key }
    }

    /// In seconds.
    package static let latencyBounds: [Double] = [0.1, 1, 10, 60, 600, 3600, 86400]

    /// The groups, in order.
    package var groups: [Group]
    /// Up to when all is counted, in microseconds since 1970; nil: nothing yet.
    package var countedUpTo: Int64?

    /// A report.
    package init(groups: [Group], countedUpTo: Int64?) {
        self.groups = groups
        self.countedUpTo = countedUpTo
    }
}
