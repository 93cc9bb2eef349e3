import FoundationEssentials

/// The rules of one owner, or of the platform, sorted and indexed; shared by all sources to which they apply.
///
/// A class, so that passing it costs one reference; it is immutable.
final class RuleTable: Sendable {
    /// A rule in as few bytes as possible, because there may be a hundred thousand of them.
    private struct Packed: Sendable {
        let id: UUID
        let name: String
        let tree: ConditionNode?
        let priority: Int32
        /// The index of its destination.
        let destination: UInt32
        /// The index of its first list.
        let firstList: UInt32
        /// Which of the six lists it has: a bit each, in the order of ``Attribute``.
        let listed: UInt8
    }

    /// The rules with readable conditions, in evaluation order.
    private let rules: [Packed]
    /// Their lists, one after the other; those of a rule in the order of ``Attribute``.
    private let lists: [[String]]
    /// The destinations; a workspace to which many rules send is stored once.
    private let destinations: [CompiledDestination]
    let index: RuleIndex
    /// The rules whose destination can take leads, a bit each.
    let usable: [UInt64]
    /// The rules that cannot be read, and the first problem of each.
    let unreadable: [(name: OwnedName, problem: FieldProblem)]
    /// Who may read the details of its rules, besides administrators.
    let audience: RoutingText.Audience
    /// The workspace that owns all of its rules; nil for those that all sources share.
    private let owner: UUID?
    /// The owners of shared rules that a workspace of the platform owns, by the rule's number.
    private let otherOwners: [Int: UUID]

    /// Compiles sorted rules.
    ///
    /// - Parameters:
    ///   - ordered: the rules.
    ///   - owner: the workspace that owns all of them; nil for those that all sources share.
    ///   - destination: the destination of a rule.
    init(_ ordered: [RoutingRule], of owner: UUID?, destination: (RoutingRule) -> CompiledDestination) {
        let readable = ordered.filter(\.conditions.problems.isEmpty)
        self.owner = owner
        audience = owner == nil ? .platform : .source
        var otherOwners: [Int: UUID] = [:]
        if owner == nil {
            for (number, rule) in readable.enumerated() { otherOwners[number] = rule.workspaceID }
        }
        self.otherOwners = otherOwners
        unreadable = ordered.compactMap { rule in rule.conditions.problems.first.map { (rule.ownedName, $0) } }
        var packing = RulePacking()
        rules = readable.map { rule in
            let (firstList, listed) = packing.add(listsOf: rule.conditions)
            return Packed(
                id: rule.id,
                name: rule.name,
                tree: rule.conditions.tree,
                priority: rule.priority,
                destination: packing.place(of: destination(rule)),
                firstList: firstList,
                listed: listed
            )
        }
        lists = packing.lists.withUnsafeBufferPointer(Array.init)
        destinations = packing.destinations
        index = RuleIndex(count: readable.count) { readable[$0].conditions }
        var usable = [UInt64](repeating: 0, count: index.width)
        for (number, rule) in rules.enumerated() where destinations[Int(rule.destination)].obstacle == nil {
            usable[number / 64] |= 1 << UInt64(number % 64)
        }
        self.usable = usable
    }

    /// How many rules there are.
    var count: Int { rules.count }

    /// A rule with everything that a decision reports, assembled on demand.
    struct Entry: Sendable {
        fileprivate let table: RuleTable
        fileprivate let number: Int

        private var rule: Packed { table.rules[number] }
        private var destination: CompiledDestination { table.destinations[Int(rule.destination)] }

        var id: UUID { rule.id }
        var name: OwnedName {
            OwnedName(.rule(rule.id), rule.name, owner: table.owner ?? table.otherOwners[number])
        }
        /// Who may read its details.
        var audience: RoutingText.Audience { table.audience }
        var priority: Int32 { rule.priority }
        var obstacle: RuleObstacle? { destination.obstacle }
        /// The pool that chooses the destination, if the rules alone do not determine it.
        var pool: CompiledPool? { destination.pool }
        var outcome: RoutingDecision.Outcome {
            .routed(destination: destination.workspace, rule: rule.id, ruleName: rule.name)
        }

        var conditions: RuleConditions {
            var conditions = RuleConditions(where: rule.tree)
            var place = Int(rule.firstList)
            for (bit, attribute) in Attribute.allCases.enumerated() where rule.listed & (1 << UInt8(bit)) != 0 {
                conditions.set(attribute, table.lists[place])
                place += 1
            }
            return conditions
        }

        /// The sentence that it matched.
        ///
        /// It is built each time: stored, it would be the largest part of a rule.
        var reason: RoutingText { .matched(name, priority: priority, for: audience) }
    }

    /// A rule by its number.
    subscript(number: Int) -> Entry { Entry(table: self, number: number) }

    /// Every rule, in order.
    var entries: some Sequence<Entry> { rules.indices.lazy.map { self[$0] } }

    /// Whether a lead meets those of a rule's conditions that are not in the index.
    ///
    /// False if the steps are used up before that is known; `work` then counts the rule as passed over.
    func isMet(_ rule: Int, _ lead: UnsafePointer<Lead>, _ work: inout DecisionWork.Part) -> Bool {
        guard index.needsCheck(rule), let tree = rules[rule].tree else { return true }
        let before = work.steps.left
        let isMet = tree.isMet(by: lead.pointee, counting: &work.steps)
        work.note(rule, before - work.steps.left)
        return isMet && !work.steps.isUsedUp
    }

    /// The rules nearest to taking an unmatched lead.
    struct Nearest {
        /// The first rule that misses only conditions outside the index.
        var evaluated: Int?
        /// The first rule that misses the fewest indexed fields, and how many.
        var counted: (misses: Int, rule: Int)?
    }

    /// The rules nearest to taking an unmatched lead, among those whose destination can take leads.
    func nearest(
        _ lead: UnsafePointer<Lead>,
        _ candidates: inout RuleIndex.Candidates,
        _ work: inout DecisionWork.Part
    ) -> Nearest {
        candidates.rewind()
        var nearest = Nearest()
        nearest.counted = candidates.nearestMiss(among: usable)
        candidates.rewind()
        while let rule = candidates.next() {
            if work.steps.isUsedUp { break }
            guard self[rule].obstacle == nil, !isMet(rule, lead, &work) else { continue }
            nearest.evaluated = rule
            break
        }
        return nearest
    }
}

/// Collects the parts that rules share.
private struct RulePacking {
    private(set) var lists: [[String]] = []
    private(set) var destinations: [CompiledDestination] = []
    private var known: [Known: UInt32] = [:]

    /// A destination that the rules alone determine.
    private struct Known: Hashable {
        let workspace: UUID
        let obstacle: RuleObstacle?
    }

    /// Adds the lists that are not empty; returns the index of the first, and which they are.
    mutating func add(listsOf conditions: RuleConditions) -> (first: UInt32, listed: UInt8) {
        let first = UInt32(lists.count)
        var listed: UInt8 = 0
        for (bit, attribute) in Attribute.allCases.enumerated() {
            let values = conditions.values(for: attribute)
            guard !values.isEmpty else { continue }
            listed |= 1 << UInt8(bit)
            lists.append(values)
        }
        return (first, listed)
    }

    /// The index of a destination; equal ones share it.
    mutating func place(of destination: CompiledDestination) -> UInt32 {
        let next = UInt32(destinations.count)
        if destination.pool == nil {
            let key = Known(workspace: destination.workspace, obstacle: destination.obstacle)
            if let place = known[key] { return place }
            known[key] = next
        }
        destinations.append(destination)
        return next
    }
}
