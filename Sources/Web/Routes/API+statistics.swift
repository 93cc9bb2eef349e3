import CivilTime
import FoundationEssentials
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addStatisticsRoutes(to routes: inout Routes) { routes.on(.get, "/api/stats", .leadsRead, statistics) }

    /// `GET /api/stats`: totals by day, workspace, rule, industry, region or partner.
    @Sendable private func statistics(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var parameters = try QueryDecoding(request.uri)
        let to = parameters.day("to") ?? CivilDate.today.text
        let from = parameters.day("from") ?? CivilDate.text(30, before: to)
        let by = parameters.grouping("by") ?? .day
        let workspace = parameters.uuid("workspaceId")
        try parameters.finish()
        guard from <= to else {
            throw Problem.invalid("from", "This day is after the last one.", remedy: "Set `from` to the earlier day.")
        }
        let query = StatisticsQuery(from: from, to: to, grouping: by, workspaceID: workspace)
        let report = try await useCases.operations.statistics(query, as: caller)
        return json(capacity: 512 + report.groups.count * 512) { writer in
            writer.object { writer in
                writer.member("from", from)
                writer.member("to", to)
                writer.member("by", by.rawValue)
                writer.member("countedUpTo", time: report.countedUpTo)
                writer.key("groups")
                writer.array(report.groups) { writer, group in
                    writer.object { writer in
                        writer.member("key", group.key)
                        writer.key("out")
                        writer.sums(group.out)
                        writer.key("in")
                        writer.sums(group.in)
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func sums(_ sums: RoutingSums) {
        object { writer in
            writer.member("routed", sums.routed)
            if !sums.isIncoming {
                writer.member("unmatched", sums.unmatched)
                writer.member("duplicates", sums.duplicates)
                writer.member("retried", sums.retried)
                writer.member("failed", sums.failed)
                writer.member("expired", sums.expired)
                writer.member("waited", sums.waited)
            }
            writer.member("returned", sums.returned)
            writer.member(
                "averageLatencySeconds",
                sums.routed > 0 ? Double(sums.latencyMilliseconds) / 1000 / Double(sums.routed) : nil
            )
            writer.key("latency")
            writer.array(sums.latencyCounts.indices) { writer, index in
                writer.object { writer in
                    let bounds = RoutingSums.latencyBounds
                    writer.member("upToSeconds", index < bounds.count ? bounds[index] : nil)
                    writer.member("count", sums.latencyCounts[index])
                }
            }
        }
    }
}

extension QueryDecoding {
    /// A day, as `2026-01-31`.
    fileprivate mutating func day(_ name: String) -> String? {
        guard let time = time(name) else { return nil }
        return CivilDate(daysSinceEpoch: time.floorDivided(by: RFC3339.microsecondsPerDay)).text
    }

    /// The key of the totals; places are only available by region.
    fileprivate mutating func grouping(_ name: String) -> StatisticsQuery.Grouping? {
        guard let text = text(name) else { return nil }
        let known = StatisticsQuery.Grouping.allCases.filter { $0 != .place }
        if let grouping = known.first(where: { $0.rawValue == text }) { return grouping }
        let all = known.map(\.rawValue).joined(separator: ", ")
        note(name, "This is not a valid value.", "Valid values: \(all).")
        return nil
    }
}

extension CivilDate {
    /// Today, in UTC.
    fileprivate static var today: CivilDate {
        CivilDate(daysSinceEpoch: Int64(Date().timeIntervalSince1970).floorDivided(by: 86_400))
    }

    /// The day some days before another.
    fileprivate static func text(_ count: Int64, before day: String) -> String {
        CivilDate(daysSinceEpoch: (CivilDate(day)?.daysSinceEpoch ?? 0) - count).text
    }
}
