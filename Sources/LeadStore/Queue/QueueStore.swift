package import FoundationEssentials
import Postgres
package import RoutingRules

/// A waiting lead whose row this node has locked.
package struct ClaimedLead: Sendable {
    /// The lead as it is stored, ready to be decided.
    package internal(set) var prepared: PreparedLead
    /// The number of earlier attempts.
    package let attempts: Int
    /// The rule for whose capacity it has waited.
    package let waitedFor: UUID?

    /// A claimed lead.
    package init(prepared: PreparedLead, attempts: Int, waitedFor: UUID? = nil) {
        self.prepared = prepared
        self.attempts = attempts
        self.waitedFor = waitedFor
    }
}

/// The result of a claimed lead.
package struct SettledLead: Sendable {
    /// The lead.
    package let lead: ClaimedLead
    /// What was to be written.
    package let assignment: Assignment
    /// What was written instead, or nil if it was written as decided.
    package let exception: IngestException.Outcome?
    /// Why the lead could not be written and was postponed, so that it does not block its batch; nil if it was written.
    package let refusal: WriteRefusal?

    /// Whether the lead could not be written.
    package var isPoison: Bool { refusal != nil }

    /// Whether it still waits for the capacity of the same rule; then nothing was written.
    package var isStillWaiting: Bool {
        assignment.result == .waiting && lead.waitedFor != nil && assignment.waitingFor == lead.waitedFor
    }

    /// The result of a lead.
    package init(
        lead: ClaimedLead,
        assignment: Assignment,
        exception: IngestException.Outcome?,
        refusal: WriteRefusal? = nil
    ) {
        self.lead = lead
        self.assignment = assignment
        self.exception = exception
        self.refusal = refusal
    }
}

/// The result of one claim of waiting leads.
package enum ClaimResult: Sendable {
    /// The rules have changed since they were loaded; the leads still wait.
    case stale
    /// Committed.
    case settled([SettledLead])
}

/// The queue of waiting leads: claims, retries, requeues, stale locks and expiry.
package struct QueueStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// Where the last claims ended.
    let cursor: ClaimCursor

    /// A store over a session, with a cursor that all claims of this node share.
    package init(_ session: StoreSession, cursor: ClaimCursor) {
        self.session = session
        self.cursor = cursor
    }

    /// Claims due waiting leads, decides them, and writes each once, in one transaction.
    ///
    /// Only row locks hold the leads: other claims skip them, and a node that dies releases them at once. If the
    /// database refuses to write a lead, the claim is repeated and the lead is found by halving the batch under
    /// savepoints; it is postponed, and the others are written.
    ///
    /// Sources take turns: each has an equal share of the batch before any has more. Leads of a paused source are not
    /// claimed, unless one is named.
    ///
    /// - Parameters:
    ///   - claim: selects leads, with a limit.
    ///   - maximumAttempts: after how many attempts a lead fails permanently.
    ///   - decide: the rule-set version and an assignment for each lead, in order. It is called while rows are locked,
    ///     so it must not wait.
    /// - Returns: the result for each lead; or that the rules have changed and nothing was written.
    /// - Throws: `PostgresError`, if the database fails.
    package func claimAndSettle(
        _ claim: WaitingClaim,
        maximumAttempts: Int = RetryBackoff.standard.maximumAttempts,
        decide: @Sendable ([ClaimedLead]) -> (version: Int64, assignments: [Assignment])
    ) async throws -> ClaimResult {
        try await claimAndSettle(claim, maximumAttempts: maximumAttempts, looksAt: { _ in RoutingStateRequest() }) {
            leads,
            _ in decide(leads)
        }
    }

    /// Claims waiting leads, decides them under these rules, and writes each once, in one transaction.
    ///
    /// Like the other form; the state that decisions read is locked after the leads. A lead that still waits for the
    /// capacity of the same rule is not written.
    package func claimAndSettle(
        _ claim: WaitingClaim,
        maximumAttempts: Int,
        under rules: CompiledRuleSet
    ) async throws -> ClaimResult {
        try await claimAndSettle(
            claim,
            maximumAttempts: maximumAttempts,
            looksAt: { leads in rules.stateRequest(for: leads.lazy.map { ($0.prepared.lead, $0.prepared.source) }) },
            decide: { leads, state in
                var allowance = StepAllowance()
                let assignments = leads.map { lead in
                    guard allowance.hasRoom(for: lead.prepared.source) else { return Assignment.putOff }
                    let decision = rules.decide(
                        lead.prepared.lead,
                        from: lead.prepared.source,
                        in: &state,
                        waitedFor: lead.waitedFor
                    )
                    allowance.count(decision, of: lead.prepared.source)
                    return Assignment(decision)
                }
                return (rules.version, assignments)
            }
        )
    }

    private func claimAndSettle(
        _ claim: WaitingClaim,
        maximumAttempts: Int,
        looksAt: @Sendable ([ClaimedLead]) -> RoutingStateRequest,
        decide: @Sendable ([ClaimedLead], inout RoutingState) -> (version: Int64, assignments: [Assignment])
    ) async throws -> ClaimResult {
        do {
            do {
                return try await claimAndSettle(claim, maximumAttempts, looksAt, decide, halving: false)
            } catch let error as PostgresError where error.blamesRow {
                // Repeats it step by step: the lead is found by halving.
                return try await claimAndSettle(claim, maximumAttempts, looksAt, decide, halving: true)
            }
        } catch is ClaimSettlement.Stale {
            return .stale
        }
    }

    /// One transaction: claim, lock the state that decisions read, decide, write.
    ///
    /// Without halving it is three round trips, with COMMIT. A savepoint would cost one more and, because the rows
    /// would be locked by one transaction and written by a subtransaction, a multixact for each of them.
    private func claimAndSettle(
        _ claim: WaitingClaim,
        _ maximumAttempts: Int,
        _ looksAt: @Sendable ([ClaimedLead]) -> RoutingStateRequest,
        _ decide: @Sendable ([ClaimedLead], inout RoutingState) -> (version: Int64, assignments: [Assignment]),
        halving: Bool
    ) async throws -> ClaimResult {
        let (result, done) = try await session.pool.withTransaction {
            connection -> (ClaimResult, @Sendable () -> Void) in
            let (claimed, done) = try await self.claim(claim, on: connection)
            guard !claimed.isEmpty else { return (.settled([]), done) }
            let request = looksAt(claimed)
            var state = request.isEmpty ? RoutingState() : try await CapacityStore.hold(request, on: connection)
            let (version, assignments) = decide(claimed, &state)
            if assignments.contains(where: { $0.result == .queued && !$0.isPutOff }) {
                // The database returned a lead of a source that these rules pause: they are not the newest.
                guard case .lead = claim else { throw ClaimSettlement.Stale() }
                let kept = Swift.zip(claimed, assignments)
                    .map { SettledLead(lead: $0, assignment: $1, exception: nil) }
                return (.settled(kept), done)
            }
            let settlement = ClaimSettlement(connection: connection, version: version, maximumAttempts: maximumAttempts)
            // Those that are put off stay due, and are claimed again; at least one lead of the source was decided.
            let all = zip(claimed, assignments).filter { !$0.assignment.isPutOff }
            let moving = all.filter { !$0.isStillWaiting }
            let settled =
                halving ? try await settlement.settle(moving[...]) : try await settlement.write(moving[...])
            let uses = settled.lazy.filter { $0.exception == nil && !$0.isPoison }.compactMap(\.assignment.use)
            try await CapacityStore.take(uses, on: connection)
            guard moving.count < all.count else { return (.settled(settled), done) }
            let still = all.filter(\.isStillWaiting)
                .map { SettledLead(lead: $0.lead, assignment: $0.assignment, exception: nil) }
            if case .waiters = claim { return (.settled(settled + still), done) }
            try await Self.waitOn(still.map(\.lead.prepared.id), on: connection)
            return (.settled(settled + still), done)
        }
        done()
        return result
    }

    /// Leads that were due and still wait for the same rule are no longer due, or they would be claimed again and
    /// again.
    private static func waitOn(_ ids: [UUID], on connection: PostgresConnection) async throws {
        _ = try await connection.query(waitOn, ["leads": .uuids(ids)])
    }

    static let waitOn = Statement(
        "wait_on",
        """
        UPDATE public.lead_routing_queue SET next_retry_at = 'infinity'
        WHERE lead_id = ANY (:leads) AND next_retry_at <> 'infinity'
        """
    )
}

private func zip(_ claimed: [ClaimedLead], _ assignments: [Assignment]) -> [ClaimSettlement.Item] {
    Swift.zip(claimed, assignments).map { .init(lead: $0, assignment: $1) }
}

/// The writing part of a claim, on the connection that holds the row locks.
struct ClaimSettlement {
    /// The rules have changed; thrown to roll back the transaction.
    struct Stale: Error {}

    struct Item: Sendable {
        let lead: ClaimedLead
        let assignment: Assignment

        var isStillWaiting: Bool {
            assignment.result == .waiting && lead.waitedFor != nil && assignment.waitingFor == lead.waitedFor
        }
    }

    let connection: PostgresConnection
    let version: Int64
    let maximumAttempts: Int

    /// Writes some of the claimed leads; halves them if the database refuses a row.
    ///
    /// Costs one round trip more than the statement itself, and two more for each halving.
    func settle(_ items: ArraySlice<Item>) async throws -> [SettledLead] {
        guard let first = items.first else { return [] }
        do {
            return try await attempt(items)
        } catch let error as PostgresError where error.blamesRow {
            if items.count > 1 {
                let middle = items.startIndex + items.count / 2
                return try await settle(items[..<middle]) + settle(items[middle...])
            }
            return [try await putOff(first.lead, because: error)]
        }
    }

    /// Handles a lead that cannot be written: another attempt later, and failure when attempts are used up.
    ///
    /// If not even that can be written, because a trigger on leads fails for every change, the attempt is written to
    /// the queue and to the log alone, with the same delays; the lead fails or is routed when it can be written again.
    private func putOff(_ lead: ClaimedLead, because error: PostgresError) async throws -> SettledLead {
        let refusal = WriteRefusal(error, of: lead.prepared.lead)
        let item = Item(lead: lead, assignment: .init(result: .retry, reason: refusal.reason))
        do {
            let settled = try await attempt([item][...])
            return SettledLead(
                lead: lead,
                assignment: item.assignment,
                exception: settled.first?.exception,
                refusal: refusal
            )
        } catch let error as PostgresError where error.blamesRow {
            let parameters: Parameters = [
                "lead": .uuid(lead.prepared.id), "source": .uuid(lead.prepared.source),
                "error": .text(refusal.reason.stored),
            ]
            _ = try await connection.query(Self.moveInQueue, parameters)
            return SettledLead(lead: lead, assignment: item.assignment, exception: nil, refusal: refusal)
        }
    }

    private func attempt(_ items: ArraySlice<Item>) async throws -> [SettledLead] {
        _ = try await connection.query(Self.savepoint)
        do {
            return try await write(items)
        } catch let error as PostgresError where error.blamesRow {
            _ = try await connection.query(Self.rollBack)
            throw error
        }
    }

    /// Writes claimed leads, in one statement; if the database refuses a row, the transaction fails.
    func write(_ items: ArraySlice<Item>) async throws -> [SettledLead] {
        guard !items.isEmpty else { return [] }
        let hasUses = items.contains(where: \.assignment.hasMore)
        let result = try IngestResult(
            await connection.query(hasUses ? Self.settleUses : Self.settleClaimed, parameters(items, hasUses))
        )
        guard case .written(let exceptions) = result else { throw Stale() }
        var outcomes: [Int: IngestException.Outcome] = [:]
        for exception in exceptions { outcomes[exception.index] = exception.outcome }
        return items.enumerated()
            .map { place, item in
                SettledLead(
                    lead: item.lead,
                    assignment: item.assignment,
                    exception: outcomes[place]
                )
            }
    }

    private func parameters(_ items: ArraySlice<Item>, _ hasUses: Bool) -> Parameters {
        let leads = items.map(\.lead.prepared)
        var parameters: Parameters = [
            "version": .int64(version),
            "leads": .uuids(leads.map(\.id)),
            "destinations": .uuids(items.map { $0.assignment.destination ?? $0.lead.prepared.source }),
            "rules": .uuids(items.map(\.assignment.rule)),
            "results": .texts(items.map(\.assignment.result.rawValue)),
            "reasons": .texts(items.map(\.assignment.reason.stored)),
            "hashes": .texts(leads.map(\.identities.strongest?.hex)),
            "claims": .byteStrings(leads.map { $0.identities.claims.first?.digest }),
            "second_claims": .byteStrings(leads.map { $0.identities.claims.dropFirst().first?.digest }),
            "maximum_attempts": .int32(Int32(clamping: maximumAttempts)),
        ]
        guard hasUses else { return parameters }
        parameters.append("assignees", .uuids(items.map(\.assignment.assignee)))
        parameters.append("waiting_rules", .uuids(items.map(\.assignment.waitingFor)))
        parameters.append("uses", .texts(items.map { $0.assignment.use?.metadata }))
        return parameters
    }

    static let savepoint = Statement("", "SAVEPOINT settlement")
    static let rollBack = Statement("", "ROLLBACK TO SAVEPOINT settlement")
    static let settleClaimed = Statement(
        "settle_claimed",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.settle_held(:version, :leads, :destinations, :rules, :results, :reasons, :hashes, :claims, :second_claims, :maximum_attempts, NULL, NULL, NULL)
        """
    )
    static let settleUses = Statement(
        "settle_uses",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.settle_held(:version, :leads, :destinations, :rules, :results, :reasons, :hashes, :claims, :second_claims, :maximum_attempts, :assignees, :waiting_rules, :uses)
        """
    )
    static let moveInQueue = Statement(
        "move_in_queue",
        """
        WITH moved AS (
            UPDATE public.lead_routing_queue q
            SET attempt_number = q.attempt_number + 1, last_error = :error::text,
                next_retry_at = clock_timestamp() + switchyard.retry_delay(q.attempt_number + 1)
            WHERE q.lead_id = :lead
            RETURNING q.attempt_number
        )
        INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, error_message, attempt, created_at)
        SELECT :lead, :source::uuid, 'retry', :error::text, :error, m.attempt_number, clock_timestamp() FROM moved m
        """
    )
}
