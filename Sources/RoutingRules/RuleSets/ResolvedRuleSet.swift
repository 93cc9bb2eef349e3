package import FoundationEssentials

/// A document matched with its owner's rules: which rules change, and what is written.
package struct ResolvedRuleSet: Sendable {
    /// The resulting rules, each with its id.
    package let rules: [RoutingRule]
    /// The resulting golden leads, each with its id.
    package let goldenLeads: [GoldenLead]
    /// The ids of unchanged rules.
    package let unchanged: Set<UUID>
    /// The ids of new rules.
    package let new: Set<UUID>

    /// Matches entries by id, else by a unique name; other entries are new.
    ///
    /// - Parameters:
    ///   - document: the document.
    ///   - owner: the owner; nil for the platform.
    ///   - live: the owner's current rules.
    ///   - golden: the owner's current golden leads.
    ///   - newID: creates the id of a new entry.
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
            // New rules are younger than all others; among them the first counts as the oldest.
            let createdAt = before?.createdAt ?? Int64.max / 2 + Int64(index)
            rules.append(rule.rule(id: id, owner: owner, createdAt: createdAt))
            if let before {
                var same = RuleSetDocument.Rule(before)
                same.id = rule.id
                // Compared in written form: unreadable parts of conditions are not written, and so do not differ.
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

    /// The names that occur once.
    private static func unique(_ entries: [(name: String, id: UUID)]) -> [String: UUID] {
        Dictionary(entries.map { ($0.name, UUID?.some($0.id)) }) { _, _ in nil }.compactMapValues(\.self)
    }
}
