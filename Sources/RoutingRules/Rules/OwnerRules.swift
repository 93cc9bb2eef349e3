import FoundationEssentials

/// The compiled rules of one owner, kept while they do not change.
struct OwnerRules: Sendable {
    /// The rules that apply to the owner's leads: its own and those of the platform.
    let source: SourceRules
    /// How many rules the owner has, active or not.
    let ruleCount: Int
    /// Active rules that are skipped because their conditions cannot be read.
    let unreadable: [RoutingRule]
    /// Whether some rule's destination depends on more than the rules.
    let hasPool: Bool
    /// The pools for which leads may wait.
    let waitPools: [CompiledPool]

    /// Compiled rules.
    ///
    /// - Parameters:
    ///   - rules: the owner's rules, in any order, active or not.
    ///   - source: its active ones, compiled.
    ///   - table: which table of the source has the owner's rules.
    init(_ rules: [RoutingRule], _ source: SourceRules, _ table: (SourceRules) -> RuleTable) {
        self.source = source
        ruleCount = rules.count
        unreadable = rules.filter { $0.isActive && !$0.conditions.problems.isEmpty }
        let pools = table(source).entries.compactMap { $0.obstacle == nil ? $0.pool : nil }
        hasPool = !pools.isEmpty
        waitPools = pools.filter { $0.whenFull == .wait }
    }

    /// Compiles the rules of a workspace.
    ///
    /// - Parameters:
    ///   - owner: the workspace.
    ///   - rules: its rules, in any order, active or not.
    ///   - shared: the platform's rules.
    ///   - order: the order of the platform's rules.
    ///   - compiler: compiles destinations.
    init(
        of owner: UUID,
        _ rules: [RoutingRule],
        shared: RuleTable,
        _ order: [RuleOrder],
        _ compiler: inout DestinationCompiler
    ) {
        let own = rules.filter(\.isActive).sorted { $0.precedes($1) }
        let source = SourceRules(
            own: RuleTable(own, of: owner) { compiler.destination(of: $0) },
            shared: shared,
            sharedBefore: SourceRules.places(of: own, among: order)
        )
        self.init(rules, source, \.own)
    }
}
