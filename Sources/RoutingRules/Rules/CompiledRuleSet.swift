package import FoundationEssentials

/// A rule set compiled for decisions: built once per version, shared by all threads, immutable.
///
/// For each workspace it sorts and indexes the rules that apply to its leads: its own and the platform's.
/// Deciding is pure: no clock, no I/O, no state, so the same lead and version always give the same decision.
package struct CompiledRuleSet: Sendable {
    /// The version of the snapshot.
    package let version: Int64
    /// Active rules that are skipped because their conditions cannot be read.
    package let unreadableRules: [RoutingRule]
    /// How many rules the snapshot had.
    package let ruleCount: Int
    private let workspaces: [UUID: Workspace]
    private let sources: [UUID: SourceRules]
    private let platform: SourceRules
    /// Whether a decision may depend on more than the rules: capacity, opening hours, turns, assignees.
    package let isStateful: Bool
    /// For sources whose fallback workspace has caps, hours or assignees.
    let fallbackPools: [UUID: CompiledPool]
    /// For each rule for which leads may wait.
    let waitPools: [UUID: CompiledPool]
    /// The sources whose leads wait until an operator resumes routing.
    package let pauses: RoutingPauses

    /// The beginning of the reason of a lead that is retried because no rule matched.
    package static let noRuleMatched = "No rule matched"

    static let paused = RoutingDecision(
        outcome: .paused,
        reason: "Routing is paused; the lead waits until an operator resumes it."
    )

    /// Compiles a snapshot: milliseconds for a thousand rules.
    package init(_ snapshot: RuleSetSnapshot) {
        version = snapshot.version
        ruleCount = snapshot.rules.count
        pauses = snapshot.pauses
        let workspaces = Dictionary(snapshot.workspaces.map { ($0.id, $0) }) { first, _ in first }
        self.workspaces = workspaces
        unreadableRules = snapshot.rules.filter { $0.isActive && !$0.conditions.problems.isEmpty }
        let agreements = Set(snapshot.agreements)
        let rules = snapshot.rules.filter(\.isActive).sorted { $0.precedes($1) }

        var shared: [RoutingRule] = []
        var owned: [UUID: [RoutingRule]] = [:]
        for rule in rules {
            guard let owner = rule.workspaceID else {
                shared.append(rule)
                continue
            }
            if workspaces[owner]?.isPlatform == true {
                shared.append(rule)
            } else {
                owned[owner, default: []].append(rule)
            }
        }

        var compiler = DestinationCompiler(workspaces: workspaces, agreements: agreements)
        let ofAll = RuleTable(shared, of: nil) { compiler.destination(of: $0) }
        let none = RuleTable([], of: nil) { compiler.destination(of: $0) }
        platform = SourceRules(own: none, shared: ofAll, sharedBefore: [])
        var sources: [UUID: SourceRules] = [:]
        for (owner, own) in owned {
            sources[owner] = SourceRules(
                own: RuleTable(own, of: owner) { compiler.destination(of: $0) },
                shared: ofAll,
                sharedBefore: SourceRules.places(of: own, among: shared)
            )
        }
        self.sources = sources
        var fallbackPools: [UUID: CompiledPool] = [:]
        for workspace in workspaces.values {
            guard case .fallback(let id) = workspace.unmatchedPolicy else { continue }
            fallbackPools[workspace.id] = compiler.fallback(id)
        }
        self.fallbackPools = fallbackPools
        var waitPools: [UUID: CompiledPool] = [:]
        var isStateful = !fallbackPools.isEmpty
        for table in [ofAll] + sources.values.map(\.own) {
            for entry in table.entries where entry.obstacle == nil {
                guard let pool = entry.pool else { continue }
                isStateful = true
                if pool.whenFull == .wait { waitPools[pool.rule] = pool }
            }
        }
        self.waitPools = waitPools
        self.isStateful = isStateful
    }

    /// The rules that apply to the leads of a workspace.
    func rules(of source: UUID?) -> SourceRules { source.flatMap { sources[$0] } ?? platform }

    /// Every pool, for leads of any owner.
    func everyPool() -> [CompiledPool] {
        var seen: Set<ObjectIdentifier> = []
        let tables = [platform.shared] + sources.values.map(\.own)
        let pools = tables.flatMap { $0.entries.compactMap(\.pool) } + fallbackPools.values
        return pools.filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Whether a workspace exists.
    package func knows(workspace id: UUID) -> Bool { workspaces.index(forKey: id) != nil }

    /// A workspace of the snapshot.
    package func workspace(_ id: UUID) -> Workspace? { workspaces[id] }

    /// Decides where a lead goes.
    ///
    /// The first rule wins that matches and whose destination can take leads; matching rules whose destination cannot
    /// are skipped, and the reason names them. Without such a rule the source's policy decides.
    ///
    /// - Parameters:
    ///   - lead: the lead.
    ///   - source: the workspace that it came from; nil for a lead without a source, which only rules of the platform
    ///     can route.
    /// - Returns: the destination and the reason. About a microsecond for a lead that a rule matches, with one
    ///   allocation for the reason; some more if no rule matches and the reason has to explain it.
    package func decide(_ lead: Lead, from source: UUID?) -> RoutingDecision {
        if let decision = decideWithoutState(lead, from: source) { return decision }
        var state = RoutingState()
        return decide(lead, from: source, in: &state)
    }

    /// ``decide(_:from:)`` without capacity, opening hours, turns and assignees; nil if the decision depends on them.
    ///
    /// It is nil only if ``isStateful``.
    package func decideWithoutState(_ lead: Lead, from source: UUID?) -> RoutingDecision? {
        guard !pauses.hold(source) else { return Self.paused }
        let rules = rules(of: source)
        let finding = rules.find(lead)
        var decision: RoutingDecision
        if let winner = finding.winner {
            let rule = rules[winner]
            guard rule.pool == nil else { return nil }
            let reason =
                finding.skipped.isEmpty
                ? rule.reason : "\(rule.reason)\(rules.sentence(skipped: finding.skipped))"
            decision = RoutingDecision(outcome: rule.outcome, reason: reason)
        } else {
            guard source.flatMap({ fallbackPools[$0] }) == nil else { return nil }
            let (outcome, what) = unmatched(from: source)
            decision = RoutingDecision(outcome: outcome, reason: "\(what)\(rules.whyNone(lead, finding))")
        }
        decision.reason.source = source
        return decision
    }

    /// The outcome of the source's policy for an unmatched lead, and a sentence for it.
    func unmatched(from source: UUID?) -> (RoutingDecision.Outcome, RoutingText) {
        guard let source else {
            return (
                .retry, "\(Self.noRuleMatched); with no workspace to stay in, the lead will be tried again."
            )
        }
        switch workspaces[source]?.unmatchedPolicy ?? .keep {
        case .keep:
            return (.unmatched(keptIn: source), "No rule matched; kept in its source workspace.")
        case .retry:
            return (.retry, "\(Self.noRuleMatched); it will be tried again.")
        case .fallback(let id):
            let obstacle: RuleObstacle
            switch workspaces[id] {
            case nil: obstacle = .noSuchWorkspace
            case let fallback? where !fallback.isActive: obstacle = .inactive
            case let fallback? where fallback.isPaused: obstacle = .paused
            case let fallback?:
                return (
                    .fallback(destination: id),
                    "No rule matched; sent to the fallback workspace \(OwnedName.workspace(fallback.id, fallback.name))."
                )
            }
            return (
                .unmatched(keptIn: source),
                "No rule matched; kept in its source workspace, because its fallback workspace \(obstacle.predicate)."
            )
        }
    }
}
