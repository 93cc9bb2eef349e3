/// Shares equal parts of conditions in memory.
///
/// Rules repeat each other: the same ten sizes, the same comparison. A rule set is kept as long as its version, so a
/// loader stores each list and each comparison once. Use it while rules are read: a duplicate is then freed at once,
/// and the heap is not fragmented.
package struct SharedConditions {
    private var lists: [[String]: [String]] = [:]
    private var comparisons: [Comparison: ConditionNode] = [:]

    /// Without parts yet.
    package init() {}

    /// The same conditions, with parts replaced by equal earlier ones.
    package mutating func shared(_ conditions: RuleConditions) -> RuleConditions {
        var conditions = conditions
        conditions.industries = list(conditions.industries)
        conditions.companySizes = list(conditions.companySizes)
        conditions.revenueRanges = list(conditions.revenueRanges)
        conditions.countries = list(conditions.countries)
        conditions.usStates = list(conditions.usStates)
        conditions.regions = list(conditions.regions)
        if let tree = conditions.tree { conditions.tree = node(tree) }
        return conditions
    }

    private mutating func list(_ values: [String]) -> [String] {
        // A long list is rarely shared and expensive to compare.
        guard !values.isEmpty, values.count <= 16 else { return values }
        if let known = lists[values] { return known }
        lists[values] = values
        return values
    }

    private mutating func node(_ node: ConditionNode) -> ConditionNode {
        switch node {
        case .all(let parts): return .all(parts.map { self.node($0) })
        case .any(let parts): return .any(parts.map { self.node($0) })
        case .not(let part): return .not(self.node(part))
        case .comparison(let comparison):
            if let known = comparisons[comparison] { return known }
            comparisons[comparison] = node
            return node
        }
    }
}
