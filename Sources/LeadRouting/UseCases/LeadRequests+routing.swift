package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// The result of returning a lead.
package struct ReturnedLead: Sendable, Hashable {
    /// The lead.
    package let id: UUID
    /// Whether it was routed to another destination.
    package let isSentOn: Bool
    /// Its workspace; nil for a workspace's key, which may not see the new destination.
    package let destinationWorkspaceID: UUID?
}

/// Which leads can be requeued.
package enum RetriableResult: String, Sendable, Hashable, CaseIterable {
    /// They failed permanently.
    case failed
    /// No rule matched them, and they stay in their source workspace.
    case unmatched
}

extension LeadRequests {
    /// Routes a waiting lead now; a routed one is returned unchanged.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - caller: the caller; `routing:write`.
    /// - Returns: the outcome; the original of a duplicate only if the caller may see it.
    /// - Throws: ``RequestError``: `.notFound`, or `.conflict` with its remedy for a lead that failed, expired, waits in a
    ///   pause or is being routed by another node.
    package func route(_ id: UUID, as caller: Caller) async throws -> RoutingOutcome {
        try caller.require(.routingWrite)
        return try await mappingErrors {
            let outcome = try await waiting.route(leadID: id, as: caller.access)
            return await names.completing(await duplicates.redacting(outcome, for: caller), for: caller)
        }
    }

    /// Routes all leads that are due now, new ones first.
    ///
    /// - Parameters:
    ///   - limit: how many leads at most.
    ///   - caller: an administrator; `routing:write`.
    /// - Returns: how many were claimed, and what became of them.
    /// - Throws: ``RequestError``.
    package func routeDue(limit: Int, as caller: Caller) async throws -> WaitingLeadRouter.Summary {
        try caller.requireAdministrator(.routingWrite)
        return try await mappingErrors { try await waiting.drain(limit: limit) }
    }

    /// Makes leads due that wait for their next attempt, oldest due first; those that wait for capacity still wait.
    ///
    /// - Parameters:
    ///   - limit: how many leads at most.
    ///   - caller: an administrator; `routing:write`.
    /// - Returns: how many.
    /// - Throws: ``RequestError``.
    package func makeDue(limit: Int, as caller: Caller) async throws -> Int {
        try caller.requireAdministrator(.routingWrite)
        return try await mappingErrors { try await stores.queue.makeDue(limit: Int32(clamping: limit)) }
    }

    /// Requeues a lead that failed permanently, or that no rule matched and that is in its source workspace.
    ///
    /// Its attempts are reset, and the log records the caller.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - caller: the caller; `routing:write`.
    /// - Throws: ``RequestError``: `.notFound`, or `.conflict` for any other lead.
    package func retry(_ id: UUID, as caller: Caller) async throws {
        try caller.require(.routingWrite)
        try await mappingErrors {
            guard let record = try await stores.leads.find(id, as: caller.access) else { throw RequestError.noSuchLead }
            guard try await stores.queue.requeue(id, actor: caller.id) else {
                throw RequestError.conflict(
                    reason:
                        "Only a failed lead, or an unmatched one in its source workspace, can be requeued "
                        + "before it expires; this one is \(record.status.rawValue).",
                    remedy: "GET /api/leads/{id}/explain explains its state."
                )
            }
        }
    }

    /// Requeues leads that failed, or that no rule matched.
    ///
    /// An unmatched lead that was requeued and is unmatched again is skipped until the rules change, so that a client
    /// that repeats the call while there are more leads comes to an end.
    ///
    /// - Parameters:
    ///   - result: which of the two kinds.
    ///   - filter: which of those leads; its `status` is set here.
    ///   - limit: the most that are returned.
    ///   - caller: the caller; `routing:write`.
    /// - Returns: how many were requeued, and whether there are more.
    /// - Throws: ``RequestError``.
    package func retry(
        _ result: RetriableResult,
        matching filter: LeadFilter,
        limit: Int,
        as caller: Caller
    ) async throws -> (requeued: Int, hasMore: Bool) {
        try caller.require(.routingWrite)
        return try await mappingErrors {
            var filter = filter
            switch result {
            case .failed: filter.status = .failed
            case .unmatched:
                filter.status = .routed
                filter.unmatchedRetriableUnder = try await stores.ruleSets.version()
            }
            let page = try await stores.leads.page(filter, limit: limit, as: caller.access)
            let requeued = try await stores.queue.requeue(page.leads.map(\.id), actor: caller.id)
            return (requeued, page.next != nil)
        }
    }

    /// Returns a lead from its destination, and optionally routes it again; a repeated call changes nothing.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - reason: the reason, for the log.
    ///   - sendsOn: whether it is routed again, without the destinations that returned it.
    ///   - caller: the destination, or an administrator; `leads:write`.
    /// - Returns: the result.
    /// - Throws: ``RequestError``: `.notFound` for a lead that is not in the caller's workspace, and was never returned
    ///   from there.
    package func returnLead(
        _ id: UUID,
        reason: String?,
        sendsOn: Bool,
        as caller: Caller
    ) async throws -> ReturnedLead {
        try caller.require(.leadsWrite)
        return try await mappingErrors {
            let outcome = try await LeadReturn(stores: stores, rules: waiting.rules)(
                id,
                reason: reason,
                sendsOn: sendsOn,
                actor: caller.id,
                as: caller.access
            )
            return ReturnedLead(
                id: id,
                isSentOn: outcome.matchedRuleID != nil,
                destinationWorkspaceID: caller.isAdministrator ? outcome.destinationWorkspaceID : nil
            )
        }
    }

    /// Explains why a lead is where it is.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - attempt: which of its decisions, from 1, oldest first; nil for the last one.
    ///   - caller: the caller; `leads:read`. `LeadExplanation.Viewpoint` limits what it sees of other workspaces'
    ///     rules.
    /// - Returns: the explanation.
    /// - Throws: ``RequestError``: ``RequestError/noSuchLead``, or `.invalid` naming `attempt` for a decision that the lead
    ///   does not have.
    package func explain(_ id: UUID, attempt: Int? = nil, as caller: Caller) async throws -> LeadExplanation {
        try caller.require(.leadsRead)
        return try await mappingErrors {
            let explanation = try await analyses.run(for: caller) { stores in
                try await LeadExplainer(stores: stores, timeLimit: analysisTime)
                    .explain(id, decision: attempt, as: caller.access)
            }
            guard let explanation else { throw RequestError.noSuchLead }
            return explanation
        }
    }
}
