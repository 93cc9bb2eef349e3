import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization

/// Leads that wait, and how long it takes to claim, decide and complete them all.
struct Backlog: Sendable {
    let world: BenchmarkWorld
    /// How many leads wait.
    let leads: Int
    /// Leads in a claim.
    let batch: Int
    /// Workers that claim at once.
    let workers: Int

    /// How fast a backlog went.
    struct Course: Sendable {
        /// Seconds from the start to the end of each tenth.
        var ends: [Double]
        /// Leads that were completed.
        var leads: Int
        /// Bytes of write-ahead log meanwhile, of all sessions.
        var walBytes: Double
        /// Microseconds of processor time for a lead of each tenth.
        var costs: [Double]

        /// Microseconds of processor time for a lead.
        var cost: Double { costs.reduce(0, +) / Double(max(1, costs.count)) }

        /// Leads a second, over all.
        var rate: Double { Double(leads) / (ends.last ?? .infinity) }

        /// Leads a second in each tenth.
        var tenths: [Double] {
            zip(ends, [0] + ends).map { end, start in Double(leads) / Double(ends.count) / (end - start) }
        }
    }

    /// Lets the leads come in undecided, as they do while a node has no rules or their source is paused.
    func fill() async throws {
        let senders = 2
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<senders {
                group.addTask {
                    var left = leads / senders + (sender < leads % senders ? 1 : 0)
                    while left > 0 {
                        let count = min(batch, left)
                        try await send(count)
                        left -= count
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func send(_ count: Int) async throws {
        let reason: RoutingText = "No rules yet."
        let leads = world.decidedBatch(count)
            .map { DecidedLead($0.prepared, Assignment(result: .queued, reason: reason)) }
        let result = try await world.stores.intake.ingest(leads, version: nil, isRepeat: false)
        guard result == .written(exceptions: []) else { throw BenchmarkFault.unexpected(String(describing: result)) }
    }

    /// Routes everything that waits, by the router that the server uses.
    func drain() async throws -> Course {
        let router = WaitingLeadRouter(queue: world.stores.queue, rules: RuleSetCache(source: world.stores.ruleSets))
        let clock = ContinuousClock()
        let before = try await world.walPosition()
        let start = clock.now
        let progress = Progress(total: leads, processor: world.processor)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers {
                group.addTask {
                    while !progress.isDone {
                        let summary = try await router.routeDue(.new, limit: batch)
                        guard summary.routed == summary.claimed else {
                            throw BenchmarkFault.unexpected("\(summary)")
                        }
                        // The other worker holds what is left.
                        if summary.claimed == 0 { return }
                        progress.add(summary.claimed, at: (clock.now - start) / .seconds(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        guard progress.isDone else { throw BenchmarkFault.unexpected("leads were left") }
        return Course(
            ends: progress.ends,
            leads: leads,
            walBytes: try await world.walPosition() - before,
            costs: progress.processorSeconds.map { $0 / Double(leads) * 10 * 1e6 }
        )
    }
}

/// When each tenth of a backlog was done.
private final class Progress: Sendable {
    private struct State {
        var done = 0
        var ends: [Double] = []
        var processor: [Double] = []
    }

    private let total: Int
    private let start: Double
    private let processor: ProcessorTime
    private let state = Mutex(State())

    init(total: Int, processor: ProcessorTime) {
        self.total = total
        self.processor = processor
        start = processor.used()
    }

    var isDone: Bool { state.withLock { $0.done >= total } }
    var ends: [Double] { state.withLock { $0.ends } }
    /// What each tenth has used.
    var processorSeconds: [Double] {
        state.withLock { state in zip(state.processor, [start] + state.processor).map { $0 - $1 } }
    }

    func add(_ count: Int, at seconds: Double) {
        state.withLock { state in
            state.done += count
            while state.ends.count < 10, state.done * 10 >= total * (state.ends.count + 1) {
                state.ends.append(seconds)
                state.processor.append(processor.used())
            }
        }
    }
}
