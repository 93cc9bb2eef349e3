package import FoundationEssentials
import Postgres
package import RoutingRules

/// What became of a lead that its destination gave back.
package enum ReturnResult: Sendable, Hashable {
    /// It is back in its source workspace, with its room and its credit.
    case returned
    /// It was given back before.
    case already
}

/// What became of a returned lead that was to be sent on.
package enum ResendResult: Sendable, Hashable {
    /// The rules have changed; nothing was written.
    case stale
    /// It is not in its source workspace after a return, or was sent on already.
    case notThere
    /// How it was decided; written if a destination was found.
    case decided(Assignment)
}

extension LeadStore {
    /// Takes a lead back from its destination, in one transaction: the room that it took in windows that are still running,
    /// its credit, and the lead itself, which is in its source workspace then.
    ///
    /// Repeated, it changes nothing.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - reason: why, for the log.
    ///   - actor: who asked for it.
    ///   - access: the destination, or an administrator.
    /// - Returns: whether it was given back now or before.
    /// - Throws: ``StoreError`` if no such lead is in that workspace.
    package func returnLead(
        _ id: UUID,
        reason: String?,
        actor: String,
        as access: Access
    ) async throws -> ReturnResult {
        var parameters = Parameters()
        parameters.append(id)
        parameters.append(access.workspaceID)
        parameters.append(actor)
        parameters.append(reason)
        switch try await pool.query(Self.returnLead, parameters).first?.string(0) {
        case "returned": return .returned
        case "already": return .already
        default:
            throw StoreError(.notFound, "There is no routed lead of that id in this workspace that could be returned.")
        }
    }

    /// Decides a returned lead again, without the workspaces that gave it back.
    ///
    /// One transaction. A lead that nobody else can take now stays in its source workspace.
    package func resendLead(
        _ id: UUID,
        actor: String,
        under rules: CompiledRuleSet
    ) async throws -> ResendResult {
        do {
            return try await pool.withTransaction { connection in
                var parameters = Parameters()
                parameters.append(id)
                guard let row = try await connection.query(Self.returnedLead, parameters).first else {
                    return .notThere
                }
                let claimed = try ClaimedLead(row)
                let excluded = Set(try row.uuidArray(16))
                let lead = claimed.prepared.lead
                let source = claimed.prepared.source
                let request = rules.stateRequest(for: [(lead, source)])
                var state =
                    request.isEmpty ? RoutingState() : try await Self.hold(request, on: connection)
                let decision = rules.decide(lead, from: source, in: &state, excluding: excluded)
                let assignment = Assignment(decision)
                guard assignment.result == .success || assignment.result == .fallback else {
                    return .decided(assignment)
                }
                parameters.append(rules.version)
                parameters.append(assignment.destination)
                parameters.append(assignment.rule)
                parameters.append(assignment.result.rawValue)
                parameters.append(assignment.reason)
                parameters.append(assignment.assignee)
                parameters.append(assignment.use?.metadata)
                parameters.append(actor)
                guard try await connection.query(Self.sendReturned, parameters).first?.bool(0) == true else {
                    throw Settling.Stale()
                }
                try await Self.take([assignment.use].compactMap(\.self), on: connection)
                return .decided(assignment)
            }
        } catch is Settling.Stale {
            return .stale
        }
    }

    private static let returnLead = Statement(
        "return_lead",
        "SELECT switchyard.return_lead($1, $2, $3, $4)"
    )
    private static let returnedLead = Statement(
        "returned_lead",
        """
        SELECT l.id, l.source_workspace_id, coalesce(l.routing_attempts, 0)::int, l.email::text, l.phone::text,
            l.first_name::text, l.last_name::text, l.company_name::text, l.company_industry::text, l.company_size::text,
            l.company_revenue::text, l.company_location::text, l.source::text, l.source_id::text, l.metadata::text, NULL::uuid,
            ARRAY(SELECT DISTINCT g.destination_workspace_id FROM public.lead_routing_logs g
                WHERE g.lead_id = l.id AND g.routing_result = 'returned' AND g.destination_workspace_id IS NOT NULL)
        FROM public.leads l
        WHERE l.id = $1 AND l.routing_status = 'routed' AND l.workspace_id = l.source_workspace_id
            AND (SELECT g.routing_result FROM public.lead_routing_logs g WHERE g.lead_id = l.id
                ORDER BY g.created_at DESC, g.id DESC LIMIT 1) = 'returned'
        FOR UPDATE OF l
        """
    )
    private static let sendReturned = Statement(
        "send_returned_lead",
        "SELECT switchyard.send_returned_lead($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    )
}
