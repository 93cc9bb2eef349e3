package import FoundationEssentials
package import Postgres
import RoutingRules

/// A query of statistics.
package struct StatisticsQuery: Sendable, Hashable {
    /// The key of the totals.
    package enum Grouping: String, Sendable, Hashable, CaseIterable {
        case day, workspace, rule, industry, place, partner
        /// The totals of places, which are combined by region later.
        case region
    }

    /// The first day, in UTC, as `2026-01-31`.
    package var from: String
    /// The last day.
    package var to: String
    /// The key of the totals.
    package var grouping: Grouping
    /// Only this workspace's; nil for all that the caller may see.
    package var workspaceID: UUID?

    /// A query.
    package init(from: String, to: String, grouping: Grouping, workspaceID: UUID? = nil) {
        self.from = from
        self.to = to
        self.grouping = grouping
        self.workspaceID = workspaceID
    }
}

/// Totals of the routing log for one key and direction.
package struct RoutingSums: Sendable, Hashable {
    /// The day, id, industry, or `country|state`; empty for leads without one.
    package let key: String
    /// Whether the workspace received the leads; otherwise it sent them.
    package let isIncoming: Bool
    /// Leads assigned.
    package var routed: Int64 = 0
    /// Leads that no rule matched.
    package var unmatched: Int64 = 0
    /// Duplicates.
    package var duplicates: Int64 = 0
    /// Attempts that are repeated.
    package var retried: Int64 = 0
    /// Leads that failed permanently.
    package var failed: Int64 = 0
    /// Leads that expired.
    package var expired: Int64 = 0
    /// Leads that began to wait for capacity.
    package var waited: Int64 = 0
    /// Leads that their destination returned.
    package var returned: Int64 = 0
    /// Milliseconds from creation to decision, summed over the routed leads.
    package var latencyMilliseconds: Int64 = 0
    /// How many routed leads took up to 0.1 s, 1 s, 10 s, 1 min, 10 min, 1 h, 1 day, and longer.
    package var latencyCounts: [Int64] = Array(repeating: 0, count: 8)

    /// The upper bounds of ``latencyCounts`` but the last, in seconds.
    package static let latencyBounds: [Double] = [0.1, 1, 10, 60, 600, 3600, 86400]

    /// Empty totals.
    package init(key: String, isIncoming: Bool) {
        self.key = key
        self.isIncoming = isIncoming
    }

    /// Adds the totals of another key.
    package mutating func add(_ other: RoutingSums) {
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

/// Totals of the routing log by day, workspace, rule, industry, place and partner.
package struct StatisticsStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Totals by key, the newest day first, else by key; at most 10,000.
    ///
    /// Totals over all workspaces are stored separately for administrators: they cost a row for each day, key and
    /// direction, however many workspaces there are. All others cost one for each requested workspace.
    package func sums(_ query: StatisticsQuery, as access: Access) async throws -> [RoutingSums] {
        let grouping = query.grouping == .region ? .place : query.grouping
        var parameters: Parameters = [
            "from": .text(query.from), "to": .text(query.to), "grouping": .text(grouping.rawValue),
        ]
        let isOfAll = access == .administrator && query.workspaceID == nil && query.grouping != .workspace
        if !isOfAll { parameters.append("workspace", .uuid(query.workspaceID)) }
        return try await session.run(isOfAll ? Self.totals : Self.sums, parameters, as: access)
            .map { row in
                var sums = RoutingSums(key: try row.string(0), isIncoming: try row.bool(1))
                sums.routed = try row.int64(2)
                sums.unmatched = try row.int64(3)
                sums.duplicates = try row.int64(4)
                sums.retried = try row.int64(5)
                sums.failed = try row.int64(6)
                sums.expired = try row.int64(7)
                sums.waited = try row.int64(8)
                sums.returned = try row.int64(9)
                sums.latencyMilliseconds = try row.int64(10)
                sums.latencyCounts = try (11..<19).map { try row.int64($0) }
                return sums
            }
    }

    /// Counts new log rows, if the last count is older than some seconds.
    ///
    /// One node counts at a time; on others the call returns at once.
    ///
    /// - Returns: how many log rows were counted, and up to when the totals are complete.
    @discardableResult
    package func gather(ifOlderThan seconds: Int32 = 0) async throws -> (counted: Int64, upTo: Timestamp?) {
        let counted = try await session.pool.query(Self.gather, ["seconds": .int32(seconds)]).first?.int64(0) ?? 0
        return (counted, try await session.pool.query(Self.countedUpTo).first?.timestamp(0))
    }

    /// Recounts days from the log; days without log rows are unchanged.
    ///
    /// - Parameters:
    ///   - first: the first day, as `2026-01-31`; nil for the oldest of the log.
    ///   - last: the last day; nil for today.
    ///   - progress: receives each day, with the number of its log rows.
    /// - Throws: `PostgresError`, if the database fails.
    package func rebuild(
        from first: String?,
        to last: String?,
        progress: (_ day: String, _ rows: Int64) -> Void
    ) async throws {
        let parameters: Parameters = ["first": .text(first), "last": .text(last)]
        for row in try await session.pool.query(Self.logDays, parameters) {
            let day = try row.string(0)
            // A day may have many rows, so the limit of single statements is lifted.
            let rows = try await session.pool.withConnection { connection in
                _ = try await connection.simple("SET statement_timeout = 0")
                return try await connection.query(Self.rebuild, ["day": .text(day)]).first?.int64(0) ?? 0
            }
            progress(day, rows)
        }
    }

    static let sums = Statement(
        "routing_sums",
        """
        SELECT CASE :grouping::text WHEN 'day' THEN t.day::text WHEN 'workspace' THEN t.workspace_id::text ELSE t.key END AS k,
            \(counts)
        FROM switchyard.routing_statistics t
        WHERE t.day BETWEEN :from::text::date AND :to::text::date
            AND t.dimension = CASE WHEN :grouping IN ('day', 'workspace') THEN 'all' ELSE :grouping END
            AND (:workspace::uuid IS NULL OR t.workspace_id = :workspace)
        \(order)
        """
    )
    static let totals = Statement(
        "routing_totals",
        """
        SELECT CASE :grouping::text WHEN 'day' THEN t.day::text ELSE t.key END AS k,
            \(counts)
        FROM switchyard.routing_totals t
        WHERE t.day BETWEEN :from::text::date AND :to::text::date
            AND t.dimension = CASE WHEN :grouping = 'day' THEN 'all' ELSE :grouping END
        \(order)
        """
    )
    /// The columns of both queries.
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
        ORDER BY CASE WHEN :grouping = 'day' THEN max(t.day) END DESC, 1, 2
        LIMIT 10000
        """
    static let gather = Statement(
        "gather_statistics",
        """
        SELECT CASE WHEN coalesce((SELECT w.counted_at <= clock_timestamp() - make_interval(secs => :seconds::int)
            FROM switchyard.statistics_watermark w), true) THEN switchyard.gather_statistics() ELSE 0 END
        """
    )
    static let countedUpTo = Statement(
        "statistics_counted_up_to",
        "SELECT counted_at FROM switchyard.statistics_watermark"
    )
    static let logDays = Statement(
        "",
        """
        SELECT d::date::text FROM generate_series(
            coalesce(:first::text::date, (SELECT min(created_at) AT TIME ZONE 'UTC' FROM public.lead_routing_logs)::date,
                (now() AT TIME ZONE 'UTC')::date),
            coalesce(:last::text::date, (now() AT TIME ZONE 'UTC')::date), interval '1 day') d
        """
    )
    static let rebuild = Statement("", "SELECT switchyard.rebuild_statistics(:day::text::date)")
}
