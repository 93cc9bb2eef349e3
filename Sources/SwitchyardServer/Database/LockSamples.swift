import FoundationEssentials
package import LeadStore

/// Locks and their durations, from repeated samples.
package struct LockSamples: Sendable {
    /// How often was looked.
    package private(set) var count = 0
    private var since: [HeldLock: ContinuousClock.Instant] = [:]
    private var times: [HeldLock: Duration] = [:]

    /// The longest uninterrupted time that each was held, the longest first.
    package var longest: [(lock: HeldLock, time: Duration)] {
        times.map { (lock: $0.key, time: $0.value) }
            .sorted { ($1.time, $0.lock.relation, $0.lock.mode) < ($0.time, $1.lock.relation, $1.lock.mode) }
    }

    /// Samples every ten milliseconds until the task is cancelled.
    static func take(_ schema: SchemaStore) async throws -> LockSamples {
        var samples = LockSamples()
        while !Task.isCancelled {
            guard let held = try? await schema.heldLocks() else { break }
            samples.note(Set(held), at: .now)
            try? await Task.sleep(for: .milliseconds(10))
        }
        return samples
    }

    /// Records the locks held at a time.
    mutating func note(_ held: Set<HeldLock>, at now: ContinuousClock.Instant) {
        count += 1
        since = since.filter { held.contains($0.key) }
        for lock in held {
            let start = since[lock] ?? now
            since[lock] = start
            times[lock] = max(times[lock] ?? .zero, now - start)
        }
    }
}
