package import FoundationEssentials
package import JSON

/// The initial counters and turns of a simulation.
package enum SimulatedCounters: String, Sendable, Hashable, CaseIterable {
    /// The current values of routing.
    case live
    /// Nothing taken, and no turn used.
    case empty
}

/// The rule sets and the leads of a simulation.
package struct SimulationRequest: Sendable {
    /// The rules that are compared with the current ones.
    package enum Draft: Sendable {
        /// The current rules themselves: where do these leads go?
        case published
        /// The owner's stored draft.
        case stored
        /// The owner's rules at a version.
        case version(Int64)
        /// A rule set in the form of a draft, workspaces by id or by name.
        case document(JSONValue)
    }

    /// The leads.
    package enum Leads: Sendable {
        /// The leads of the last days, up to a limit.
        case days(Int, limit: Int)
        /// These leads, as if they arrived now.
        case these([SimulatedLead])
        /// The leads of a CSV file, read as an import reads it, as if they arrived now.
        case csv([UInt8])
    }

    /// The owner whose rules the draft replaces, and whose leads are decided; nil for the platform's rules and all
    /// leads.
    package var owner: UUID?
    /// The rules that are compared with the current ones.
    package var draft: Draft
    /// The leads.
    package var leads: Leads

    /// The initial counters and turns; they are read, and never changed.
    ///
    /// The default for given leads, as if they arrived now, is the current values. The default for leads of past days
    /// is empty, because today's counters include them already. With the current values, those leads are replayed from
    /// now on, shifted by as many days as were requested.
    package var counters: SimulatedCounters

    /// The most days that may be requested.
    package static let mostDays = 400
    /// The most leads that are replayed.
    package static let mostLeads = 1_000_000
    /// The default limit of replayed leads.
    package static let usualLeads = 200_000

    /// A simulation of a draft.
    ///
    /// - Parameters:
    ///   - owner: the owner of the rules and leads.
    ///   - draft: the rules that are compared with the current ones.
    ///   - leads: the leads.
    ///   - counters: the initial counters; nil for the default.
    package init(owner: UUID?, draft: Draft, leads: Leads, counters: SimulatedCounters? = nil) {
        self.owner = owner
        self.draft = draft
        self.leads = leads
        switch leads {
        case .days: self.counters = counters ?? .empty
        case .these, .csv: self.counters = counters ?? .live
        }
    }
}

extension RuleSetSnapshot {
    /// The same with other rules of one owner.
    package func replacingRules(of owner: UUID?, with rules: [RoutingRule]) -> RuleSetSnapshot {
        var snapshot = self
        snapshot.rules = self.rules.filter { $0.workspaceID != owner } + rules
        return snapshot
    }
}
