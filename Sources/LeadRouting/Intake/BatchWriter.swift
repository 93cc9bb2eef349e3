import FoundationEssentials
import LeadStore
import Logging
import Postgres
import RoutingRules

/// Decides and writes one batch, and repeats that until each lead has an outcome.
struct BatchWriter: Sendable {
    /// The result for a lead.
    enum Outcome: Sendable {
        /// Its answer.
        case done(Result<RoutingOutcome, IntakeError>)
        /// Nothing was written for it; it must be decided again.
        case again
    }

    let store: any LeadIngesting
    let rules: RuleSetCache
    let limits: LeadIntake.Limits
    let clock: any Clock<Duration>
    let logger: Logger
    /// Receives rules that took more steps than a decision may; nil to ignore them.
    var costly: CostlyRules?

    /// The outcomes of a batch, one for each lead.
    ///
    /// Transient failures are retried for a limited time; a batch with a row that the database refuses is halved until
    /// that row is alone.
    func write(_ batch: [IntakeQueue.Entry]) async -> [Outcome] {
        await write(batch, isRepeat: false)
    }

    private func write(_ batch: [IntakeQueue.Entry], isRepeat: Bool) async -> [Outcome] {
        var budget = RetryBudget(limits.retryTime, clock: clock)
        var isRepeat = isRepeat
        var stale: Int64?
        var staleRounds = 0
        while true {
            let begun = ContinuousClock.now
            do {
                var rules =
                    if let stale { try await rules.refresh(replacing: stale) } else { try await rules.current() }
                if hasSuspended(batch, rules) {
                    // It may have been lifted a moment ago.
                    try await self.rules.poll()
                    rules = try await self.rules.current()
                    if hasSuspended(batch, rules) { return await refuseSuspended(of: batch, rules, isRepeat: isRepeat) }
                }
                let (decided, result) = try await store(
                    batch,
                    under: rules,
                    rulesAreSettled: staleRounds < limits.rounds,
                    isRepeat: isRepeat
                )
                switch result {
                case .stale:
                    // At the limit the batch is stored without a version, which cannot be stale.
                    stale = rules.version
                    staleRounds += 1
                case .written(let exceptions):
                    costly?.note(decided.lazy.compactMap(\.assignment.exceeded))
                    return try await outcomes(decided, exceptions)
                }
            } catch let error as PostgresError where error.blamesRow {
                return await split(batch, isRepeat: isRepeat, error)
            } catch {
                // The statement may have been executed before the error: from here on ids may be stored.
                let wasSent = Self.mayHaveWritten(error)
                isRepeat = isRepeat || wasSent
                budget.spend(ContinuousClock.now - begun)
                guard Self.isWorthRepeating(error), await budget.wait() else {
                    return give(up: batch, because: error, mayBeStored: isRepeat)
                }
                logger.info(
                    "retrying a batch",
                    metadata: ["batch.leads": "\(batch.count)", "error": "\(error)", "batch.unknown": "\(isRepeat)"]
                )
            }
        }
    }

    /// Whether a lead of a batch is of a suspended workspace; usually there is none.
    private func hasSuspended(_ batch: [IntakeQueue.Entry], _ rules: CompiledRuleSet) -> Bool {
        rules.pauses.hasSuspensions && batch.contains { rules.pauses.suspend($0.prepared.source) }
    }

    /// Refuses the leads of suspended workspaces, and writes the others.
    private func refuseSuspended(
        of batch: [IntakeQueue.Entry],
        _ rules: CompiledRuleSet,
        isRepeat: Bool
    ) async -> [Outcome] {
        let others = batch.filter { !rules.pauses.suspend($0.prepared.source) }
        var written = (others.isEmpty ? [] : await write(others, isRepeat: isRepeat))[...]
        return batch.map { entry in
            guard rules.pauses.suspend(entry.prepared.source) else {
                return written.popFirst() ?? .done(.failure(.init(.shuttingDown)))
            }
            // An earlier attempt may have stored it before the suspension.
            guard !isRepeat else { return .done(.failure(.init(.outcomeUnknown, retryAfter: .seconds(5)))) }
            let reason = rules.workspace(entry.prepared.source)?.suspension
            return .done(.failure(.init(.suspended, suspension: reason)))
        }
    }

    /// Decides and stores a batch: in one statement, unless decisions depend on more than the rules.
    private func store(
        _ batch: [IntakeQueue.Entry],
        under rules: CompiledRuleSet,
        rulesAreSettled: Bool,
        isRepeat: Bool
    ) async throws -> ([DecidedLead], IngestResult) {
        let version = rulesAreSettled ? rules.version : nil
        if let decided = decideWithoutState(batch, rules, rulesAreSettled: rulesAreSettled) {
            return (decided, try await store.ingest(decided, version: version, isRepeat: isRepeat))
        }
        let request = rules.stateRequest(for: batch.lazy.map { ($0.prepared.lead, $0.prepared.source) })
        guard !request.isEmpty else {
            var state = RoutingState()
            let decided = decide(batch, rules, in: &state)
            return (decided, try await store.ingest(decided, version: version, isRepeat: isRepeat))
        }
        return try await store.ingest(holding: request, version: version, isRepeat: isRepeat) { state in
            decide(batch, rules, in: &state)
        }
    }

    /// Decides a batch by the rules alone; nil if any decision depends on more.
    private func decideWithoutState(
        _ batch: [IntakeQueue.Entry],
        _ rules: CompiledRuleSet,
        rulesAreSettled: Bool
    ) -> [DecidedLead]? {
        var decided: [DecidedLead] = []
        decided.reserveCapacity(batch.count)
        var allowance = StepAllowance()
        for entry in batch {
            guard rulesAreSettled, entry.rounds < limits.rounds else {
                decided.append(leftToQueue(entry))
                continue
            }
            let prepared = entry.prepared
            guard allowance.hasRoom(for: prepared.source) else {
                decided.append(DecidedLead(prepared, .putOff))
                continue
            }
            guard let decision = rules.decideWithoutState(prepared.lead, from: prepared.source) else { return nil }
            allowance.count(decision, of: prepared.source)
            decided.append(DecidedLead(prepared, Assignment(decision)))
        }
        return decided
    }

    private func decide(
        _ batch: [IntakeQueue.Entry],
        _ rules: CompiledRuleSet,
        in state: inout RoutingState
    ) -> [DecidedLead] {
        var allowance = StepAllowance()
        return batch.map { entry in
            guard entry.rounds < limits.rounds else { return leftToQueue(entry) }
            let source = entry.prepared.source
            guard allowance.hasRoom(for: source) else { return DecidedLead(entry.prepared, .putOff) }
            let decision = rules.decide(entry.prepared.lead, from: source, in: &state)
            allowance.count(decision, of: source)
            return DecidedLead(entry.prepared, Assignment(decision))
        }
    }

    private func leftToQueue(_ entry: IntakeQueue.Entry) -> DecidedLead {
        let reason: RoutingText = "Left in the queue, because rules or capacity kept changing during the decision."
        return DecidedLead(entry.prepared, Assignment(result: .queued, reason: reason))
    }

    /// Converts the statement's result to outcomes; leads that an earlier attempt stored are read.
    private func outcomes(_ decided: [DecidedLead], _ exceptions: [IngestException]) async throws -> [Outcome] {
        var byPlace: [Int: IngestException.Outcome] = [:]
        for exception in exceptions { byPlace[exception.index] = exception.outcome }
        let existing = exceptions.filter { $0.outcome == .exists }.map { decided[$0.index].prepared.id }
        let stored = existing.isEmpty ? [:] : try await store.outcomes(of: existing)
        let repeated = exceptions.compactMap { exception -> UUID? in
            guard case .repeated(let first) = exception.outcome else { return nil }
            return first
        }
        let answers = repeated.isEmpty ? [:] : try await store.firstOutcomes(of: repeated)
        return decided.enumerated()
            .map { place, item in
                let prepared = item.prepared
                switch byPlace[place] {
                case .again: return .again
                case .exists:
                    // It was stored and has been deleted.
                    return stored[prepared.id].map { .done(.success($0)) } ?? .done(.failure(.init(.outcomeUnknown)))
                case .repeated(let first):
                    // The lead was erased: only its key is left.
                    guard var answer = answers[first] else { return .done(.failure(.init(.keyMismatch))) }
                    answer.isReplay = true
                    return .done(.success(answer))
                case .keyMismatch: return .done(.failure(.init(.keyMismatch)))
                case let exception:
                    return .done(
                        .success(
                            RoutingOutcome(
                                prepared.id,
                                source: prepared.source,
                                assignment: item.assignment,
                                exception: exception
                            )
                        )
                    )
                }
            }
    }

    private func split(_ batch: [IntakeQueue.Entry], isRepeat: Bool, _ error: PostgresError) async -> [Outcome] {
        guard batch.count > 1 else {
            let refusal = WriteRefusal(error, of: batch.first?.prepared.lead)
            logger.warning(
                "the database refused a lead",
                metadata: [
                    "error.sqlstate": "\(refusal.sqlState)", "error.message": "\(refusal.message)",
                    "error.function": "\(refusal.function ?? "")", "error.constraint": "\(refusal.constraint ?? "")",
                    "error.column": "\(refusal.column ?? "")",
                ]
            )
            let isNamed = refusal.function != nil || refusal.constraint != nil || refusal.column != nil
            // The workspace was deleted after the request was checked.
            let code: IntakeError.Code =
                switch error.sqlState {
                case "23503" where refusal.function == nil: .unknownWorkspace
                case PostgresError.suspended: .suspended
                default: refusal.function != nil && !refusal.isOfContent ? .hostFunctionFailed : .rejected
                }
            let failure = IntakeError(code, sqlState: error.sqlState, refusal: isNamed ? refusal : nil)
            return batch.map { _ in .done(.failure(failure)) }
        }
        let middle = batch.count / 2
        let first = await write(Array(batch[..<middle]), isRepeat: isRepeat)
        return first + (await write(Array(batch[middle...]), isRepeat: isRepeat))
    }

    private func give(up batch: [IntakeQueue.Entry], because error: any Error, mayBeStored: Bool) -> [Outcome] {
        logger.error(
            "gave up on a batch",
            metadata: ["batch.leads": "\(batch.count)", "error": "\(error)", "batch.unknown": "\(mayBeStored)"]
        )
        let sqlState = (error as? PostgresError)?.sqlState
        let code: IntakeError.Code = mayBeStored ? .outcomeUnknown : .unavailable
        return batch.map { _ in .done(.failure(.init(code, sqlState: sqlState, retryAfter: .seconds(5)))) }
    }

    /// Whether an error leaves open if the statement was executed.
    ///
    /// An error that the server reports means a rollback, except while the server shuts down: a backend that is
    /// terminated after its commit reports it too.
    private static func mayHaveWritten(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        switch error.code {
        case .server: return error.sqlState?.hasPrefix("57P") ?? true
        case .connectionLost, .timeout, .cancelled: return true
        default: return false
        }
    }

    private static func isWorthRepeating(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        switch error.code {
        // A wrong password or database name will not be fixed while a caller waits.
        case .cannotConnect: return error.sqlState != "28000" && error.sqlState != "3D000"
        case .connectionLost, .timeout, .poolExhausted: return true
        case .server:
            // Lock timeouts (55P03) and statement timeouts (57014) are transient.
            return error.isTransient || error.sqlState == "55P03" || error.sqlState == "57014"
        default: return error.isTransient
        }
    }
}
