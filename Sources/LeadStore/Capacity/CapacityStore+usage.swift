package import FoundationEssentials
import Postgres
package import RoutingRules

/// The current use of a workspace's capacity.
package struct CapacityUsage: Sendable, Hashable {
    /// One of its caps.
    package struct Line: Sendable, Hashable {
        /// The cap.
        package let cap: Cap
        /// How many leads were taken in the current window.
        package let used: Int64
        /// When the window ends, in microseconds since 1970; nil for a total cap.
        package let endsAt: Int64?
    }

    /// The capacity.
    package let capacity: WorkspaceCapacity
    /// Its local time.
    package let localTime: LocalTime
    /// The use of its caps.
    package let lines: [Line]

    /// Whether it is open now.
    package var isOpen: Bool { capacity.hours?.isOpen(at: localTime) ?? true }
    /// When it opens next, in its local time, if it is closed and opens within 400 days.
    package var opensAt: LocalTime? { isOpen ? nil : capacity.hours?.opening(from: localTime) }
}

extension CapacityStore {
    /// The current use of a workspace's capacity; nil if it does not exist or the caller may not see it.
    package func usage(of id: UUID, as access: Access) async throws -> CapacityUsage? {
        guard let workspace = try await WorkspaceStore(session).find(id, as: access)?.workspace else { return nil }
        let capacity = workspace.capacity ?? WorkspaceCapacity()
        let parameters: Parameters = [
            "workspace": .uuid(id),
            "time_zone": .text(capacity.timeZone),
            "periods": .int16s(capacity.caps.map { StateKey(.workspace, id, per: $0.period).storedPeriod }),
        ]
        var lines: [CapacityUsage.Line] = []
        var localTime = LocalTime(minutesSinceEpoch: 0)
        for row in try await session.pool.query(Self.usage, parameters) {
            localTime = LocalTime(minutesSinceEpoch: try row.int64(2))
            let place = try Int(row.int32(3)) - 1
            guard capacity.caps.indices.contains(place) else { continue }
            let cap = capacity.caps[place]
            let end = cap.period == .total ? nil : try row.int64IfPresent(1)
            lines.append(.init(cap: cap, used: try row.int64(0), endsAt: end))
        }
        return CapacityUsage(capacity: capacity, localTime: localTime, lines: lines)
    }

    /// When the current windows of some caps end, in microseconds since 1970; nil for a total cap.
    package func windowEnds(_ lines: [CapacityLine]) async throws -> [Int64?] {
        guard !lines.isEmpty else { return [] }
        let parameters: Parameters = [
            "periods": .int16s(lines.map { StateKey(.workspace, StateKey.none, per: $0.period).storedPeriod }),
            "time_zones": .texts(lines.map(\.timeZone)),
        ]
        return try await session.pool.query(Self.ends, parameters).map { try $0.int64IfPresent(0) }
    }

    static let ends = Statement(
        "window_ends",
        """
        SELECT CASE WHEN p.period BETWEEN 1 AND 4 THEN (extract(epoch FROM w.window_end) * 1000000)::bigint END
        FROM unnest(:periods::smallint[], :time_zones::text[]) WITH ORDINALITY p (period, zone, place)
        CROSS JOIN LATERAL switchyard.capacity_window(p.period, p.zone, clock_timestamp()) w
        ORDER BY p.place
        """
    )
    static let usage = Statement(
        "capacity_usage",
        """
        SELECT coalesce((SELECT s.amount FROM switchyard.routing_state s
                WHERE s.scope = 0 AND s.owner_id = :workspace AND s.period = p.period AND s.window_end > n.now), 0),
            CASE WHEN p.period BETWEEN 1 AND 4 THEN (extract(epoch FROM coalesce((SELECT s.window_end FROM switchyard.routing_state s
                WHERE s.scope = 0 AND s.owner_id = :workspace AND s.period = p.period AND s.window_end > n.now), w.window_end)) * 1000000)::bigint END,
            floor(extract(epoch FROM n.now AT TIME ZONE :time_zone) / 60)::bigint, coalesce(p.place, 0)::int
        FROM (SELECT clock_timestamp() AS now) n
        LEFT JOIN unnest(:periods::smallint[]) WITH ORDINALITY p (period, place) ON true
        LEFT JOIN LATERAL switchyard.capacity_window(p.period, :time_zone, n.now) w ON true
        """
    )
}
