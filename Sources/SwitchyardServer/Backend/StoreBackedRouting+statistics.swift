import LeadStore
import Postgres
import RoutingRules
import Web

extension StoreBackedRouting {
    func statistics(_ search: StatisticsSearch, as principal: Principal) async throws -> StatisticsReport {
        try await tellingCaller {
            // What is shown is a minute old at most, whoever keeps the schedule.
            let counted = try await stores.statistics.gatherStatistics(ifOlderThan: 60)
            let rows = try await stores.statistics.statistics(
                StatisticsQuery(
                    from: search.from,
                    to: search.to,
                    grouping: search.grouping.stored,
                    workspaceID: search.workspaceID
                ),
                as: principal.access
            )
            return StatisticsReport(
                groups: Self.groups(rows, byRegion: search.grouping == .region),
                countedUpTo: counted.upTo?.microsecondsSinceUnixEpoch
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
                groups.append(StatisticsReport.Group(key: key))
            }
            if row.isIncoming { groups[index].in.add(row.sums) } else { groups[index].out.add(row.sums) }
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

extension StatisticsSearch.Grouping {
    fileprivate var stored: StatisticsQuery.Grouping {
        switch self {
        case .day: .day
        case .workspace: .workspace
        case .rule: .rule
        case .industry: .industry
        case .region: .place
        case .partner: .partner
        }
    }
}

extension RoutingSums {
    fileprivate var sums: StatisticsReport.Sums {
        var sums = StatisticsReport.Sums()
        sums.routed = routed
        sums.unmatched = unmatched
        sums.duplicates = duplicates
        sums.retried = retried
        sums.failed = failed
        sums.expired = expired
        sums.waited = waited
        sums.returned = returned
        sums.latencyMilliseconds = latencyMilliseconds
        sums.latencyCounts = latencyCounts
        return sums
    }
}
