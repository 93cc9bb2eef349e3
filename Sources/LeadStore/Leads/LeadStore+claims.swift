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

extension LeadStore {
    /// Claims waiting leads that are due, has them decided, and writes each once, in one transaction.
    ///
    /// The leads are held by row locks only: whoever else claims passes over them, and a node that dies lets go of
    /// them at once. A lead that the database refuses to write is found by halving the batch under savepoints, and is
    /// put off by itself; the rest goes through.
    ///
    /// What is due is claimed in fair turns: each source has an equal share of the batch before any has more. Leads of a
    /// paused source are not claimed, unless one is named.
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
            return try await pool.withTransaction { connection in
                let (statement, parameters) = Self.statement(for: claim)
                var claimed = try await connection.query(statement, parameters).map(ClaimedLead.init)
                guard !claimed.isEmpty else { return .settled([]) }
                try await Self.complete(&claimed, on: connection)
                let request = looksAt(claimed)
                var state =
                    request.isEmpty ? RoutingState() : try await Self.hold(request, on: connection)
                let (version, assignments) = decide(claimed, &state)
                if assignments.contains(where: { $0.result == .queued }) {
                    // The database gave a source's lead that these rules hold paused: they are not the newest.
                    guard case .lead = claim else { throw Settling.Stale() }
                    return .settled(
                        Swift.zip(claimed, assignments)
                            .map { SettledLead(lead: $0, assignment: $1, exception: nil, isPoison: false) }
                    )
                }
                let settling = Settling(connection: connection, version: version, maximumAttempts: maximumAttempts)
                let all = zip(claimed, assignments)
                let moving = all.filter { !$0.isStillWaiting }
                let settled = try await settling.settle(moving[...])
                let uses = settled.lazy.filter { $0.exception == nil && !$0.isPoison }.compactMap(\.assignment.use)
                try await Self.take(uses, on: connection)
                guard moving.count < all.count else { return .settled(settled) }
                let still = all.filter(\.isStillWaiting)
                    .map { SettledLead(lead: $0.lead, assignment: $0.assignment, exception: nil, isPoison: false) }
                if case .waiters = claim { return .settled(settled + still) }
                try await Self.waitOn(still.map(\.lead.prepared.id), on: connection)
                return .settled(settled + still)
            }
        } catch is Settling.Stale {
            return .stale
        }
    }

    /// Leads that were due and wait on for the same rule are due no longer, or they would be claimed for ever.
    private static func waitOn(_ ids: [UUID], on connection: PostgresConnection) async throws {
        var parameters = Parameters()
        parameters.append(array: ids.map(Optional.some))
        _ = try await connection.query(waitOn, parameters)
    }

    private static let waitOn = Statement(
        "wait_on",
        """
        UPDATE public.lead_routing_queue SET next_retry_at = 'infinity'
        WHERE lead_id = ANY ($1) AND next_retry_at <> 'infinity'
        """
    )

    private static func statement(for claim: WaitingClaim) -> (Statement, Parameters) {
        var parameters = Parameters()
        switch claim {
        case .due(let kind, let limit):
            parameters.append(Int32(clamping: limit))
            parameters.append(kind == .tried)
            return (claimDue, parameters)
        case .waiters(let rule, let limit, let except):
            parameters.append(rule)
            parameters.append(Int32(clamping: limit))
            parameters.append(array: except.map(Optional.some))
            return (claimWaiters, parameters)
        case .lead(let id):
            parameters.append(id)
            return (claimOne, parameters)
        }
    }

    /// Looked up lead by lead: the number of rows that a function gives is not known to the planner.
    private static let claimedColumns = """
        SELECT c.lead_id, c.source_workspace_id, c.attempts, c.email::text, c.phone::text, c.company_name::text,
            c.company_industry::text, c.company_size::text, c.company_revenue::text, c.company_location::text,
            (SELECT q.waiting_for FROM public.lead_routing_queue q WHERE q.lead_id = c.lead_id)
        """
    private static let claimWaiters = Statement(
        "claim_waiters",
        """
        \(claimedColumns)
        FROM switchyard.claim_waiters(p_rule => $1, p_limit => $2, p_except => $3) c
        """
    )
    private static let claimDue = Statement(
        "claim_turn",
        """
        \(claimedColumns)
        FROM switchyard.claim_turn(p_limit => $1, p_tried => $2) c
        """
    )
    private static let claimOne = Statement(
        "claim_waiting",
        """
        \(claimedColumns)
        FROM switchyard.claim_waiting(p_limit => 1, p_lead_id => $1) c
        """
    )
}

extension ClaimedLead {
    init(_ row: Row) throws {
        let lead = Lead(
            email: try row.stringIfPresent(3),
            phone: try row.stringIfPresent(4),
            companyName: try row.stringIfPresent(5),
            industry: try row.stringIfPresent(6),
            companySize: try row.stringIfPresent(7),
            revenue: try row.stringIfPresent(8),
            location: try row.stringIfPresent(9).flatMap(LocationJSON.parse)
        )
        prepared = PreparedLead(id: try row.uuid(0), source: try row.uuid(1), lead: lead)
        attempts = try Int(row.int32(2))
        waitedFor = try row.uuidIfPresent(10)
    }
}

private func zip(_ claimed: [ClaimedLead], _ assignments: [Assignment]) -> [Settling.Item] {
    Swift.zip(claimed, assignments).map { .init(lead: $0, assignment: $1) }
}

/// The writing half of a claim, on the connection that holds the row locks.
struct Settling {
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
            var parameters = Parameters()
            parameters.append(lead.prepared.id)
            parameters.append(item.assignment.reason)
            _ = try await connection.query(Self.moveInQueue, parameters)
            return SettledLead(lead: lead, assignment: item.assignment, exception: nil, isPoison: true)
        }
    }

    private func attempt(_ items: ArraySlice<Item>) async throws -> [SettledLead] {
        _ = try await connection.query(Self.savepoint)
        let result: IngestResult
        do {
            let hasUses = items.contains(where: \.assignment.hasMore)
            result = try IngestResult(
                await connection.query(hasUses ? Self.settleUses : Self.settleClaimed, parameters(items, hasUses))
            )
        } catch let error as PostgresError where error.blamesRow {
            _ = try await connection.query(Self.rollBack)
            throw error
        }
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
        var parameters = Parameters()
        parameters.append(version)
        parameters.append(array: leads.map { Optional($0.id) })
        parameters.append(array: items.map { $0.assignment.destination ?? $0.lead.prepared.source as UUID? })
        parameters.append(array: items.map(\.assignment.rule))
        parameters.append(array: items.map { Optional($0.assignment.result.rawValue) })
        parameters.append(array: items.map { Optional($0.assignment.reason) })
        parameters.append(array: leads.map(\.identities.strongest?.hex))
        parameters.append(array: leads.map { $0.identities.claims.first?.digest })
        parameters.append(array: leads.map { $0.identities.claims.dropFirst().first?.digest })
        parameters.append(Int32(clamping: maximumAttempts))
        guard hasUses else { return parameters }
        parameters.append(array: items.map(\.assignment.assignee))
        parameters.append(array: items.map(\.assignment.waitingFor))
        parameters.append(array: items.map { $0.assignment.use?.metadata })
        return parameters
    }

    private static let savepoint = Statement("", "SAVEPOINT settling")
    private static let rollBack = Statement("", "ROLLBACK TO SAVEPOINT settling")
    private static let settleClaimed = Statement(
        "settle_claimed",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.settle_held($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL, NULL)
        """
    )
    private static let settleUses = Statement(
        "settle_uses",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.settle_held($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """
    )
    private static let moveInQueue = Statement(
        "move_in_queue",
        """
        UPDATE public.lead_routing_queue
        SET next_retry_at = now() + interval '1 hour', last_error = $2
        WHERE lead_id = $1
        """
    )
}
