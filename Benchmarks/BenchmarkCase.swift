import Postgres
import Synchronization

/// One way of getting leads to their destination, measured for a while.
protocol BenchmarkCase: Sendable {
    /// What the report calls it.
    var name: String { get }
    /// The pool it works through.
    var pool: PostgresPool { get }
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
    /// Bytes of write-ahead log written meanwhile, by everybody.
    var walBytes: Double
    /// Transactions committed meanwhile, by everybody on this database.
    var commits: Double

    /// Leads a second.
    var rate: Double { Double(leads) / seconds }
}

extension BenchmarkCase {
    /// Runs the clients for the given time and counts.
    func measure(seconds: Double) async throws -> Measurement {
        let before = try await counters()
        let clock = ContinuousClock()
        let start = clock.now
        let end = start.advanced(by: .seconds(seconds))
        let total = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask { try await client(until: { clock.now >= end }, done: { total.add($0) }) }
            }
            try await group.waitForAll()
        }
        let took = clock.now - start
        let after = try await counters()
        return Measurement(
            leads: total.value,
            seconds: Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18,
            walBytes: after.wal - before.wal,
            commits: after.commits - before.commits
        )
    }

    private func counters() async throws -> (wal: Double, commits: Double) {
        let statement = Statement(
            "",
            """
            SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::double precision,
                (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())::double precision
            """
        )
        let rows = try await pool.query(statement)
        guard let row = rows.first else { return (0, 0) }
        return (try row.double(0), try row.double(1))
    }
}

/// A count that many tasks add to.
private final class Tally: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add(_ number: Int) { count.withLock { $0 += number } }
}
