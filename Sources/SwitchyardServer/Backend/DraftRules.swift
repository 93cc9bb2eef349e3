package import FoundationEssentials
package import LeadStore
package import RoutingRules
package import Web

/// Finds the rules that a simulation sets against those in force.
package struct DraftRules {
    let stores: Stores

    /// Over a store.
    package init(stores: Stores) { self.stores = stores }

    /// The rules that were asked for, and what to call them.
    package func rules(
        _ draft: SimulationBody.Draft,
        of owner: UUID?,
        as access: Access
    ) async throws -> (SimulationRequest.Draft, name: String) {
        switch draft {
        case .published: return (.published, "the same rules")
        case .version(let version): return (.version(version), "version \(version)")
        case .stored:
            guard let draft = try await stores.drafts.draft(of: owner, as: access) else {
                throw StoreError(
                    .invalid,
                    field: "/draft",
                    "There is no stored draft.",
                    remedy: "Save one, name an earlier version as version, or send draft published."
                )
            }
            return (.rules(try await rules(draft.document, of: owner)), "the draft")
        case .document(let tree):
            let workspaces = try await stores.workspaces.workspaces(as: access).map(\.workspace)
            do {
                let document = try RuleSetDocument(WorkspaceNaming(workspaces).resolved(tree))
                return (.rules(try await rules(document, of: owner)), "the draft that was sent")
            } catch let error as DocumentProblems {
                throw DocumentProblems(
                    error.problems.map { DocumentProblem(path: "/draft" + $0.path, $0.message, remedy: $0.remedy) }
                )
            }
        }
    }

    /// A document's rules as they would be if they were published now.
    private func rules(_ document: RuleSetDocument, of owner: UUID?) async throws -> [RoutingRule] {
        let live = try await stores.ruleSets.loadRuleSet().rules.filter { $0.workspaceID == owner }
        return ResolvedRuleSet(document, owner: owner, live: live, golden: []) { UUID() }.rules
    }
}
