package import FoundationEssentials
import Postgres
package import RoutingRules

/// The result of returning a lead.
package enum ReturnResult: Sendable, Hashable {
    /// The rules have changed; nothing was written, not even the return.
    case stale
    /// It is in its source workspace, or at another destination if requested; by this call or an earlier one.
    case done
}

/// Returns of routed leads by their destinations.
package struct ReturnStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Returns a lead from its destination, and decides it again without the workspaces that returned it, in one
    /// transaction.
    ///
    /// It reverts the lead's use of capacity in windows that are still open, its attribution, and its destination: the
    /// lead is then in its source workspace. If a node dies, the lead stays where it was, and repeating the call does
    /// everything; a repeated call changes nothing. A lead that no other destination can take now, or whose person was
    /// erased, stays in its source workspace.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - reason: the reason, for the log.
    ///   - actor: the caller.
    ///   - rules: the rules that choose another destination; nil to leave it in its source workspace.
    ///   - access: the access of the destination, or of an administrator.
    /// - Returns: whether it is done, or the rules have changed.
    /// - Throws: ``StoreError`` if that workspace has no such lead.
    package func accept(
        _ id: UUID,
        reason: String?,
        actor: String,
        sendingOnUnder rules: CompiledRuleSet?,
        as access: Access
    ) async throws -> ReturnResult {
        do {
            try await session.pool.withTransaction { connection in
                if let rules { try await Self.holdForReturn(id, under: rules, on: connection) }
                let workspace = access.workspaceID
                let outcome =
                    try await connection
                    .query(
                        Self.returnLead,
                        [
                            "lead": .uuid(id), "workspace": .uuid(workspace), "actor": .text(actor),
                            "reason": .text(reason),
                        ]
                    )
                    .first?
                    .string(0)
                switch outcome {
                case "returned", "already": break
                default:
                    throw StoreError(
                        .notFound,
                        "This workspace has no routed lead with that id."
                    )
                }
                if let rules { try await Self.sendOn(id, actor: actor, under: rules, on: connection) }
                if outcome == "returned" {
                    _ = try await connection.query(
                        Self.auditReturn,
                        ["lead": .uuid(id), "workspace": .uuid(workspace), "actor": .text(actor)]
                    )
                }
            }
            return .done
        } catch is ClaimSettlement.Stale {
            return .stale
        }
    }

    /// Locks the lead, and all counters that its return and its next destination may change, in the order of their
    /// keys.
    ///
    /// Both are locked together: otherwise the order would be violated, and two transactions could deadlock.
    private static func holdForReturn(
        _ id: UUID,
        under rules: CompiledRuleSet,
        on connection: PostgresConnection
    ) async throws {
        guard let lead = try await returned(id, by: leadToReturn, on: connection) else { return }
        let request = rules.stateRequest(
            for: [(lead.claimed.prepared.lead, lead.claimed.prepared.source)],
            excluding: lead.excluded
        )
        let keys = request.keys.map(\.key)
        let parameters: Parameters = [
            "lead": .uuid(id),
            "scopes": .int16s(keys.map(\.scope.rawValue)),
            "owners": .uuids(keys.map(\.owner)),
            "members": .uuids(keys.map(\.member)),
            "periods": .int16s(keys.map(\.storedPeriod)),
        ]
        // A new row has no window yet, as in hold_routing_state.
        if !keys.isEmpty { _ = try await connection.query(makeState, parameters) }
        _ = try await connection.query(lockState, parameters)
    }

    private static func sendOn(
        _ id: UUID,
        actor: String,
        under rules: CompiledRuleSet,
        on connection: PostgresConnection
    ) async throws {
        // Not found: routed or decided since.
        guard let lead = try await returned(id, by: returnedLead, on: connection) else { return }
        let (prepared, excluded) = (lead.claimed.prepared, lead.excluded)
        let request = rules.stateRequest(for: [(prepared.lead, prepared.source)], excluding: excluded)
        var state = request.isEmpty ? RoutingState() : try await CapacityStore.hold(request, on: connection)
        let decision = rules.decide(prepared.lead, from: prepared.source, in: &state, excluding: excluded)
        let assignment = Assignment(decision)
        guard assignment.result == .success || assignment.result == .fallback else { return }
        let parameters: Parameters = [
            "lead": .uuid(id),
            "version": .int64(rules.version),
            "destination": .uuid(assignment.destination),
            "rule": .uuid(assignment.rule),
            "result": .text(assignment.result.rawValue),
            "reason": .text(assignment.reason.stored),
            "assignee": .uuid(assignment.assignee),
            "uses": .text(assignment.use?.metadata),
            "actor": .text(actor),
        ]
        guard try await connection.query(sendReturned, parameters).first?.bool(0) == true else {
            throw ClaimSettlement.Stale()
        }
        try await CapacityStore.take([assignment.use].compactMap(\.self), on: connection)
    }

    /// A lead with all its fields, locked, and the workspaces that have returned it; nil if it is not found.
    private static func returned(
        _ id: UUID,
        by statement: Statement,
        on connection: PostgresConnection
    ) async throws -> (claimed: ClaimedLead, excluded: Set<UUID>)? {
        guard let row = try await connection.query(statement, ["lead": .uuid(id)]).first else { return nil }
        return (try ClaimedLead(row), Set(try row.uuidArray(16)))
    }

    static let returnLead = Statement(
        "return_lead",
        "SELECT switchyard.return_lead(:lead, :workspace, :actor, :reason)"
    )
    /// The last statement of a return, because it holds the turn to append to the audit.
    ///
    /// Its reason is in the lead's log alone, where an erasure removes it.
    static let auditReturn = Statement(
        "audit_return",
        "SELECT switchyard.append_audit(:actor, 'lead.return', 'lead', :lead::uuid::text, :workspace::uuid, NULL, NULL)"
    )
    private static let returnedColumns = """
        SELECT l.id, l.source_workspace_id, coalesce(l.routing_attempts, 0)::int, l.email::text, l.phone::text,
            l.first_name::text, l.last_name::text, l.company_name::text, l.company_industry::text, l.company_size::text,
            l.company_revenue::text, l.company_location::text, l.source::text, l.source_id::text, l.metadata::text, NULL::uuid,
            ARRAY(SELECT DISTINCT g.destination_workspace_id FROM public.lead_routing_logs g
                WHERE g.lead_id = l.id AND g.routing_result = 'returned' AND g.destination_workspace_id IS NOT NULL
        """
    /// Before the return: it includes the current workspace among those that have returned the lead.
    static let leadToReturn = Statement(
        "lead_to_return",
        """
        \(returnedColumns) UNION SELECT l.workspace_id WHERE l.workspace_id IS DISTINCT FROM l.source_workspace_id)
        FROM public.leads l
        WHERE l.id = :lead AND l.routing_status = 'routed' AND l.source_workspace_id IS NOT NULL AND l.erased_at IS NULL
        FOR UPDATE OF l
        """
    )
    static let returnedLead = Statement(
        "returned_lead",
        """
        \(returnedColumns))
        FROM public.leads l
        WHERE l.id = :lead AND l.routing_status = 'routed' AND l.workspace_id = l.source_workspace_id AND l.erased_at IS NULL
            AND (SELECT g.routing_result FROM public.lead_routing_logs g WHERE g.lead_id = l.id
                ORDER BY g.created_at DESC, g.id DESC LIMIT 1) = 'returned'
        FOR UPDATE OF l
        """
    )
    static let makeState = Statement(
        "make_state_for_return",
        """
        INSERT INTO switchyard.routing_state (scope, owner_id, member_id, period, window_end)
        SELECT k.scope, k.owner, k.member, k.period, CASE WHEN k.period BETWEEN 1 AND 4 THEN '-infinity' ELSE 'infinity' END::timestamptz
        FROM unnest(:scopes::smallint[], :owners::uuid[], :members::uuid[], :periods::smallint[]) k (scope, owner, member, period)
        WHERE :lead::uuid IS NOT NULL
        ORDER BY k.scope, k.owner, k.member, k.period
        ON CONFLICT DO NOTHING
        """
    )
    static let lockState = Statement("lock_state_for_return", Embedded.lockStateForReturn)
    static let sendReturned = Statement(
        "send_returned_lead",
        "SELECT switchyard.send_returned_lead(:lead, :version, :destination, :rule, :result, :reason, :assignee, :uses, :actor)"
    )
}
