import CivilTime

/// The windows of caps and the local times of time zones, over the period of a simulation.
///
/// The calendar is PostgreSQL's: the boundaries are read once, and looked up by bisection.
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

    /// The offset of a time zone from UTC, and when it begins.
    package struct Offset: Sendable, Hashable {
        /// When it begins, in microseconds since 1970.
        package let from: Int64
        /// The offset, in microseconds.
        package let offset: Int64

        /// An offset.
        package init(from: Int64, offset: Int64) {
            self.from = from
            self.offset = offset
        }
    }

    private let windows: [Window: [Int64]]
    private let offsets: [String: [Offset]]

    /// Without windows and time zones: for rules without capacity.
    package init() {
        windows = [:]
        offsets = [:]
    }

    /// Windows and clocks.
    ///
    /// - Parameters:
    ///   - windows: the start of each window, in microseconds since 1970, ascending.
    ///   - offsets: the offsets from UTC, ascending.
    package init(windows: [Window: [Int64]], offsets: [String: [Offset]]) {
        self.windows = windows
        self.offsets = offsets
    }

    /// The start of the window of a time.
    package func start(of window: Window, at time: Int64) -> Int64 { self.window(window, at: time).start }

    /// The start of the window of a time, and of the next one.
    func window(_ window: Window, at time: Int64) -> (start: Int64, next: Int64) {
        guard window.period != .total, let starts = windows[window], let first = starts.first, time >= first else {
            return (0, .max)
        }
        let place = Self.last(starts.count) { starts[$0] <= time }
        return (starts[place], place + 1 < starts.count ? starts[place + 1] : .max)
    }

    /// The local time of a time zone.
    func local(_ timeZone: String, at time: Int64) -> LocalTime {
        var offset: Int64 = 0
        if let known = offsets[timeZone], let first = known.first {
            offset = time < first.from ? first.offset : known[Self.last(known.count) { known[$0].from <= time }].offset
        }
        return LocalTime(minutesSinceEpoch: (time + offset).floorDivided(by: 60_000_000))
    }

    /// The last of `count` places for which a condition holds that holds from the first place up to some place.
    private static func last(_ count: Int, where holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if holds(middle) { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The windows and time zones that a simulation of rule sets needs.
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
    /// The state that any decision may read.
    package func everyRequest() -> RoutingStateRequest {
        var request = RoutingStateRequest()
        for pool in everyPool() { request.formUnion(pool.request) }
        return request
    }
}
