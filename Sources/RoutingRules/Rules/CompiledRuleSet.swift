package import FoundationEssentials

/// A rule set compiled for decisions: built once per version, shared by all threads, immutable.
///
/// For each workspace it sorts and indexes the rules that apply to its leads: its own and the platform's.
/// Deciding is pure: no clock, no I/O, no state, so the same lead and version always give the same decision.
package struct CompiledRuleSet: Sendable {
    /// The version of the snapshot.
    package let version: Int64
    /// How many rules the snapshot had.
    package let ruleCount: Int
    private let workspaces: [UUID: Workspace]
    private let agreements: Set<RoutingAgreement>
    /// The rules of each workspace that has some, compiled.
    private let owners: [UUID: OwnerRules]
    private let platform: OwnerRules
    /// The order of the platform's readable rules.
    private let sharedOrder: [RuleOrder]
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

    static let suspended = RoutingDecision(
        outcome: .paused,
        reason: "The source workspace is suspended; the lead waits until an administrator lifts the suspension."
    )

    /// The decision for a lead whose source is paused or suspended; nil if it is neither.
    func held(_ source: UUID?) -> RoutingDecision? {
        guard pauses.hold(source) else { return nil }
        return pauses.suspend(source) ? Self.suspended : Self.paused
    }

    /// Compiles a snapshot: milliseconds for a thousand rules.
    package init(_ snapshot: RuleSetSnapshot) {
        let workspaces = Dictionary(snapshot.workspaces.map { ($0.id, $0) }) { first, _ in first }
        let agreements = Set(snapshot.agreements)
        var shared: [RoutingRule] = []
        var owned: [UUID: [RoutingRule]] = [:]
        for rule in snapshot.rules {
            if let owner = rule.workspaceID, workspaces[owner]?.isPlatform != true {
                owned[owner, default: []].append(rule)
            } else {
                shared.append(rule)
            }
        }
        // A suspended platform workspace routes no leads.
        let active =
            shared.filter { rule in
                rule.isActive && rule.workspaceID.flatMap { workspaces[$0]?.suspension } == nil
            }
            .sorted { $0.precedes($1) }
        let order = active.filter(\.conditions.problems.isEmpty).map(\.order)
        var compiler = DestinationCompiler(workspaces: workspaces, agreements: agreements)
        let ofAll = RuleTable(active, of: nil) { compiler.destination(of: $0) }
        let none = RuleTable([], of: nil) { compiler.destination(of: $0) }
        let platform = OwnerRules(shared, SourceRules(own: none, shared: ofAll, sharedBefore: []), \.shared)
        let owners = Dictionary(
            uniqueKeysWithValues: owned.map { ($0, OwnerRules(of: $0, $1, shared: ofAll, order, &compiler)) }
        )
        var fallbackPools: [UUID: CompiledPool] = [:]
        for workspace in workspaces.values {
            guard case .fallback(let id) = workspace.unmatchedPolicy else { continue }
            fallbackPools[workspace.id] = compiler.fallback(id)
        }
        self.init(
            version: snapshot.version,
            workspaces: workspaces,
            agreements: agreements,
            platform: platform,
            sharedOrder: order,
            owners: owners,
            fallbackPools: fallbackPools,
            pauses: snapshot.pauses
        )
    }

    /// The rule set after the rules of some workspaces have changed; nil if more than these depends on the change.
    ///
    /// Compiles the rules of these workspaces only. Besides that it costs a look at each owner, whatever rules they have.
    package func changed(by change: RuleSetChange) -> CompiledRuleSet? {
        guard change.owners.allSatisfy({ workspaces[$0].map { !$0.isPlatform } ?? false }),
            change.rules.allSatisfy({ $0.workspaceID.map(change.owners.contains) ?? false })
        else { return nil }
        var compiler = DestinationCompiler(workspaces: workspaces, agreements: agreements)
        var owners = owners
        let rules = Dictionary(grouping: change.rules, by: \.workspaceID)
        for owner in change.owners {
            owners[owner] = rules[owner]
                .map { OwnerRules(of: owner, $0, shared: platform.source.shared, sharedOrder, &compiler) }
        }
        return CompiledRuleSet(
            version: change.version,
            workspaces: workspaces,
            agreements: agreements,
            platform: platform,
            sharedOrder: sharedOrder,
            owners: owners,
            fallbackPools: fallbackPools,
            pauses: pauses
        )
    }

    private init(
        version: Int64,
        workspaces: [UUID: Workspace],
        agreements: Set<RoutingAgreement>,
        platform: OwnerRules,
        sharedOrder: [RuleOrder],
        owners: [UUID: OwnerRules],
        fallbackPools: [UUID: CompiledPool],
        pauses: RoutingPauses
    ) {
        self.version = version
        self.workspaces = workspaces
        self.agreements = agreements
        self.platform = platform
        self.sharedOrder = sharedOrder
        self.owners = owners
        self.fallbackPools = fallbackPools
        self.pauses = pauses
        var ruleCount = platform.ruleCount
        var isStateful = !fallbackPools.isEmpty || platform.hasPool
        var waitPools: [UUID: CompiledPool] = [:]
        for pool in platform.waitPools { waitPools[pool.rule] = pool }
        for owner in owners.values {
            ruleCount += owner.ruleCount
            isStateful = isStateful || owner.hasPool
            for pool in owner.waitPools { waitPools[pool.rule] = pool }
        }
        self.ruleCount = ruleCount
        self.isStateful = isStateful
        self.waitPools = waitPools
    }

    /// Active rules that are skipped because their conditions cannot be read.
    package var unreadableRules: [RoutingRule] { platform.unreadable + owners.values.flatMap(\.unreadable) }

    /// The rules that apply to the leads of a workspace.
    func rules(of source: UUID?) -> SourceRules { (source.flatMap { owners[$0] } ?? platform).source }

    /// Every pool, for leads of any owner.
    func everyPool() -> [CompiledPool] {
        var seen: Set<ObjectIdentifier> = []
        let tables = [platform.source.shared] + owners.values.map(\.source.own)
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
        if let held = held(source) { return held }
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
        decision = decision.adding(finding.work, of: rules)
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
            case let fallback? where fallback.suspension != nil: obstacle = .suspended
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

extension RoutingDecision {
    /// The decision with the steps of its conditions, and a sentence if they were used up.
    func adding(_ work: DecisionWork, of rules: SourceRules) -> RoutingDecision {
        var decision = self
        decision.steps = work.spent
        if let exceeded = rules.exceeded(work) {
            decision.exceeded = exceeded
            decision.reason += exceeded.sentence
        }
        return decision
    }
}
