import FoundationEssentials

/// Rules of one owner, or of the platform, in order and indexed; shared by all sources that they apply to.
///
/// A class, so that handing it around costs one reference; it never changes.
final class RuleTable: Sendable {
    /// A rule with everything that a decision says about it.
    struct Entry: Sendable {
        let name: String
        let priority: Int32
        let conditions: RuleConditions
        let obstacle: RuleObstacle?
        let outcome: RoutingDecision.Outcome
        /// How the destination is found, where the rules alone do not settle it.
        let pool: CompiledPool?
        /// That it matched, for people.
        let reason: String
    }

    /// The rules whose conditions can be understood, in the order in which they are tried.
    let rules: [Entry]
    let index: RuleIndex
    /// The rules whose destination can take leads, a bit each.
    let usable: [UInt64]
    /// Those that cannot be understood, and the first thing that is wrong.
    let unreadable: [(name: String, problem: ConditionProblem)]

    /// Compiles rules that are in order already.
    init(_ ordered: [RoutingRule], destination: (RoutingRule) -> CompiledDestination) {
        rules = ordered.filter(\.conditions.problems.isEmpty)
            .map { rule in
                let destination = destination(rule)
                return Entry(
                    name: rule.name,
                    priority: rule.priority,
                    conditions: rule.conditions,
                    obstacle: destination.obstacle,
                    outcome: .routed(
                        destination: destination.workspace,
                        rule: rule.id,
                        ruleName: rule.name
                    ),
                    pool: destination.pool,
                    reason: "Matched rule “\(rule.name)” (priority \(rule.priority))."
                )
            }
        unreadable = ordered.compactMap { rule in rule.conditions.problems.first.map { (rule.name, $0) } }
        let rules = rules
        index = RuleIndex(count: rules.count) { rules[$0].conditions }
        var usable = [UInt64](repeating: 0, count: index.width)
        for (number, rule) in rules.enumerated() where rule.obstacle == nil {
            usable[number / 64] |= 1 << UInt64(number % 64)
        }
        self.usable = usable
    }

    /// Whether what of a rule's conditions is not in the index holds for a lead.
    func isMet(_ rule: Int, _ lead: UnsafePointer<Lead>) -> Bool {
        !index.needsCheck(rule) || rules[rule].conditions.tree?.isMet(by: lead.pointee) ?? true
    }

    /// The rules that come nearest to taking a lead that none takes.
    struct Nearest {
        /// The first that misses nothing but what is not in the index.
        var evaluated: Int?
        /// The first that misses the fewest fields of the index, and how many.
        var counted: (misses: Int, rule: Int)?
    }

    /// The rules that come nearest to taking a lead, of those whose destination can take leads.
    func nearest(_ lead: UnsafePointer<Lead>, _ candidates: inout RuleIndex.Candidates) -> Nearest {
        candidates.rewind()
        var nearest = Nearest()
        nearest.counted = candidates.nearestMiss(among: usable)
        candidates.rewind()
        while let rule = candidates.next() {
            guard rules[rule].obstacle == nil, !isMet(rule, lead) else { continue }
            nearest.evaluated = rule
            break
        }
        return nearest
    }
}
