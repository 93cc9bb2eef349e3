package import FoundationEssentials
package import Postgres
import RoutingRules

/// What statistics are asked for.
package struct StatisticsQuery: Sendable, Hashable {
    /// What the sums are made for.
    package enum Grouping: String, Sendable, Hashable, CaseIterable {
        case day, workspace, rule, industry, place, partner
    }

    /// The first day, in UTC, as `2026-01-31`.
    package var from: String
    /// The last day.
    package var to: String
    /// What the sums are made for.
    package var grouping: Grouping
    /// Only this workspace's; nil: all that the caller may see.
    package var workspaceID: UUID?

    /// A question.
    package init(from: String, to: String, grouping: Grouping, workspaceID: UUID? = nil) {
        self.from = from
        self.to = to
        self.grouping = grouping
        self.workspaceID = workspaceID
    }
}

/// Sums of the routing log for one key and direction.
package struct RoutingSums: Sendable, Hashable {
    /// The day, id, industry, or `country|state` that they are of; empty where a lead had none.
    package let key: String
    /// Whether leads came in to the workspace, rather than having been sent by it.
    package let isIncoming: Bool
    /// Leads assigned.
    package let routed: Int64
    /// Leads that no rule matched.
    package let unmatched: Int64
    /// Leads that had been here before.
    package let duplicates: Int64
    /// Attempts that are to be repeated.
    package let retried: Int64
    /// Leads that failed for good.
    package let failed: Int64
    /// Leads that expired.
    package let expired: Int64
    /// Leads that began to wait for capacity.
    package let waited: Int64
    /// Leads that their destination gave back.
    package let returned: Int64
    /// Of the routed ones: milliseconds from creation to decision, summed.
    package let latencyMilliseconds: Int64
    /// Of the routed ones: how many took up to 0.1 s, 1 s, 10 s, 1 min, 10 min, 1 h, 1 day, and longer.
    package let latencyCounts: [Int64]
}

/// Sums of the routing log by day, workspace, rule, industry, place and partner.
package struct StatisticsStore: Sendable {
    /// The connections, and on whose behalf edits are recorded.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Sums per key, the newest day first, else by key; at most 10,000.
    ///
    /// What an administrator asks of all workspaces together is kept in sums of its own: it costs a row for each day, key
    /// and direction, however many workspaces there are. Everything else costs one for each of the workspaces asked for.
    package func statistics(_ query: StatisticsQuery, as access: Access) async throws -> [RoutingSums] {
        var parameters = Parameters()
        parameters.append(query.from)
        parameters.append(query.to)
        parameters.append(query.grouping.rawValue)
        let isOfAll = access == .administrator && query.workspaceID == nil && query.grouping != .workspace
        if !isOfAll { parameters.append(query.workspaceID) }
        return try await session.run(isOfAll ? Self.totals : Self.sums, parameters, as: access)
            .map { row in
                RoutingSums(
                    key: try row.string(0),
                    isIncoming: try row.bool(1),
                    routed: try row.int64(2),
                    unmatched: try row.int64(3),
                    duplicates: try row.int64(4),
                    retried: try row.int64(5),
                    failed: try row.int64(6),
                    expired: try row.int64(7),
                    waited: try row.int64(8),
                    returned: try row.int64(9),
                    latencyMilliseconds: try row.int64(10),
                    latencyCounts: try (11..<19).map { try row.int64($0) }
                )
            }
    }

    /// Counts what the log has got since the last time, if that is longer ago than some seconds.
    ///
    /// One node does it at a time; another returns at once.
    ///
    /// - Returns: how many log rows were counted, and up to when all is.
    @discardableResult
    package func gatherStatistics(ifOlderThan seconds: Int32 = 0) async throws -> (counted: Int64, upTo: Timestamp?) {
        var parameters = Parameters()
        parameters.append(seconds)
        let counted = try await session.pool.query(Self.gather, parameters).first?.int64(0) ?? 0
        return (counted, try await session.pool.query(Self.countedUpTo).first?.timestamp(0))
    }

    /// Counts days anew from the log; those of which the log has nothing any more stay as they are.
    ///
    /// - Parameters:
    ///   - first: the first day, as `2026-01-31`; nil: the oldest that the log has.
    ///   - last: the last day; nil: today.
    ///   - progress: told of each day, with the number of its log rows.
    /// - Throws: what the database says.
    package func rebuildStatistics(
        from first: String?,
        to last: String?,
        progress: (_ day: String, _ rows: Int64) -> Void
    ) async throws {
        var parameters = Parameters()
        parameters.append(first)
        parameters.append(last)
        for row in try await session.pool.query(Self.logDays, parameters) {
            let day = try row.string(0)
            var parameters = Parameters()
            parameters.append(day)
            // A day may have many rows: not bounded by the limit of single statements.
            let rows = try await session.pool.withConnection { connection in
                _ = try await connection.simple("SET statement_timeout = 0")
                return try await connection.query(Self.rebuild, parameters).first?.int64(0) ?? 0
            }
            progress(day, rows)
        }
    }

    private static let sums = Statement(
        "routing_sums",
        """
        SELECT CASE $3::text WHEN 'day' THEN t.day::text WHEN 'workspace' THEN t.workspace_id::text ELSE t.key END AS k,
            \(counts)
        FROM switchyard.routing_statistics t
        WHERE t.day BETWEEN $1::text::date AND $2::text::date
            AND t.dimension = CASE WHEN $3 IN ('day', 'workspace') THEN 'all' ELSE $3 END
            AND ($4::uuid IS NULL OR t.workspace_id = $4)
        \(order)
        """
    )
    private static let totals = Statement(
        "routing_totals",
        """
        SELECT CASE $3::text WHEN 'day' THEN t.day::text ELSE t.key END AS k,
            \(counts)
        FROM switchyard.routing_totals t
        WHERE t.day BETWEEN $1::text::date AND $2::text::date
            AND t.dimension = CASE WHEN $3 = 'day' THEN 'all' ELSE $3 END
        \(order)
        """
    )
    /// What both are read by.
    private static let counts = """
        t.direction = 'in', sum(t.routed)::bigint, sum(t.unmatched)::bigint, sum(t.duplicates)::bigint, sum(t.retried)::bigint,
            sum(t.failed)::bigint, sum(t.expired)::bigint, sum(t.waited)::bigint,
            sum(t.returned)::bigint, sum(t.latency_ms)::bigint, sum(t.latency_counts[1])::bigint,
            sum(t.latency_counts[2])::bigint, sum(t.latency_counts[3])::bigint, sum(t.latency_counts[4])::bigint,
            sum(t.latency_counts[5])::bigint, sum(t.latency_counts[6])::bigint, sum(t.latency_counts[7])::bigint,
            sum(t.latency_counts[8])::bigint
        """
    private static let order = """
        GROUP BY 1, 2
        ORDER BY CASE WHEN $3 = 'day' THEN max(t.day) END DESC, 1, 2
        LIMIT 10000
        """
    private static let gather = Statement(
        "gather_statistics",
        """
        SELECT CASE WHEN coalesce((SELECT w.counted_at <= clock_timestamp() - make_interval(secs => $1::int)
            FROM switchyard.statistics_watermark w), true) THEN switchyard.gather_statistics() ELSE 0 END
        """
    )
    private static let countedUpTo = Statement(
        "statistics_counted_up_to",
        "SELECT counted_at FROM switchyard.statistics_watermark"
    )
    private static let logDays = Statement(
        "",
        """
        SELECT d::date::text FROM generate_series(
            coalesce($1::text::date, (SELECT min(created_at) AT TIME ZONE 'UTC' FROM public.lead_routing_logs)::date,
                (now() AT TIME ZONE 'UTC')::date),
            coalesce($2::text::date, (now() AT TIME ZONE 'UTC')::date), interval '1 day') d
        """
    )
    private static let rebuild = Statement("", "SELECT switchyard.rebuild_statistics($1::text::date)")
}
