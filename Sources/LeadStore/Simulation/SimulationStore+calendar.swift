package import Postgres
package import RoutingRules

extension SimulationStore {
    /// The starts of cap windows in a period, and the offsets of clocks from UTC.
    ///
    /// One query. Windows are those of `date_trunc` in the zone's local time, as for the counters of routing: an hour
    /// that a clock shows twice is one window, and begins when it is first shown. A year of hours is 8,760 rows a zone;
    /// offsets are found to a quarter of an hour.
    ///
    /// - Parameters:
    ///   - windows: the kinds of windows.
    ///   - timeZones: the time zones of the clocks.
    ///   - from: the start of the period; the window that contains it is included.
    ///   - to: its end.
    /// - Returns: windows and clocks.
    /// - Throws: `PostgresError`, if the database fails.
    package func calendar(
        windows: Set<SimulatedClock.Window>,
        timeZones: Set<String>,
        from: Timestamp,
        to: Timestamp
    ) async throws -> SimulatedClock {
        let ordered = Array(windows)
        let zones = Array(timeZones)
        let parameters: Parameters = [
            "window_zones": .texts(ordered.map(\.timeZone)),
            "window_periods": .texts(ordered.map(\.period.rawValue)),
            "zones": .texts(zones),
            "from": .timestamp(from),
            "to": .timestamp(to),
        ]
        var starts: [SimulatedClock.Window: [Int64]] = [:]
        var offsets: [String: [SimulatedClock.Offset]] = [:]
        for row in try await session.pool.query(Self.calendar, parameters) {
            let index = try Int(row.int64(0))
            let at = try row.int64(1)
            if let offset = try row.int64IfPresent(2) {
                offsets[zones[index - 1], default: []].append(.init(from: at, offset: offset))
            } else {
                starts[ordered[index - 1], default: []].append(at)
            }
        }
        return SimulatedClock(windows: starts, offsets: offsets)
    }

    static let calendar = Statement("calendar", Embedded.calendar)
}
