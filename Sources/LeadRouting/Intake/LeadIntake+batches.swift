import FoundationEssentials
import LeadStore
import RoutingRules
import Synchronization

/// Writes batches to the database, and answers the waiting callers.
extension LeadIntake {
    /// Returns 1 and counts another batch if the limits allow one and enough leads are ready; otherwise 0.
    func start(_ state: inout State, now: ContinuousClock.Instant) -> Int {
        guard state.queue.hasReady, state.batchesInFlight < limits.batchesInFlight else { return 0 }
        let isWorthIt =
            state.batchesInFlight == 0 || state.queue.readyCount >= limits.leadsForAnother
            || now - state.begunAt > limits.beforeAnother
        guard isWorthIt else { return 0 }
        state.batchesInFlight += 1
        return 1
    }

    /// Starts to write more batches.
    ///
    /// Small ones are decided, sent and settled on the thread on which the database's answers arrive: on few busy cores
    /// a switch to another thread takes longer than all of that.
    func writeBatches(_ count: Int) {
        for _ in 0..<count { Task(executorPreference: writer.store.executor) { await self.writeBatches() } }
    }

    /// Writes batches until no lead is ready.
    private func writeBatches() async {
        while true {
            let batch = state.withLock { state in
                let batch = state.queue.takeBatch(limit: limits.leadsInBatch)
                if batch.isEmpty {
                    state.batchesInFlight -= 1
                } else {
                    state.begunAt = .now
                    state.batches += 1
                    state.leads += batch.count
                }
                return batch
            }
            if batch.isEmpty { return }
            if batch.count <= Self.leadsOnLoop {
                await write(batch)
            } else {
                await withTaskExecutorPreference(globalConcurrentExecutor) { await write(batch) }
            }
        }
    }

    /// The most leads that are decided and settled within about a millisecond.
    private static let leadsOnLoop = 64

    private func write(_ batch: [(IntakeQueue.Ticket, IntakeQueue.Entry)]) async {
        let start = ContinuousClock.now
        let results = await writer.write(batch.map(\.1))
        settle(batch, results)
        if let meter { measure(meter, batch, results, since: start) }
    }

    /// Answers finished leads, requeues those to decide again, and starts another batch if leads became ready.
    private func settle(
        _ batch: [(IntakeQueue.Ticket, IntakeQueue.Entry)],
        _ results: [BatchWriter.Outcome]
    ) {
        let (started, drained) = state.withLock { state in
            for ((ticket, entry), result) in zip(batch, results) {
                switch result {
                case .done:
                    state.queue.finish(ticket)
                    if let key = KeyInFlight(entry.prepared) { state.keysInFlight.remove(key) }
                case .again:
                    var entry = entry
                    entry.rounds += 1
                    state.queue.requeue(ticket, entry)
                }
            }
            let isDrained = state.isStopping && state.queue.count == 0
            let waiters = isDrained ? state.drained : []
            if isDrained { state.drained = [] }
            return (start(&state, now: .now), waiters)
        }
        writeBatches(started)
        for ((_, entry), result) in zip(batch, results) {
            guard case .done(let result) = result else { continue }
            if case .failure(let error) = result { refusals.note(error) }
            entry.answer(result)
        }
        for waiter in drained { waiter.resume() }
        if let observer { notify(observer, batch, results) }
    }

    private func notify(
        _ observer: any RoutingObserver,
        _ batch: [(IntakeQueue.Ticket, IntakeQueue.Entry)],
        _ results: [BatchWriter.Outcome]
    ) {
        let events = zip(batch, results)
            .compactMap { item, result in
                guard case .done(.success(let outcome)) = result else { return nil as RoutingEvent? }
                return RoutingEvent(outcome, source: item.1.prepared.source)
            }
        if !events.isEmpty { observer.observe(events) }
    }

    private func measure(
        _ meter: any RoutingMeter,
        _ batch: [(IntakeQueue.Ticket, IntakeQueue.Entry)],
        _ results: [BatchWriter.Outcome],
        since start: ContinuousClock.Instant
    ) {
        let now = ContinuousClock.now
        var leads: [MeasuredLead] = []
        leads.reserveCapacity(batch.count)
        for ((_, entry), result) in zip(batch, results) {
            guard case .done(let answer) = result else { continue }
            let outcome = try? answer.get()
            let latency = now - entry.received
            let result = outcome.map { MeasuredLead.Result($0, source: entry.prepared.source) } ?? .refused
            leads.append(
                MeasuredLead(
                    id: outcome?.leadID ?? entry.prepared.id,
                    source: entry.prepared.source,
                    result: result,
                    outcome: outcome,
                    attempt: result == .replay || result == .refused ? 0 : 1,
                    latency: latency,
                    age: latency,
                    trace: entry.trace
                )
            )
        }
        if leads.isEmpty { return }
        meter.measure(MeasuredBatch(path: .intake, duration: now - start, endedAt: milliseconds(), leads: leads))
    }
}
