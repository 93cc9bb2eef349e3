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
        var parameters = Parameters()
        parameters.append(array: ordered.map { Optional($0.timeZone) })
        parameters.append(array: ordered.map { Optional($0.period.rawValue) })
        parameters.append(array: zones.map(Optional.some))
        parameters.append(from)
        parameters.append(to)
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

    private static let calendar = Statement(
        "calendar",
        """
        SELECT w.place, (extract(epoch FROM s.at) * 1000000)::bigint, NULL::bigint
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY w (zone, period, place)
        CROSS JOIN LATERAL (
            SELECT DISTINCT CASE
                WHEN (t.at - interval '1 hour') AT TIME ZONE w.zone = g.at THEN t.at - interval '1 hour'
                WHEN (t.at - interval '30 minutes') AT TIME ZONE w.zone = g.at THEN t.at - interval '30 minutes'
                ELSE t.at END AS at
            FROM generate_series(date_trunc(w.period, $4::timestamptz AT TIME ZONE w.zone),
                $5::timestamptz AT TIME ZONE w.zone, ('1 ' || w.period)::interval) g (at)
            CROSS JOIN LATERAL (SELECT g.at AT TIME ZONE w.zone) t (at)
        ) s
        UNION ALL
        SELECT o.place, (extract(epoch FROM o.at) * 1000000)::bigint, o.ahead
        FROM (
            SELECT z.place, g.at, a.ahead, lag(a.ahead) OVER (PARTITION BY z.place ORDER BY g.at) AS before
            FROM unnest($3::text[]) WITH ORDINALITY z (zone, place)
            CROSS JOIN LATERAL generate_series(date_trunc('hour', $4::timestamptz), $5::timestamptz, interval '15 minutes') g (at)
            CROSS JOIN LATERAL (
                SELECT (extract(epoch FROM (g.at AT TIME ZONE z.zone) - (g.at AT TIME ZONE 'UTC')) * 1000000)::bigint
            ) a (ahead)
        ) o
        WHERE o.ahead IS DISTINCT FROM o.before
        ORDER BY 1, 2
        """
    )
}
