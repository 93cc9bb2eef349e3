import FoundationEssentials

/// The functions that are due at a given time; reads no clock and does not wait.
package struct DueTimes: Sendable {
    private let schedules: [(name: String, schedule: Schedule)]
    private var handled: [String: Int64] = [:]
    /// The claim with which due times are taken.
    ///
    /// Shared by all, and unique to this node: after a lost answer the same claim is sent again.
    let claim = UUID()

    /// The due times of functions with a schedule; those triggered by an event have none.
    package init(_ functions: [ScheduledFunction]) {
        schedules = functions.compactMap { function in function.schedule.map { (function.name, $0) } }
    }

    /// Each function whose latest due time has not been handled, with that time in seconds since 1970.
    ///
    /// Due times that passed while no node ran count once: only the latest of them is due.
    package func due(at now: Int64) -> [(name: String, dueAt: Int64)] {
        schedules.compactMap { name, schedule in
            let latest = schedule.previous(atOrBefore: now)
            guard latest > handled[name] ?? .min else { return nil }
            return (name, latest)
        }
    }

    /// Records that a due time was taken, by this node or another.
    package mutating func handle(_ name: String, dueAt: Int64) {
        handled[name] = max(handled[name] ?? .min, dueAt)
    }

    /// The next time at which anything is due, in seconds since 1970.
    package func next(after now: Int64) -> Int64? {
        schedules.map { $0.schedule.next(after: now) }.min()
    }

    /// The next due time of one function, in seconds since 1970.
    package func next(of name: String, after now: Int64) -> Int64? {
        schedules.first { $0.name == name }?.schedule.next(after: now)
    }
}
