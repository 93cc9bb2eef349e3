import FoundationEssentials
import Postgres
package import RoutingRules

/// The result of reviewing waiting leads after rules have changed.
package struct WaitingReview: Sendable, Hashable {
    /// How many leads became due.
    package var moved = 0
    /// Whether the review of these rules is finished, by any node.
    package var isDone: Bool

    /// A result.
    package init(moved: Int = 0, isDone: Bool) {
        self.moved = moved
        self.isDone = isDone
    }
}

extension QueueStore {
    /// Reviews waiting leads after rules have changed: those that would no longer wait become due, in their order of
    /// arrival.
    ///
    /// It covers leads that wait for capacity, or for another attempt because no rule matched. A locked row lets one
    /// node at a time review, and is released if the node dies. They are reviewed twice: at once, and again when all
    /// transactions that were open have ended, because those may have decided by the previous rules. Nothing is decided
    /// here; claims do that. Costs some microseconds a waiting lead, and nothing while the rules are unchanged.
    ///
    /// - Parameter rules: the rules.
    /// - Returns: the result; also done if the rules are not the newest, because then another review follows.
    /// - Throws: `PostgresError`, if the database fails.
    package func reviewWaiting(under rules: CompiledRuleSet) async throws -> WaitingReview {
        let pool = session.pool
        return try await pool.withTransaction { connection in
            let parameters: Parameters = ["version": .int64(rules.version)]
            guard let row = try await connection.query(Self.takeReview, parameters).first else {
                let row = try await connection.query(Self.reviewState, parameters).first
                return WaitingReview(isDone: try row?.bool(0) ?? true)
            }
            let isSecond = try row.bool(0)
            _ = try await connection.query(Statement("", "SET LOCAL statement_timeout = '60s'"))
            _ = try await connection.query(Self.openWaiting, ["no_rule_matched": .text(CompiledRuleSet.noRuleMatched)])
            var moved = 0
            while true {
                let rows = try await connection.query(Self.nextWaiting)
                if rows.isEmpty { break }
                let leads = try rows.map { (lead: try LeadRow.lead($0), waitsFor: try $0.uuidIfPresent(15)) }
                let moving = try await self.moving(leads, under: rules)
                if !moving.isEmpty {
                    // On a separate connection, so that claims do not wait for the end of this check.
                    moved += try await pool.query(Self.makeDue, ["leads": .uuids(moving)]).count
                }
                try Task.checkCancellation()
            }
            let written: Parameters = ["version": .int64(rules.version), "is_second": .bool(isSecond)]
            _ = try await connection.query(Self.writeReview, written)
            return WaitingReview(moved: moved, isDone: isSecond)
        }
    }

    /// The leads among some that would no longer wait, in their order.
    private func moving(
        _ leads: [(lead: SimulatedLead, waitsFor: UUID?)],
        under rules: CompiledRuleSet
    ) async throws -> [UUID] {
        let request = rules.stateRequest(for: leads.map { ($0.lead.lead, $0.lead.source) })
        let stood = request.isEmpty ? RoutingState() : try await CapacityStore(session).peek(request)
        return leads.compactMap { lead, waitsFor in
            // Each is judged alone: the claims decide which of them gets a place.
            var state = stood
            let decision = rules.decide(lead.lead, from: lead.source, in: &state, waitedFor: waitsFor)
            switch decision.outcome {
            case .paused: return nil
            case .waiting(let rule, _) where rule == waitsFor: return nil
            case .retry where waitsFor == nil: return nil
            default: return lead.id
            }
        }
    }

    static let takeReview = Statement(
        "take_waiting_review",
        """
        SELECT w.version = :version FROM switchyard.waiting_reviews w
        WHERE :version = switchyard.current_rule_set_version() AND (w.version < :version OR w.version = :version AND w.horizon IS NOT NULL
            AND w.reviewed_at < clock_timestamp() - interval '5 seconds'
            AND w.horizon <= pg_snapshot_xmin(pg_current_snapshot()))
        FOR UPDATE SKIP LOCKED
        """
    )
    static let reviewState = Statement(
        "waiting_review_state",
        """
        SELECT :version <> switchyard.current_rule_set_version() OR EXISTS (SELECT FROM switchyard.waiting_reviews w
            WHERE w.version > :version OR w.version = :version AND w.horizon IS NULL)
        """
    )
    /// A transaction that has begun may have decided by the previous rules.
    static let writeReview = Statement(
        "write_waiting_review",
        """
        UPDATE switchyard.waiting_reviews w SET version = :version, reviewed_at = clock_timestamp(),
            horizon = CASE WHEN :is_second THEN NULL ELSE pg_snapshot_xmax(pg_current_snapshot()) END
        """
    )
    static let openWaiting = Statement(
        "",
        """
        DECLARE switchyard_waiting NO SCROLL CURSOR FOR
        SELECT \(LeadRow.columns), q.waiting_for
        FROM public.lead_routing_queue q JOIN public.leads l ON l.id = q.lead_id
        WHERE q.next_retry_at > clock_timestamp() AND (q.waiting_for IS NOT NULL OR starts_with(q.last_error, :no_rule_matched))
            AND l.routing_status = 'pending' AND (l.lead_expires_at IS NULL OR l.lead_expires_at > clock_timestamp())
        ORDER BY q.created_at, q.lead_id
        """
    )
    static let nextWaiting = Statement("", "FETCH FORWARD 1000 FROM switchyard_waiting")
    static let makeDue = Statement("make_waiting_due", Embedded.makeWaitingDue)
}
