import FoundationEssentials

/// The rules that apply to the leads of one source, in evaluation order, with the obstacles of each destination.
///
/// Selects and orders rules as ``CompiledRuleSet`` does, without its index: for callers that read every rule, such as
/// lint and explain.
struct AppliedRules: Sendable {
    /// A rule at its place in the order.
    struct Entry: Sendable {
        let rule: RoutingRule
        /// Whether the platform owns it, so that it applies to all leads.
        let isShared: Bool
        /// The destination of its leads, and its obstacle.
        let destination: CompiledDestination
        /// Why its destination can take no lead; nil if it can.
        var obstacle: RuleObstacle? { destination.obstacle }
        /// Whether it currently takes every lead that matches it.
        var takesWhateverMatches: Bool { obstacle == nil && destination.pool?.alwaysEnds ?? true }
    }

    /// The active rules with readable conditions.
    let entries: [Entry]
    /// Active rules whose conditions cannot be read; they are skipped.
    let unreadable: [RoutingRule]

    /// The rules for the leads of a source; for nil, and for the platform itself, only the platform's rules.
    init(_ snapshot: RuleSetSnapshot, source: UUID?) {
        self.init(snapshot.rules, RuleSetView(snapshot), source: source)
    }

    /// The same from rules among which are all that apply.
    init(_ rules: [RoutingRule], _ view: RuleSetView, source: UUID?) {
        var compiler = view.compiler
        var applied: [Entry] = []
        var unreadable: [RoutingRule] = []
        for rule in rules {
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

/// The workspaces of a snapshot by id, and the obstacle of each.
struct RuleSetView: Sendable {
    let workspaces: [UUID: Workspace]
    private let agreements: Set<RoutingAgreement>

    init(_ snapshot: RuleSetSnapshot) {
        workspaces = Dictionary(snapshot.workspaces.map { ($0.id, $0) }) { first, _ in first }
        agreements = Set(snapshot.agreements)
    }

    /// Compiles rules to destinations, as routing does.
    var compiler: DestinationCompiler { DestinationCompiler(workspaces: workspaces, agreements: agreements) }

    /// Whether a rule applies to all leads.
    func isShared(_ rule: RoutingRule) -> Bool {
        guard let owner = rule.workspaceID else { return true }
        return workspaces[owner]?.isPlatform == true
    }
}
