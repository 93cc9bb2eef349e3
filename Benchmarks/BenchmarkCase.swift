import Postgres
import Synchronization

/// One way of getting leads to their destination, measured for a while.
protocol BenchmarkCase: Sendable {
    /// What the report calls it.
    var name: String { get }
    /// The world its leads come from.
    var world: BenchmarkWorld { get }
    /// How many clients run at once.
    var clients: Int { get }
    /// One client: works until the time is over, and tells how many leads each unit of work brought to their end.
    func client(until isOver: @Sendable () -> Bool, done: @Sendable (Int) -> Void) async throws
}

/// What a measurement came to.
struct Measurement: Sendable {
    /// Leads that reached their end.
    var leads: Int
    /// Seconds it took.
    var seconds: Double
    /// Seconds of processor time that this program and the server used.
    var processor: Double

    /// Leads a second.
    var rate: Double { Double(leads) / seconds }
    /// Microseconds of processor time for a lead.
    var cost: Double { processor / Double(leads) * 1e6 }
}

extension BenchmarkCase {
    /// Runs the clients for the given time and counts.
    func measure(seconds: Double) async throws -> Measurement {
        let clock = ContinuousClock()
        let before = world.processor.used()
        let start = clock.now
        let end = start.advanced(by: .seconds(seconds))
        let total = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask { try await client(until: { clock.now >= end }, done: { total.add($0) }) }
            }
            try await group.waitForAll()
        }
        let took = (clock.now - start) / .seconds(1)
        return Measurement(leads: total.value, seconds: took, processor: world.processor.used() - before)
    }
}

/// A count that many tasks add to.
private final class Tally: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add(_ number: Int) { count.withLock { $0 += number } }
}
