package import FoundationEssentials
package import LeadStore
package import Logging
import Postgres
package import RoutingRules
import Synchronization

/// The statements that the intake needs; tests provide a fake.
package protocol LeadIngesting: Sendable {
    /// The executor for tasks that use the store for less than a millisecond; nil for any.
    var executor: (any TaskExecutor)? { get }
    /// Stores a batch of decided leads, in one transaction.
    func ingest(_ batch: [DecidedLead], version: Int64?, isRepeat: Bool) async throws -> IngestResult
    /// Locks the state that a batch's decisions read, decides the batch, and stores it, in one transaction.
    func ingest(
        holding request: RoutingStateRequest,
        version: Int64?,
        isRepeat: Bool,
        decide: @Sendable (inout RoutingState) -> [DecidedLead]
    ) async throws -> (batch: [DecidedLead], result: IngestResult)
    /// The outcomes of leads that an earlier statement may have stored.
    func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome]
    /// The first answers for these leads.
    func firstOutcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome]
}

extension LeadIngesting {
    package var executor: (any TaskExecutor)? { nil }
}

extension IntakeStore: LeadIngesting {
    package var executor: (any TaskExecutor)? { session.executor }

    package func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        try await LeadsStore(session).outcomes(of: ids)
    }

    package func firstOutcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        try await LeadsStore(session).firstOutcomes(of: ids)
    }
}

/// The intake of new leads: gathers them into batches, decides in memory, writes once, answers after the COMMIT.
///
/// A batch consists of the leads that arrived while earlier batches were committing: an idle server answers a lead
/// after one round trip, a busy one writes hundreds at a time. No timer delays a statement.
package final class LeadIntake: Sendable {
    /// The limits of the intake.
    package struct Limits: Sendable, Hashable {
        /// Concurrent batches; two keep a database on two cores busy.
        package var batchesInFlight = 2
        /// How many ready leads start a second batch while one is in progress; fewer wait until that one is committed.
        ///
        /// A batch costs the database as much as five leads, and a commit. With 64 waiting callers, two concurrent
        /// batches would hold half of them each, and pay that cost twice.
        package var leadsForAnother = 64
        /// After this time a batch may be waiting for a lock, and fewer leads are enough for another.
        package var beforeAnother = Duration.milliseconds(10)
        /// The most leads of a batch: 500 take some 15 ms, and larger batches hardly raise the rate.
        package var leadsInBatch = 512
        /// The most leads that wait for an answer; further ones are refused.
        package var backlog = 20_000
        /// How long a batch is retried while the database is unavailable.
        package var retryTime = Duration.seconds(20)
        /// How often a lead is decided again before it is left in the queue.
        package var rounds = 5

        /// The default limits.
        package init() {}
    }

    struct State {
        var queue = IntakeQueue()
        /// The idempotency keys of the leads that are not answered yet.
        var keysInFlight: Set<KeyInFlight> = []
        var batchesInFlight = 0
        /// When the last batch was started.
        var begunAt = ContinuousClock.now
        var isStopping = false
        var drained: [CheckedContinuation<Void, Never>] = []
        var batches = 0
        var leads = 0
    }

    struct KeyInFlight: Hashable {
        let workspace: UUID
        let key: [UInt8]

        init?(_ prepared: PreparedLead) {
            guard let claim = prepared.idempotency else { return nil }
            workspace = prepared.source
            key = claim.key
        }
    }

    let state = Mutex(State())
    let limits: Limits
    private let rules: RuleSetCache
    let writer: BatchWriter
    let milliseconds: @Sendable () -> Int64
    let observer: (any RoutingObserver)?
    let meter: (any RoutingMeter)?
    /// The leads that were not stored lately.
    package let refusals: RecentRefusals

    /// An intake in front of a store.
    ///
    /// - Parameters:
    ///   - store: the store for the leads.
    ///   - rules: the rules.
    ///   - limits: the limits.
    ///   - clock: measures the delays between retries.
    ///   - milliseconds: the time since 1970, for new ids.
    ///   - observer: receives every outcome, after its commit.
    ///   - meter: receives the measurements of each batch.
    ///   - costly: receives rules that take more steps than a decision may.
    ///   - refusals: receives the leads that are not stored.
    ///   - logger: for outages and refused batches.
    package init(
        store: any LeadIngesting,
        rules: RuleSetCache,
        limits: Limits = .init(),
        clock: any Clock<Duration> = .continuous,
        milliseconds: @escaping @Sendable () -> Int64 = LeadIntake.systemMilliseconds,
        observer: (any RoutingObserver)? = nil,
        meter: (any RoutingMeter)? = nil,
        costly: CostlyRules? = nil,
        refusals: RecentRefusals = RecentRefusals(),
        logger: Logger
    ) {
        self.meter = meter
        self.refusals = refusals
        self.limits = limits
        self.rules = rules
        self.milliseconds = milliseconds
        self.observer = observer
        writer = BatchWriter(store: store, rules: rules, limits: limits, clock: clock, logger: logger, costly: costly)
    }

    /// The number of batches so far, and of their leads.
    package var statistics: (batches: Int, leads: Int) {
        state.withLock { ($0.batches, $0.leads) }
    }

    /// How many leads wait for their answer.
    package var backlog: Int {
        state.withLock { $0.queue.count }
    }

    /// Submits one lead, and returns when it is committed.
    package func submit(
        _ lead: Lead,
        from workspace: UUID,
        idempotency: IdempotencyClaim? = nil,
        trace: RequestTrace? = nil
    ) async throws(IntakeError) -> RoutingOutcome {
        if !rules.knows(workspace) { try await requireKnown([workspace]) }
        let prepared = prepare(lead, from: workspace, idempotency)
        let result = await withCheckedContinuation { continuation in
            do throws(IntakeError) {
                try add(
                    [(prepared, { @Sendable in continuation.resume(returning: $0) })],
                    lane: .single,
                    trace: trace
                )
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Submits leads in their order, and returns when all are committed or refused.
    ///
    /// - Throws: ``IntakeError`` if none was accepted, because the queue is full or a workspace is unknown.
    package func submit(
        batch: [(lead: Lead, source: UUID)],
        idempotency: [IdempotencyClaim?] = [],
        trace: RequestTrace? = nil
    ) async throws(IntakeError) -> [Result<RoutingOutcome, IntakeError>] {
        try await requireKnown(Set(batch.map(\.source)))
        return await (try enqueue(batch, idempotency: idempotency, trace: trace)).outcomes()
    }

    /// Queues leads in their order, without waiting for their outcomes.
    ///
    /// Workspaces are not checked: the caller has done so. Leads that share an identity with earlier ones, of this call
    /// or any before it, are decided after those.
    ///
    /// - Parameters:
    ///   - batch: the leads.
    ///   - idempotency: the claim of each lead; empty if none has one.
    ///   - trace: their request.
    /// - Returns: the ticket that collects their outcomes.
    /// - Throws: ``IntakeError`` if none was accepted.
    package func enqueue(
        _ batch: [(lead: Lead, source: UUID)],
        idempotency: [IdempotencyClaim?] = [],
        trace: RequestTrace? = nil
    ) throws(IntakeError) -> BatchTicket {
        let ticket = BatchTicket(count: batch.count)
        let entries = batch.enumerated()
            .map { index, item in
                (
                    prepare(item.lead, from: item.source, index < idempotency.count ? idempotency[index] : nil),
                    { @Sendable (result: Result<RoutingOutcome, IntakeError>) in ticket.answer(index, result) }
                )
            }
        try add(entries, lane: .bulk, trace: trace)
        return ticket
    }

    /// Queues leads like ``enqueue(_:idempotency:trace:)``, after checking that their workspaces exist; waits while the
    /// queue is full.
    ///
    /// - Throws: ``IntakeError`` if none was accepted: a workspace is unknown, the intake is stopping, or the queue
    ///   stayed full for half a minute or until the task was cancelled.
    package func begin(
        _ batch: [(lead: Lead, source: UUID)],
        trace: RequestTrace? = nil
    ) async throws(IntakeError) -> BatchTicket {
        try await requireKnown(Set(batch.map(\.source)))
        for _ in 0..<600 {
            guard backlog + batch.count > limits.backlog, !Task.isCancelled else { break }
            try? await writer.clock.sleep(for: .milliseconds(50))
        }
        return try enqueue(batch, trace: trace)
    }

    /// Accepts no more leads, and returns when all accepted ones are answered.
    package func stop() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isStopping = true
                if state.queue.count > 0 { state.drained.append(continuation) }
                return state.queue.count == 0
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Refuses unknown workspaces, after reloading the rules once in case a workspace is new.
    private func requireKnown(_ workspaces: Set<UUID>) async throws(IntakeError) {
        do {
            let known = try await rules.current()
            if workspaces.allSatisfy(known.knows(workspace:)) { return }
            try await rules.poll()
            let fresh = try await rules.current()
            if workspaces.allSatisfy(fresh.knows(workspace:)) { return }
        } catch {
            let failure = IntakeError(
                .unavailable,
                sqlState: (error as? PostgresError)?.sqlState,
                retryAfter: .seconds(5)
            )
            refusals.note(failure)
            throw failure
        }
        throw IntakeError(.unknownWorkspace)
    }

    private func prepare(_ lead: Lead, from workspace: UUID, _ idempotency: IdempotencyClaim?) -> PreparedLead {
        PreparedLead(
            id: UUID.v7(milliseconds: milliseconds()),
            source: workspace,
            lead: lead,
            idempotency: idempotency
        )
    }

    private func add(
        _ leads: [(PreparedLead, @Sendable (Result<RoutingOutcome, IntakeError>) -> Void)],
        lane: IntakeQueue.Lane,
        trace: RequestTrace?
    ) throws(IntakeError) {
        let received = ContinuousClock.now
        let started: Int
        do {
            started = try state.withLock { state in
                guard !state.isStopping else { throw IntakeError(.shuttingDown) }
                guard state.queue.count + leads.count <= limits.backlog else {
                    throw IntakeError(.overloaded, retryAfter: .seconds(1))
                }
                let keys = leads.compactMap { KeyInFlight($0.0) }
                guard state.keysInFlight.isDisjoint(with: keys) else {
                    throw IntakeError(.requestInFlight, retryAfter: .seconds(1))
                }
                state.keysInFlight.formUnion(keys)
                for (prepared, answer) in leads {
                    state.queue.append(
                        .init(prepared: prepared, lane: lane, received: received, trace: trace, answer: answer)
                    )
                }
                return start(&state, now: received)
            }
        } catch let error as IntakeError {
            meter?.refuse(leads.count, because: error.code)
            refusals.note(error, count: leads.count)
            throw error
        } catch {
            throw IntakeError(.unavailable)
        }
        writeBatches(started)
    }

    /// The system's time in milliseconds since 1970, for new ids only.
    package static func systemMilliseconds() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }
}
