package import FoundationEssentials
package import LeadStore
import RoutingRules

/// The target of a pause or resumption.
package enum PauseTarget: Sendable, Hashable {
    /// All routing; explicit, so that a forgotten id does not stop every workspace.
    case all
    /// The leads of one source; nil for the caller's own workspace.
    case workspace(UUID?)
}

/// Requests about operating the server.
package struct OperationsRequests: Sendable {
    let stores: Stores
    let writeFailure: RecentWriteFailure
    /// The leads that this node could not store or write lately.
    let refusals: RecentRefusals
    /// Where statistics are read.
    let analyses: AnalysisPool

    /// Pauses routing: leads are still accepted, but wait undecided.
    ///
    /// - Parameters:
    ///   - target: which leads.
    ///   - reason: the reason, for operators who find routing paused.
    ///   - caller: the caller; `routing:write`. A workspace's key pauses the routing of its own leads only.
    /// - Returns: the source whose leads wait (nil for all), and whether the pause is new.
    /// - Throws: ``RequestError``; `.invalid` for a workspace that does not exist.
    package func pause(
        _ target: PauseTarget,
        reason: String?,
        as caller: Caller
    ) async throws -> (workspaceID: UUID?, isNew: Bool) {
        let workspace = try workspace(target, caller)
        return try await mappingErrors {
            (workspace, try await stores.pauses.begin(of: workspace, reason: reason, actor: caller.id))
        }
    }

    /// Ends a pause; waiting leads are routed, oldest due first.
    ///
    /// - Parameters:
    ///   - target: which leads.
    ///   - caller: the caller; `routing:write`.
    /// - Returns: the source whose leads are routed again (nil for all), and whether they were paused.
    /// - Throws: ``RequestError``.
    package func resume(
        _ target: PauseTarget,
        as caller: Caller
    ) async throws -> (workspaceID: UUID?, wasPaused: Bool) {
        let workspace = try workspace(target, caller)
        return try await mappingErrors {
            (workspace, try await stores.pauses.end(of: workspace, actor: caller.id))
        }
    }

    /// The pauses that the caller may see, oldest first: a workspace's own and, without who began it and why, that of all
    /// routing.
    ///
    /// - Throws: ``RequestError``.
    package func pauses(as caller: Caller) async throws -> [RoutingPause] {
        try caller.require(.leadsRead)
        return try await mappingErrors {
            try await stores.pauses.list(as: caller.access)
                .map { pause in
                    // What an operator writes about all routing is for operators.
                    guard !caller.isAdministrator, pause.workspaceID == nil else { return pause }
                    return RoutingPause(workspaceID: nil, since: pause.since, actor: "operator", reason: nil)
                }
        }
    }

    /// The workspace of a target, if the caller may pause and resume it.
    private func workspace(_ target: PauseTarget, _ caller: Caller) throws -> UUID? {
        try caller.require(.routingWrite)
        let refusal = RequestError.forbidden("A workspace's key pauses and resumes the routing of its own leads only.")
        switch target {
        case .all:
            guard caller.isAdministrator else { throw refusal }
            return nil
        case .workspace(let named):
            guard let own = caller.workspaceID else {
                guard let named else {
                    throw RequestError.invalid([
                        FieldProblem(
                            field: "/workspaceId",
                            message: "This field is required.",
                            remedy: "Send a workspace's id, or “all”: true for everything."
                        )
                    ])
                }
                return named
            }
            guard named == nil || named == own else { throw refusal }
            return own
        }
    }
}
