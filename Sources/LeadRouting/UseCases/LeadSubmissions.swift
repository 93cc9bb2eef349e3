package import FoundationEssentials
import LeadStore
package import RoutingRules

/// Accepts leads: one, many, or a stream.
package struct LeadSubmissions: Sendable {
    let workspaces: WorkspaceStore
    let intake: LeadIntake
    let duplicates: DuplicateVisibility
    let names: ReaderNames
    let writeFailure: RecentWriteFailure
    let tests: TestLeadRequests
    let limits: RequestLimits

    /// The source of a lead: the workspace of the caller's key, or the one that an administrator names.
    ///
    /// - Parameters:
    ///   - workspace: the workspace that the request names; nil for none.
    ///   - caller: the caller. A workspace's key sends that workspace's leads only.
    /// - Returns: the source.
    /// - Throws: ``RequestError`` naming `workspaceId`.
    package func source(named workspace: UUID?, for caller: Caller) throws(RequestError) -> UUID {
        switch (caller.workspaceID, workspace) {
        case (let own?, nil): return own
        case (let own?, let named?):
            guard own == named else {
                throw .otherWorkspace(
                    "A workspace's key sends leads of that workspace only.",
                    remedy: "Omit workspaceId, or use a key of the workspace that it names."
                )
            }
            return own
        case (nil, let named?): return named
        case (nil, nil):
            throw .invalid([
                FieldProblem(
                    field: "/workspaceId",
                    message: "An administrator's key needs the workspace of the lead.",
                    remedy: "Send workspaceId, or use a key of the workspace."
                )
            ])
        }
    }

    /// Decides and stores one lead; returns after its commit.
    ///
    /// - Parameters:
    ///   - lead: the lead.
    ///   - caller: the caller; `leads:write`.
    /// - Returns: the outcome; the original of a duplicate only if the caller may see it.
    /// - Throws: ``RequestError``.
    package func submit(_ lead: SubmittedLead, as caller: Caller) async throws -> RoutingOutcome {
        try caller.requireLiveOrTest(.leadsWrite)
        let source = try source(named: lead.workspaceID, for: caller)
        if caller.isTest { return try await tests.submit([lead.lead], from: source)[0] }
        try await limits.takeLeads(of: source)
        return try await mappingErrors {
            let outcome = try await writeFailure.recording {
                try await intake.submit(lead.lead, from: source, idempotency: lead.idempotency, trace: lead.trace)
            }
            return await names.completing(await duplicates.redacting(outcome, for: caller), for: caller)
        }
    }

    /// Decides and stores many leads independently: one that is refused does not stop the others.
    ///
    /// - Parameters:
    ///   - batch: the leads.
    ///   - caller: the caller; `leads:write`.
    /// - Returns: one result per lead, in order.
    /// - Throws: ``RequestError`` if none was accepted.
    package func submit(
        batch: [SubmittedLead],
        as caller: Caller
    ) async throws -> [Result<RoutingOutcome, RequestError>] {
        try caller.requireLiveOrTest(.leadsWrite)
        return try await mappingErrors {
            let batch = SourcedBatch(batch, of: caller, self)
            if caller.isTest { return try await test(batch, of: caller) }
            try await limits.takeLeads(of: batch.counts)
            return try await submit(batch, as: caller)
        }
    }

    private func submit(
        _ batch: SourcedBatch,
        as caller: Caller
    ) async throws -> [Result<RoutingOutcome, RequestError>] {
        let outcomes = try await writeFailure.recording { try await self.outcomes(of: batch) }
        return await written(batch.results(outcomes), for: caller)
    }

    /// Submits leads like a batch, and returns as soon as they are in the queue.
    ///
    /// Leads of a later call come after them. Waits while the queue is full.
    ///
    /// - Parameters:
    ///   - batch: the leads.
    ///   - caller: the caller; `leads:write`.
    /// - Returns: the batch that collects their outcomes.
    /// - Throws: ``RequestError`` if none was accepted.
    package func begin(batch: [SubmittedLead], as caller: Caller) async throws -> PendingBatch {
        try caller.requireLiveOrTest(.leadsWrite)
        if caller.isTest { return PendingBatch { try await submit(batch: batch, as: caller) } }
        return try await mappingErrors {
            let sourced = SourcedBatch(batch, of: caller, self)
            try await limits.takeLeads(of: sourced.counts)
            let ticket: BatchTicket
            do {
                ticket = try await intake.begin(sourced.leads, trace: sourced.trace)
            } catch let error as IntakeError where error.code == .unknownWorkspace {
                // An unknown workspace must be identified, and the other leads submitted.
                return PendingBatch { try await mappingErrors { try await submit(sourced, as: caller) } }
            }
            return PendingBatch {
                await written(sourced.results(ticket.outcomes()), for: caller)
            }
        }
    }

    /// Outcomes as the caller may see them.
    private func written(
        _ outcomes: [Result<RoutingOutcome, RequestError>],
        for caller: Caller
    ) async -> [Result<RoutingOutcome, RequestError>] {
        await names.completing(await duplicates.redacting(outcomes, for: caller), for: caller)
    }

    /// Decides the leads of a test key, which all have its workspace as their source.
    private func test(
        _ batch: SourcedBatch,
        of caller: Caller
    ) async throws -> [Result<RoutingOutcome, RequestError>] {
        guard let source = caller.workspaceID else { return [] }
        return batch.results(try await tests.submit(batch.leads.map(\.lead), from: source).map(Result.success))
    }

    /// Submits the leads; an unknown workspace fails its own leads only.
    private func outcomes(of batch: SourcedBatch) async throws -> [Result<RoutingOutcome, IntakeError>] {
        let refusal: IntakeError
        do {
            return try await take(batch)
        } catch {
            refusal = error
        }
        guard refusal.code == .unknownWorkspace else { throw refusal }
        var unknown: Set<UUID> = []
        for id in Set(batch.leads.map(\.source)) where try await workspaces.find(id, as: .administrator) == nil {
            unknown.insert(id)
        }
        var known = try await take(batch.without(sources: unknown))[...]
        return batch.leads.map { lead in
            if unknown.contains(lead.source) { return .failure(refusal) }
            return known.popFirst() ?? .failure(IntakeError(.shuttingDown))
        }
    }

    private func take(_ batch: SourcedBatch) async throws(IntakeError) -> [Result<RoutingOutcome, IntakeError>] {
        guard !batch.leads.isEmpty else { return [] }
        return try await intake.submit(batch: batch.leads, idempotency: batch.idempotency, trace: batch.trace)
    }
}

/// The leads of a batch with a source, in the intake's form, and the places of those without one.
private struct SourcedBatch: Sendable {
    /// The leads to submit, in order.
    private(set) var leads: [(lead: Lead, source: UUID)] = []
    /// The claim of each of those leads; empty if none has one.
    private(set) var idempotency: [IdempotencyClaim?] = []
    /// Their request.
    let trace: RequestTrace?
    private var refusals: [Int: RequestError] = [:]

    init(_ batch: [SubmittedLead], of caller: Caller, _ submissions: LeadSubmissions) {
        trace = batch.first?.trace
        leads.reserveCapacity(batch.count)
        let isRepeatable = batch.contains { $0.idempotency != nil }
        for (place, lead) in batch.enumerated() {
            do throws(RequestError) {
                leads.append((lead.lead, try submissions.source(named: lead.workspaceID, for: caller)))
                if isRepeatable { idempotency.append(lead.idempotency) }
            } catch {
                refusals[place] = error
            }
        }
    }

    /// The leads of each source.
    var counts: [UUID: Int] { leads.reduce(into: [:]) { $0[$1.source, default: 0] += 1 } }

    /// The same without the leads of some sources.
    func without(sources: Set<UUID>) -> SourcedBatch {
        var rest = self
        let kept = leads.indices.filter { !sources.contains(leads[$0].source) }
        rest.leads = kept.map { leads[$0] }
        rest.idempotency = idempotency.isEmpty ? [] : kept.map { idempotency[$0] }
        return rest
    }

    /// One result for each lead of the batch, in order.
    ///
    /// - Parameter outcomes: those of ``leads``.
    /// - Returns: the outcomes, with the refusals in their places.
    func results(_ outcomes: [Result<RoutingOutcome, IntakeError>]) -> [Result<RoutingOutcome, RequestError>] {
        let results = outcomes.map { $0.mapError(RequestError.init) }
        guard !refusals.isEmpty else { return results }
        var rest = results[...]
        return (0..<leads.count + refusals.count)
            .map { place in
                if let refusal = refusals[place] { return .failure(refusal) }
                return rest.popFirst() ?? .failure(RequestError(IntakeError(.shuttingDown)))
            }
    }
}
