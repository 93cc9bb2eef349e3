package import LeadStore
package import Postgres
import RoutingRules

/// Sums of what routing did, and up to when everything is counted.
package struct StatisticsReport: Sendable, Hashable {
    /// The sums of one day, workspace, rule, or what else they are asked by.
    package struct Group: Sendable, Hashable {
        /// Which; empty where a lead had none.
        package let key: String
        /// Leads that were sent by the workspace.
        package var out: RoutingSums
        /// Leads that came to it.
        package var `in`: RoutingSums
    }

    /// The groups, in order.
    package var groups: [Group]
    /// Up to when all is counted; nil: nothing yet.
    package var countedUpTo: Timestamp?
}

extension OperationsRequests {
    /// Sums of what routing did, for the workspaces that the caller may see.
    ///
    /// - Parameters:
    ///   - query: which days and what for.
    ///   - caller: the caller; `leads:read`.
    /// - Returns: the sums, a minute old at most, and up to when everything is counted.
    /// - Throws: ``RequestError``.
    package func statistics(_ query: StatisticsQuery, as caller: Caller) async throws -> StatisticsReport {
        try caller.require(.leadsRead)
        return try await mappingErrors {
            let counted = try await stores.statistics.gatherStatistics(ifOlderThan: 60)
            let rows = try await stores.statistics.statistics(query, as: caller.access)
            return StatisticsReport(
                groups: Self.groups(rows, byRegion: query.grouping == .region),
                countedUpTo: counted.upTo
            )
        }
    }

    /// Both directions of a key together, in the order in which they came; places together that are of one region.
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
