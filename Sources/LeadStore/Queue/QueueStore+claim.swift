import FoundationEssentials
import Postgres
import RoutingRules

extension QueueStore {
    /// Locks the rows of leads until the transaction ends, and reads all their fields: rules may use any of them, and a
    /// lead must be decided by the same values as on arrival.
    ///
    /// One statement. Call `done` once the transaction is committed.
    func claim(
        _ claim: WaitingClaim,
        on connection: PostgresConnection
    ) async throws -> (leads: [ClaimedLead], done: @Sendable () -> Void) {
        switch claim {
        case .due(let kind, let limit):
            let start = ContinuousClock.now
            let known = cursor.places(kind, now: start)
            var parameters: Parameters = ["limit": .int32(Int32(clamping: limit)), "is_retry": .bool(kind == .tried)]
            if let known {
                let known = Array(known)
                parameters.append("sources", .uuids(known.map(\.key)))
                parameters.append("ends", .timestamps(known.map(\.value)))
            }
            let rows = try await connection.query(known == nil ? Self.claimTurn : Self.claimOn, parameters)
            let end = ContinuousClock.now
            let walk = known == nil ? (took: end - start, end: end) : nil
            let claimed = try rows.map { ClaimCursor.Place(source: try $0.uuid(16), due: try $0.timestamp(17)) }
            let leads = try rows.map(ClaimedLead.init)
            return (leads, { [cursor] in cursor.note(kind, claimed, limit: limit, walk: walk) })
        case .waiters(let rule, let limit, let except):
            let waiters: Parameters = [
                "rule": .uuid(rule), "limit": .int32(Int32(clamping: limit)), "except": .uuids(except),
            ]
            return (try await connection.query(Self.claimWaiters, waiters).map(ClaimedLead.init), {})
        case .lead(let id):
            return (try await connection.query(Self.claimOne, ["lead": .uuid(id)]).map(ClaimedLead.init), {})
        }
    }

    private static let columns = """
        SELECT h.lead_id, h.source_workspace_id, h.attempts, h.email, h.phone, h.first_name, h.last_name, h.company_name,
            h.company_industry, h.company_size, h.company_revenue, h.company_location, h.source, h.source_id, h.metadata,
            h.waiting_for, h.turn, h.due
        """
    static let claimTurn = Statement(
        "claim_turn",
        """
        \(columns)
        FROM switchyard.held_leads(switchyard.hold_turn(:limit, :is_retry), true) h
        """
    )
    static let claimOn = Statement(
        "claim_on",
        """
        \(columns)
        FROM switchyard.held_leads(switchyard.hold_turn(:limit, :is_retry, :sources, :ends), true) h
        """
    )
    static let claimWaiters = Statement(
        "claim_waiters",
        """
        \(columns)
        FROM switchyard.held_leads(ARRAY(
            SELECT c.lead_id FROM switchyard.claim_waiters(p_rule => :rule, p_limit => :limit, p_except => :except) c)) h
        """
    )
    static let claimOne = Statement(
        "claim_one",
        """
        \(columns)
        FROM switchyard.held_leads(switchyard.hold_lead(:lead)) h
        """
    )
}

extension ClaimedLead {
    init(_ row: Row) throws {
        let lead = try Lead(row, from: 3)
        prepared = PreparedLead(id: try row.uuid(0), source: try row.uuid(1), lead: lead)
        attempts = try Int(row.int32(2))
        waitedFor = try row.uuidIfPresent(15)
    }
}
