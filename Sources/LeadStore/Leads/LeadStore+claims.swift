import FoundationEssentials
import Postgres
import RoutingRules

/// A waiting lead that this node holds by its row lock.
package struct ClaimedLead: Sendable {
    /// The lead as it is stored, ready to be decided.
    package internal(set) var prepared: PreparedLead
    /// How often it has been tried before.
    package let attempts: Int

    /// A lead that was claimed.
    package init(prepared: PreparedLead, attempts: Int) {
        self.prepared = prepared
        self.attempts = attempts
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
        do {
            return try await pool.withTransaction { connection in
                let (statement, parameters) = Self.statement(for: claim)
                var claimed = try await connection.query(statement, parameters).map(ClaimedLead.init)
                guard !claimed.isEmpty else { return .settled([]) }
                try await Self.complete(&claimed, on: connection)
                let (version, assignments) = decide(claimed)
                if assignments.contains(where: { $0.result == .queued }) {
                    // The database gave a source's lead that these rules hold paused: they are not the newest.
                    guard case .lead = claim else { throw Settling.Stale() }
                    return .settled(
                        Swift.zip(claimed, assignments)
                            .map { SettledLead(lead: $0, assignment: $1, exception: nil, isPoison: false) }
                    )
                }
                let settling = Settling(connection: connection, version: version, maximumAttempts: maximumAttempts)
                return .settled(try await settling.settle(zip(claimed, assignments)[...]))
            }
        } catch is Settling.Stale {
            return .stale
        }
    }

    private static func statement(for claim: WaitingClaim) -> (Statement, Parameters) {
        var parameters = Parameters()
        switch claim {
        case .due(let kind, let limit):
            parameters.append(Int32(clamping: limit))
            parameters.append(kind == .tried)
            return (claimDue, parameters)
        case .lead(let id):
            parameters.append(id)
            return (claimOne, parameters)
        }
    }

    private static let claimDue = Statement(
        "claim_turn",
        """
        SELECT lead_id, source_workspace_id, attempts, email::text, phone::text, company_name::text,
            company_industry::text, company_size::text, company_revenue::text, company_location::text
        FROM switchyard.claim_turn(p_limit => $1, p_tried => $2)
        """
    )
    private static let claimOne = Statement(
        "claim_waiting",
        """
        SELECT lead_id, source_workspace_id, attempts, email::text, phone::text, company_name::text,
            company_industry::text, company_size::text, company_revenue::text, company_location::text
        FROM switchyard.claim_waiting(p_limit => 1, p_lead_id => $1)
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
            result = try IngestResult(await connection.query(Self.settleClaimed, parameters(items)))
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

    private func parameters(_ items: ArraySlice<Item>) -> Parameters {
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
        return parameters
    }

    private static let savepoint = Statement("", "SAVEPOINT settling")
    private static let rollBack = Statement("", "ROLLBACK TO SAVEPOINT settling")
    private static let settleClaimed = Statement(
        "settle_claimed",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.settle_claimed($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
