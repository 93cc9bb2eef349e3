package import FoundationEssentials
package import JSON

/// What the counters and turns of a simulation begin with.
package enum SimulatedCounters: String, Sendable, Hashable, CaseIterable {
    /// As they stand in routing at the moment.
    case live
    /// Nothing taken, and no turn used.
    case empty
}

/// What a simulation compares, and for which leads.
package struct SimulationRequest: Sendable {
    /// The rules that stand against those in force.
    package enum Draft: Sendable {
        /// The rules in force themselves: where do these leads go?
        case published
        /// The owner's draft that is stored.
        case stored
        /// The owner's rules as they stood at a version.
        case version(Int64)
        /// A rule set as it is saved as a draft, workspaces by id or by name.
        case document(JSONValue)
        /// These rules in the place of the owner's.
        case rules([RoutingRule])
    }

    /// The leads.
    package enum Leads: Sendable {
        /// Those of the last days, at most so many.
        case days(Int, limit: Int)
        /// These, as if they came now.
        case these([SimulatedLead])
        /// Those of a CSV file, read as an import reads it, as if they came now.
        case csv([UInt8])
    }

    /// Whose rules the draft replaces, and whose leads are decided; nil: the platform's rules, and all leads.
    package var owner: UUID?
    /// The rules that stand against those in force.
    package var draft: Draft
    /// The leads.
    package var leads: Leads

    /// What counters and turns begin with; they are read, and never touched.
    ///
    /// For leads that are handed in, as if they came now, that is how they stand now. Leads of the past days begin with
    /// nothing taken unless told otherwise: they are in today's counters already. Told otherwise, they are taken to
    /// come again from now on, as many days later as were asked for.
    package var counters: SimulatedCounters

    /// How many days of leads may be asked for.
    package static let mostDays = 400
    /// How many leads are replayed at most.
    package static let mostLeads = 1_000_000
    /// How many leads are replayed unless more are asked for.
    package static let usualLeads = 200_000

    /// A simulation of a draft.
    ///
    /// - Parameters:
    ///   - owner: whose rules and leads.
    ///   - draft: the rules that stand against those in force.
    ///   - leads: the leads.
    ///   - counters: what counters begin with; nil: what the leads suggest.
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
