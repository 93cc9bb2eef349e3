import FoundationEssentials

extension RuleSetSnapshot {
    /// The rules with the capacity of others as a yes or no: for a simulation, whose leads may be invented.
    ///
    /// A cap that the reader may not read is either full, and takes no lead of the simulation, or takes all. People of
    /// other workspaces are left out. Rules of other workspaces, which apply to no lead of the reader, too.
    ///
    /// - Parameters:
    ///   - reader: the reader of the simulation's report.
    ///   - state: the counters from which the simulation starts; nil: they start at zero, and no such cap is full.
    /// - Returns: the rules; the same for an administrator.
    package func withoutNumbers(notFor reader: TextReader, in state: RoutingState?) -> RuleSetSnapshot {
        guard reader != .administrator else { return self }
        func hidden(_ caps: [Cap], _ key: (CapPeriod) -> StateKey) -> [Cap] {
            let isFull = caps.contains { (state?.amount(key($0.period)).value ?? 0) >= $0.limit }
            return isFull ? [Cap(per: .total, limit: 0)] : []
        }
        var snapshot = self
        for index in snapshot.workspaces.indices where !reader.reads(ownedBy: snapshot.workspaces[index].id) {
            let id = snapshot.workspaces[index].id
            snapshot.workspaces[index].assignees = []
            guard let caps = snapshot.workspaces[index].capacity?.caps else { continue }
            snapshot.workspaces[index].capacity?.caps = hidden(caps) { StateKey(.workspace, id, per: $0) }
        }
        let platforms = Set(workspaces.filter(\.isPlatform).map(\.id))
        snapshot.rules = rules.compactMap { rule in
            if reader.reads(ownedBy: rule.workspaceID) { return rule }
            guard rule.workspaceID.map(platforms.contains) ?? true else { return nil }
            var rule = rule
            guard var distribution = rule.distribution else { return rule }
            distribution.caps = hidden(distribution.caps) { StateKey(.rule, rule.id, per: $0) }
            for index in (distribution.pool?.members ?? []).indices {
                guard let member = distribution.pool?.members[index] else { continue }
                distribution.pool?.members[index].caps = hidden(member.caps) {
                    StateKey(.member, rule.id, member.workspaceID, per: $0)
                }
            }
            rule.distribution = distribution
            return rule
        }
        return snapshot
    }
}
