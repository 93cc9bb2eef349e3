import CivilTime

/// Where the windows of caps begin in time zones, and what their clocks show, over the time of a simulation.
///
/// The calendar is PostgreSQL's: the boundaries are read from it once, and looked up by bisection.
package struct SimulatedClock: Sendable {
    /// Windows of one length in one time zone.
    package struct Window: Sendable, Hashable {
        /// The time zone, as PostgreSQL knows it.
        package let timeZone: String
        /// Their length.
        package let period: CapPeriod

        /// Windows.
        package init(timeZone: String, period: CapPeriod) {
            self.timeZone = timeZone
            self.period = period
        }
    }

    /// From when on a time zone is so far ahead of UTC.
    package struct Offset: Sendable, Hashable {
        /// From when on, in microseconds since 1970.
        package let from: Int64
        /// How far, in microseconds.
        package let offset: Int64

        /// An offset.
        package init(from: Int64, offset: Int64) {
            self.from = from
            self.offset = offset
        }
    }

    private let windows: [Window: [Int64]]
    private let offsets: [String: [Offset]]

    /// No windows and no clocks: for rules without capacity.
    package init() {
        windows = [:]
        offsets = [:]
    }

    /// Windows and clocks.
    ///
    /// - Parameters:
    ///   - windows: where windows begin, in microseconds since 1970, ascending.
    ///   - offsets: how far clocks are ahead of UTC, ascending.
    package init(windows: [Window: [Int64]], offsets: [String: [Offset]]) {
        self.windows = windows
        self.offsets = offsets
    }

    /// When the window began that a time is in.
    package func start(of window: Window, at time: Int64) -> Int64 { self.window(window, at: time).start }

    /// The window that a time is in, and when the next one begins.
    func window(_ window: Window, at time: Int64) -> (start: Int64, next: Int64) {
        guard window.period != .total, let starts = windows[window], let first = starts.first, time >= first else {
            return (0, .max)
        }
        let place = Self.last(starts.count) { starts[$0] <= time }
        return (starts[place], place + 1 < starts.count ? starts[place + 1] : .max)
    }

    /// What the clock of a time zone shows.
    func local(_ timeZone: String, at time: Int64) -> LocalTime {
        var offset: Int64 = 0
        if let known = offsets[timeZone], let first = known.first {
            offset = time < first.from ? first.offset : known[Self.last(known.count) { known[$0].from <= time }].offset
        }
        return LocalTime(minutesSinceEpoch: (time + offset).floorDivided(by: 60_000_000))
    }

    /// The last of `count` places for which something holds that holds for the first, and up to some place.
    private static func last(_ count: Int, where holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if holds(middle) { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// What a simulation of rule sets needs to know: windows and time zones.
    package static func needs(of snapshots: RuleSetSnapshot...) -> (windows: Set<Window>, timeZones: Set<String>) {
        var windows: Set<Window> = []
        var zones: Set<String> = []
        for snapshot in snapshots {
            let compiled = CompiledRuleSet(snapshot)
            guard compiled.isStateful else { continue }
            let request = compiled.everyRequest()
            for key in request.keys {
                guard let period = key.key.period, period != .total else { continue }
                windows.insert(Window(timeZone: key.timeZone, period: period))
            }
            zones.formUnion(request.clocks.values)
        }
        return (windows, zones)
    }
}

extension CompiledRuleSet {
    /// All that any decision may look at.
    package func everyRequest() -> RoutingStateRequest {
        var request = RoutingStateRequest()
        for pool in everyPool() { request.formUnion(pool.request) }
        return request
    }
}
