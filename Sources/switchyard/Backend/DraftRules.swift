import FoundationEssentials
import LeadStore
import RoutingRules
import Web

/// Finds the rules that a simulation sets against those in force.
struct DraftRules {
    let store: LeadStore

    /// The rules that were asked for, and what to call them.
    func rules(
        _ draft: SimulationBody.Draft,
        of owner: UUID?,
        as access: Access
    ) async throws -> (SimulationRequest.Draft, name: String) {
        switch draft {
        case .published: return (.published, "the same rules")
        case .version(let version): return (.version(version), "version \(version)")
        case .stored:
            guard let draft = try await store.draft(of: owner, as: access) else {
                throw StoreError(
                    .invalid,
                    field: "/draft",
                    "There is no stored draft.",
                    remedy: "Save one, name an earlier version as version, or send draft published."
                )
            }
            let live = try await store.loadRuleSet().rules.filter { $0.workspaceID == owner }
            let resolved = ResolvedRuleSet(draft.document, owner: owner, live: live, golden: []) { UUID() }
            return (.rules(resolved.rules), "the draft")
        }
    }
}
