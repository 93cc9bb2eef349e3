import FoundationEssentials
import Glibc
import LeadStore
import Logging
import Postgres
import Synchronization
import Testing

@testable import LeadRouting

/// Analyses have threads and turns of their own.
@Suite(.timeLimit(.minutes(1)))
struct AnalysisPoolTests {
    private func pool(slots: Int, waitersOfTenant: Int = 4) -> AnalysisPool {
        let configuration = PostgresConfiguration(connectionString: "host=/nonexistent", applicationName: "tests")
        let connections = PostgresPool(configuration: configuration, maximumConnections: 1, logger: Samples.quiet)
        return AnalysisPool(stores: Stores(pool: connections), slots: slots, waitersOfTenant: waitersOfTenant)
    }

    /// Blocks its thread until it is opened, as work that computes for long does.
    private final class Gate: Sendable {
        private let isOpen = Atomic(false)
        private let entered = Atomic(0)
        func open() { isOpen.store(true, ordering: .releasing) }
        func wait() {
            entered.add(1, ordering: .relaxed)
            while !isOpen.load(ordering: .acquiring) { usleep(1000) }
        }
        var count: Int { entered.load(ordering: .relaxed) }
    }

    /// What ran, in order.
    private final class Order: Sendable {
        private let names = Mutex<[String]>([])
        func note(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock(\.self) }
    }

    /// With more analyses than the runtime has threads, other tasks still run.
    @Test func analysesOccupyNoThreadOfTheRuntime() async throws {
        let cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let pool = pool(slots: 2 * (cores + 1))
        let gate = Gate()
        let ends = Task.detached {
            // If this task got no thread, the gate would stay closed, and the time limit would end the test.
            while gate.count < cores + 1 { await Task.yield() }
            gate.open()
        }
        try await withThrowingTaskGroup { group in
            for _ in 0..<cores + 1 { group.addTask { try await pool.run(for: .partner) { _ in gate.wait() } } }
            try await group.waitForAll()
        }
        await ends.value
        #expect(gate.count == cores + 1)
    }

    /// One tenant's queue is full; another tenant runs after one piece of its work.
    @Test func fullQueueRefusesItsTenantOnly() async throws {
        let pool = pool(slots: 1, waitersOfTenant: 2)
        let order = Order()
        let gate = Gate()
        try await withThrowingTaskGroup { group in
            group.addTask { try await pool.run(for: .partner) { _ in gate.wait() } }
            while gate.count == 0 { await Task.yield() }
            for number in 1...2 {
                group.addTask { try await pool.run(for: .partner) { _ in order.note("partner") } }
                while pool.waitingCount < number { await Task.yield() }
            }
            let refusal = try await refusal { try await pool.run(for: .partner) { _ in } }
            #expect(refusal == .tooManyAnalyses(retryAfterSeconds: AnalysisPool.retrySeconds))
            group.addTask { try await pool.run(for: .rival) { _ in order.note("rival") } }
            while pool.waitingCount < 3 { await Task.yield() }
            gate.open()
            try await group.waitForAll()
        }
        #expect(order.all == ["partner", "rival", "partner"])
    }

    /// A client that has left gives up its place, and its work never begins.
    @Test func cancelledWorkGivesUpItsPlace() async throws {
        let pool = pool(slots: 1)
        let gate = Gate()
        let first = Task { try await pool.run(for: .partner) { _ in gate.wait() } }
        while gate.count == 0 { await Task.yield() }
        let second = Task { try await pool.run(for: .rival) { _ in Issue.record("The work of a cancelled task ran.") } }
        while pool.waitingCount == 0 { await Task.yield() }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(pool.waitingCount == 0)
        gate.open()
        try await first.value
        try await pool.run(for: .rival) { _ in }
    }
}
