package import FoundationEssentials

/// A document matched with the rules that its owner has: which rule is which, and what is to be written.
package struct ResolvedRuleSet: Sendable {
    /// The rules as they will be, each with its id.
    package let rules: [RoutingRule]
    /// The golden leads as they will be, each with its id.
    package let goldenLeads: [GoldenLead]
    /// The ids of rules that stay as they are.
    package let unchanged: Set<UUID>
    /// The ids of rules that are new.
    package let new: Set<UUID>

    /// Matches by id, or else by the name of the only rule that has it; what is left is new.
    ///
    /// - Parameters:
    ///   - document: the document.
    ///   - owner: whose it is; nil: the platform's.
    ///   - live: the rules that the owner has.
    ///   - golden: the golden leads that the owner has.
    ///   - newID: makes an id for what has none.
    package init(
        _ document: RuleSetDocument,
        owner: UUID?,
        live: [RoutingRule],
        golden: [GoldenLead],
        newID: () -> UUID
    ) {
        let byID = Dictionary(live.map { ($0.id, $0) }) { first, _ in first }
        let named = Set(document.rules.compactMap(\.id))
        let byName = Self.unique(live.filter { !named.contains($0.id) }.map { ($0.name, $0.id) })
        var rules: [RoutingRule] = []
        var unchanged: Set<UUID> = []
        var new: Set<UUID> = []
        rules.reserveCapacity(document.rules.count)
        for (index, rule) in document.rules.enumerated() {
            let id = rule.id ?? byName[rule.name] ?? newID()
            let before = byID[id]
            // New rules are younger than all others, and of each other the first is the oldest.
            let createdAt = before?.createdAt ?? Int64.max / 2 + Int64(index)
            rules.append(rule.rule(id: id, owner: owner, createdAt: createdAt))
            if let before {
                var same = RuleSetDocument.Rule(before)
                same.id = rule.id
                // As they are written: what could not be read of the conditions is not written, and so does not differ.
                if same.tree == rule.tree { unchanged.insert(id) }
            } else {
                new.insert(id)
            }
        }
        self.rules = rules
        self.unchanged = unchanged
        self.new = new
        let goldenNames = Self.unique(golden.compactMap { lead in lead.id.map { (lead.name, $0) } })
        goldenLeads = document.goldenLeads.map { lead in
            var lead = lead
            lead.id = lead.id ?? goldenNames[lead.name] ?? newID()
            return lead
        }
    }

    /// The names that only one has.
    private static func unique(_ entries: [(name: String, id: UUID)]) -> [String: UUID] {
        Dictionary(entries.map { ($0.name, UUID?.some($0.id)) }) { _, _ in nil }.compactMapValues(\.self)
    }
}
