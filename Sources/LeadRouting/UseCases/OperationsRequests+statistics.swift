package import LeadStore
package import Postgres
import RoutingRules

/// Totals of routing, and the time up to which they are complete.
package struct StatisticsReport: Sendable, Hashable {
    /// The totals of one day, workspace, rule, or other key.
    package struct Group: Sendable, Hashable {
        /// The key; empty for leads without one.
        package let key: String
        /// Leads that were sent by the workspace.
        package var out: RoutingSums
        /// Leads that it received.
        package var `in`: RoutingSums
    }

    /// The groups, in order.
    package var groups: [Group]
    /// The time up to which they are complete; nil if nothing is counted yet.
    package var countedUpTo: Timestamp?
}

extension OperationsRequests {
    /// Totals of routing, for the workspaces that the caller may see.
    ///
    /// - Parameters:
    ///   - query: the days and the grouping.
    ///   - age: how old the totals may be, in seconds.
    ///   - caller: the caller; `leads:read`.
    /// - Returns: the totals, and the time up to which they are complete.
    /// - Throws: ``RequestError``.
    package func statistics(
        _ query: StatisticsQuery,
        upToSecondsOld age: Int32 = 60,
        as caller: Caller
    ) async throws -> StatisticsReport {
        try caller.require(.leadsRead)
        return try await mappingErrors {
            try await analyses.run(for: caller) { stores in
                let counted = try await stores.statistics.gather(ifOlderThan: age)
                let rows = try await stores.statistics.sums(query, as: caller.access)
                return StatisticsReport(
                    groups: Self.groups(rows, byRegion: query.grouping == .region),
                    countedUpTo: counted.upTo
                )
            }
        }
    }

    /// Counts days again from the routing log; days whose log was dropped stay as they are.
    ///
    /// Each day is one transaction.
    ///
    /// - Parameters:
    ///   - first: the first day, as `2026-01-31`; nil for the oldest of the log.
    ///   - last: the last day; nil for today.
    ///   - caller: an administrator; `admin`.
    ///   - onDay: called after each day, with the number of its log rows.
    /// - Throws: ``RequestError``.
    package func rebuildStatistics(
        from first: String?,
        to last: String?,
        as caller: Caller,
        onDay: (_ day: String, _ rows: Int64) -> Void
    ) async throws {
        try caller.requireAdministrator(.admin)
        try await mappingErrors {
            try await stores.statistics.gather()
            try await stores.statistics.rebuild(from: first, to: last, progress: onDay)
        }
    }

    /// Combines both directions of a key, in their order; groups places by region.
    private static func groups(_ rows: [RoutingSums], byRegion: Bool) -> [StatisticsReport.Group] {
        var groups: [StatisticsReport.Group] = []
        var places: [String: Int] = [:]
        for row in rows {
            let key = byRegion ? region(ofPlace: row.key) : row.key
            let index = places[key] ?? groups.count
            if index == groups.count {
                places[key] = index
                groups.append(
                    .init(key: key, out: .init(key: key, isIncoming: false), in: .init(key: key, isIncoming: true))
                )
            }
            if row.isIncoming { groups[index].in.add(row) } else { groups[index].out.add(row) }
        }
        return byRegion ? groups.sorted { $0.key < $1.key } : groups
    }

    /// The Census Bureau's region of `country|state`; elsewhere the state as given, or else the country.
    private static func region(ofPlace place: String) -> String {
        let parts = place.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let country = parts.first ?? ""
        let state = parts.count > 1 ? parts[1] : ""
        if country.isEmpty || Country(country)?.code == "US", let region = USState(state)?.division?.region {
            return region.rawValue
        }
        return state.isEmpty ? country : country.isEmpty ? state : "\(state), \(country)"
    }
}
