package import FoundationEssentials
import Postgres
package import RoutingRules

/// A waiting lead that this node holds by its row lock.
package struct ClaimedLead: Sendable {
    /// The lead as it is stored, ready to be decided.
    package internal(set) var prepared: PreparedLead
    /// How often it has been tried before.
    package let attempts: Int
    /// The rule for whose capacity it has waited.
    package let waitedFor: UUID?

    /// A lead that was claimed.
    package init(prepared: PreparedLead, attempts: Int, waitedFor: UUID? = nil) {
        self.prepared = prepared
        self.attempts = attempts
        self.waitedFor = waitedFor
    }
}

/// What became of a lead that was claimed.
package struct SettledLead: Sendable {
    /// The lead.
    package let lead: ClaimedLead
    /// What was to be written for it.
    package let assignment: Assignment
    /// What was written instead, or nil if it went as decided.
    package let exception: IngestException.Outcome?
    /// Whether the lead could not be written and was put off by itself, to keep it from its batch.
    package let isPoison: Bool

    /// Whether it waits for the capacity of the same rule as before; then nothing was written.
    package var isStillWaiting: Bool {
        assignment.result == .waiting && lead.waitedFor != nil && assignment.waitingFor == lead.waitedFor
    }

    /// What became of a lead.
    package init(
        lead: ClaimedLead,
        assignment: Assignment,
        exception: IngestException.Outcome?,
        isPoison: Bool
    ) {
        self.lead = lead
        self.assignment = assignment
        self.exception = exception
        self.isPoison = isPoison
    }
}

/// What one claim of waiting leads came to.
package enum ClaimResult: Sendable {
    /// The rules have changed since they were loaded; the leads are waiting as before.
    case stale
    /// Committed.
    case settled([SettledLead])
}

/// The queue of waiting leads: claims, retries, requeues, stale locks and expiry.
package struct QueueStore: Sendable {
    /// The connections, and on whose behalf edits are recorded.
    package let session: StoreSession

    /// Where the last claims ended.
    let cursor: ClaimCursor

    /// A store over a session, with a cursor that is shared by all claims of this node.
    package init(_ session: StoreSession, cursor: ClaimCursor) {
        self.session = session
        self.cursor = cursor
    }

    /// Claims waiting leads that are due, has them decided, and writes each once, in one transaction.
    ///
    /// The leads are held by row locks only: other claims skip them, and a node that dies releases
    /// them at once. If the database refuses to write a lead, they are claimed again and it is found by halving the
    /// batch under savepoints; it is put off by itself, and the rest goes through.
    ///
    /// What is due is claimed in fair turns: each source has an equal share of the batch before any has more. Leads of
    /// a paused source are not claimed, unless one is named.
    ///
    /// - Parameters:
    ///   - claim: which leads, and how many at most.
    ///   - maximumAttempts: after how many attempts a lead fails for good.
    ///   - decide: the rule-set version and an assignment for each lead, in order. It is called while rows are
    ///     locked: it computes and does not wait for anything.
    /// - Returns: what became of each lead; or that the rules have changed and nothing was written.
    /// - Throws: what the database says.
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
    /// Like the other form; what decisions look at beside the rules is held behind the leads. A lead that waits on for
    /// the capacity of the same rule is not written.
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
                let assignments = leads.map { lead in
                    Assignment(
                        rules.decide(
                            lead.prepared.lead,
                            from: lead.prepared.source,
                            in: &state,
                            waitedFor: lead.waitedFor
                        )
                    )
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
                // Once more, step by step: the lead is found by halving.
                return try await claimAndSettle(claim, maximumAttempts, looksAt, decide, halving: true)
            }
        } catch is ClaimSettlement.Stale {
            return .stale
        }
    }

    /// One transaction: claim, look at what decisions depend on, decide, write.
    ///
    /// Without halving it is three round trips, with COMMIT. A savepoint would cost one more and, because the rows
    /// would be locked by one transaction and written by another within it, a multixact on every one of them.
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
            if assignments.contains(where: { $0.result == .queued }) {
                // The database gave a source's lead that these rules hold paused: they are not the newest.
                guard case .lead = claim else { throw ClaimSettlement.Stale() }
                let kept = Swift.zip(claimed, assignments)
                    .map { SettledLead(lead: $0, assignment: $1, exception: nil, isPoison: false) }
                return (.settled(kept), done)
            }
            let settlement = ClaimSettlement(connection: connection, version: version, maximumAttempts: maximumAttempts)
            let all = zip(claimed, assignments)
            let moving = all.filter { !$0.isStillWaiting }
            let settled =
                halving ? try await settlement.settle(moving[...]) : try await settlement.write(moving[...])
            let uses = settled.lazy.filter { $0.exception == nil && !$0.isPoison }.compactMap(\.assignment.use)
            try await CapacityStore.take(uses, on: connection)
            guard moving.count < all.count else { return (.settled(settled), done) }
            let still = all.filter(\.isStillWaiting)
                .map { SettledLead(lead: $0.lead, assignment: $0.assignment, exception: nil, isPoison: false) }
            if case .waiters = claim { return (.settled(settled + still), done) }
            try await Self.waitOn(still.map(\.lead.prepared.id), on: connection)
            return (.settled(settled + still), done)
        }
        done()
        return result
    }

    /// Leads that were due and wait on for the same rule are due no longer, or they would be claimed for ever.
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

/// The writing half of a claim, on the connection that holds the row locks.
struct ClaimSettlement {
    /// The rules have changed; thrown so that the transaction is rolled back.
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

    /// Writes a part of what was claimed; halves it when the database blames a row.
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

    /// The last word on a lead that cannot be written: another attempt later, and failure when attempts are used up.
    ///
    /// If not even that can be written, only its place in the queue is moved, so that it does not come back at once.
    private func putOff(_ lead: ClaimedLead, because error: PostgresError) async throws -> SettledLead {
        let state = error.sqlState ?? "unknown"
        let item = Item(
            lead: lead,
            assignment: .init(
                result: .retry,
                reason: "The database refused the assignment of this lead (SQLSTATE \(state))."
            )
        )
        do {
            let settled = try await attempt([item][...])
            return SettledLead(
                lead: lead,
                assignment: item.assignment,
                exception: settled.first?.exception,
                isPoison: true
            )
        } catch let error as PostgresError where error.blamesRow {
            let parameters: Parameters = ["lead": .uuid(lead.prepared.id), "error": .text(item.assignment.reason)]
            _ = try await connection.query(Self.moveInQueue, parameters)
            return SettledLead(lead: lead, assignment: item.assignment, exception: nil, isPoison: true)
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

    /// Writes what was claimed, in one statement; the transaction is lost when the database blames a row.
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
                    exception: outcomes[place],
                    isPoison: false
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
            "reasons": .texts(items.map(\.assignment.reason)),
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
        UPDATE public.lead_routing_queue
        SET next_retry_at = now() + interval '1 hour', last_error = :error
        WHERE lead_id = :lead
        """
    )
}
