package import FoundationEssentials
package import LeadStore
import RoutingRules

/// Leads that test keys send: decided by the current rules and capacity, and stored apart.
///
/// They claim no identity, use no capacity, credit no partner, are counted nowhere and delivered to no workspace. A
/// test lead is never a duplicate, because identities are not looked up, and an idempotency key has no effect.
package struct TestLeadRequests: Sendable {
    let stores: Stores
    let rules: RuleSetCache
    let names: ReaderNames
    /// The most that are listed.
    package static let mostListed = 200

    /// Decides test leads of a workspace, in order, and stores how they would have been routed.
    ///
    /// Three statements for the whole batch, and none that locks a row of routing.
    func submit(_ leads: [Lead], from source: UUID) async throws -> [RoutingOutcome] {
        guard !leads.isEmpty else { return [] }
        return try await mappingErrors {
            try await rules.poll()
            let rules = try await rules.current()
            let request = rules.stateRequest(for: leads.lazy.map { ($0, source) })
            var state = request.isEmpty ? RoutingState() : try await stores.capacity.peek(request)
            let decided = leads.map { lead -> (lead: Lead, outcome: RoutingOutcome) in
                let decision = rules.decide(lead, from: source, in: &state)
                var outcome = RoutingOutcome(
                    UUID.v7(milliseconds: LeadIntake.systemMilliseconds()),
                    source: source,
                    assignment: Assignment(decision),
                    exception: nil
                )
                outcome.isTest = true
                return (lead, outcome)
            }
            guard try await stores.testLeads.store(decided, of: source) else {
                throw RequestError.suspended(reason: rules.workspace(source)?.suspension ?? "")
            }
            return decided.map(\.outcome)
        }
    }

    /// The newest test leads that the caller may see, newest first.
    ///
    /// - Parameters:
    ///   - limit: at most so many, up to ``mostListed``.
    ///   - caller: the caller; `leads:write`, which a test key has.
    /// - Returns: the leads.
    /// - Throws: ``RequestError``.
    package func list(limit: Int, as caller: Caller) async throws -> [TestLead] {
        try caller.requireLiveOrTest(.leadsWrite)
        return try await mappingErrors {
            let leads = try await stores.testLeads.list(limit: min(max(limit, 1), Self.mostListed), as: caller.access)
            return try await names.completing(leads, as: caller.access)
        }
    }

    /// One test lead.
    ///
    /// - Throws: ``RequestError/noSuchLead``.
    package func find(_ id: UUID, as caller: Caller) async throws -> TestLead {
        try caller.requireLiveOrTest(.leadsWrite)
        return try await mappingErrors {
            guard let lead = try await stores.testLeads.find(id, as: caller.access) else {
                throw RequestError.noSuchLead
            }
            return try await names.completing([lead], as: caller.access)[0]
        }
    }
}
