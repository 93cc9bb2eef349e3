import FoundationEssentials

/// The rules that apply to the leads of one source, in the order in which they are tried, with what each destination
/// stands in the way with.
///
/// The same choice and order as ``CompiledRuleSet`` makes, without its index: for whoever looks at every rule, as lint
/// and explain do.
struct AppliedRules: Sendable {
    /// A rule at its place.
    struct Entry: Sendable {
        let rule: RoutingRule
        /// Whether the platform owns it, so that it applies to everybody's leads.
        let isShared: Bool
        /// Why its destination can take no lead at all; nil if it can.
        let obstacle: RuleObstacle?
    }

    /// The rules that are switched on and can be understood.
    let entries: [Entry]
    /// Rules whose conditions cannot be understood, which is why they are left out.
    let unreadable: [RoutingRule]

    /// The rules for the leads of a source; for nil, and for the platform itself, the rules of the platform alone.
    init(_ snapshot: RuleSetSnapshot, source: UUID?) {
        let view = RuleSetView(snapshot)
        var applied: [Entry] = []
        var unreadable: [RoutingRule] = []
        for rule in snapshot.rules {
            let isShared = view.isShared(rule)
            guard isShared || rule.workspaceID == source else { continue }
            if !rule.conditions.problems.isEmpty {
                unreadable.append(rule)
            } else if rule.isActive {
                applied.append(Entry(rule: rule, isShared: isShared, obstacle: view.obstacle(to: rule)))
            }
        }
        entries = applied.sorted { $0.rule.precedes($1.rule) }
        self.unreadable = unreadable.sorted { $0.precedes($1) }
    }
}

/// Workspaces and agreements of a snapshot, for looking things up.
struct RuleSetView: Sendable {
    let workspaces: [UUID: Workspace]
    private let agreements: Set<RoutingAgreement>

    init(_ snapshot: RuleSetSnapshot) {
        workspaces = Dictionary(snapshot.workspaces.map { ($0.id, $0) }) { first, _ in first }
        agreements = Set(snapshot.agreements)
    }

    /// Whether a rule applies to everybody's leads.
    func isShared(_ rule: RoutingRule) -> Bool {
        guard let owner = rule.workspaceID else { return true }
        return workspaces[owner]?.isPlatform == true
    }

    /// What keeps a workspace from taking the leads of a rule.
    func obstacle(to rule: RoutingRule) -> RuleObstacle? { obstacle(to: rule, at: rule.destinationWorkspaceID) }

    /// What keeps a workspace from taking the leads of a rule.
    func obstacle(to rule: RoutingRule, at id: UUID) -> RuleObstacle? {
        guard let destination = workspaces[id] else { return .noSuchWorkspace }
        if !destination.isActive { return .inactive }
        if destination.isPaused { return .paused }
        guard let owner = rule.workspaceID, owner != id, !isShared(rule) else { return nil }
        let agreement = RoutingAgreement(receivingWorkspaceID: id, sendingWorkspaceID: owner)
        return agreements.contains(agreement) ? nil : .noAgreement
    }
}
