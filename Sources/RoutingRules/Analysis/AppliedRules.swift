import FoundationEssentials

/// The rules that apply to the leads of one source, in the order in which they are tried, with what each destination
/// stands in the way with.
///
/// The same choice and order as ``CompiledRuleSet`` makes, without its index: for callers that read every rule, as lint
/// and explain do.
struct AppliedRules: Sendable {
    /// A rule at its place.
    struct Entry: Sendable {
        let rule: RoutingRule
        /// Whether the platform owns it, so that it applies to all leads.
        let isShared: Bool
        /// Where its leads go, and what stands against that.
        let destination: CompiledDestination
        /// Why its destination can take no lead at all; nil if it can.
        var obstacle: RuleObstacle? { destination.obstacle }
        /// Whether it takes every lead that matches it, as things stand.
        var takesWhateverMatches: Bool { obstacle == nil && destination.pool?.alwaysEnds ?? true }
    }

    /// The rules that are switched on and can be understood.
    let entries: [Entry]
    /// Rules whose conditions cannot be understood, which is why they are left out.
    let unreadable: [RoutingRule]

    /// The rules for the leads of a source; for nil, and for the platform itself, the rules of the platform alone.
    init(_ snapshot: RuleSetSnapshot, source: UUID?) {
        let view = RuleSetView(snapshot)
        var compiler = view.compiler
        var applied: [Entry] = []
        var unreadable: [RoutingRule] = []
        for rule in snapshot.rules {
            let isShared = view.isShared(rule)
            guard isShared || rule.workspaceID == source else { continue }
            if !rule.conditions.problems.isEmpty || rule.distribution?.problems.isEmpty == false {
                unreadable.append(rule)
            } else if rule.isActive {
                applied.append(Entry(rule: rule, isShared: isShared, destination: compiler.destination(of: rule)))
            }
        }
        entries = applied.sorted { $0.rule.precedes($1.rule) }
        self.unreadable = unreadable.sorted { $0.precedes($1) }
    }
}

/// Workspaces of a snapshot, for looking things up, and what stands in the way of each.
struct RuleSetView: Sendable {
    let workspaces: [UUID: Workspace]
    private let agreements: Set<RoutingAgreement>

    init(_ snapshot: RuleSetSnapshot) {
        workspaces = Dictionary(snapshot.workspaces.map { ($0.id, $0) }) { first, _ in first }
        agreements = Set(snapshot.agreements)
    }

    /// What turns rules into destinations, as routing does it.
    var compiler: DestinationCompiler { DestinationCompiler(workspaces: workspaces, agreements: agreements) }

    /// Whether a rule applies to all leads.
    func isShared(_ rule: RoutingRule) -> Bool {
        guard let owner = rule.workspaceID else { return true }
        return workspaces[owner]?.isPlatform == true
    }
}
