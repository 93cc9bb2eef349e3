package import Postgres
package import RoutingRules

extension SimulationStore {
    /// Where the windows of caps begin over a time, and how far clocks are ahead of UTC.
    ///
    /// One query. A window is what `date_trunc` in the zone's local time makes one, as for the counters of routing: the
    /// hour that a clock shows twice is one window, and begins when it is shown first. A year of hours is 8,760 rows a zone; offsets are found to a quarter
    /// of an hour.
    ///
    /// - Parameters:
    ///   - windows: which windows.
    ///   - timeZones: whose clocks.
    ///   - from: the beginning of the time; the window that it is in is given, too.
    ///   - to: its end.
    /// - Returns: windows and clocks.
    /// - Throws: what the database says.
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
