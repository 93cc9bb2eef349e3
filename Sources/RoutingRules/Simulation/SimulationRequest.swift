package import FoundationEssentials

/// What a simulation compares, and for which leads.
package struct SimulationRequest: Sendable {
    /// The rules that stand against those in force.
    package enum Draft: Sendable {
        /// The rules in force themselves: where do these leads go?
        case published
        /// The owner's rules as they stood at a version.
        case version(Int64)
        /// These rules in the place of the owner's.
        case rules([RoutingRule])
    }

    /// The leads.
    package enum Leads: Sendable {
        /// Those of the last days, at most so many.
        case days(Int, limit: Int)
        /// These, as if they came now.
        case these([SimulatedLead])
    }

    /// Whose rules the draft replaces, and whose leads are decided; nil: the platform's, and everybody's.
    package var owner: UUID?
    /// The rules that stand against those in force.
    package var draft: Draft
    /// The leads.
    package var leads: Leads

    /// How many days of leads may be asked for.
    package static let mostDays = 400
    /// How many leads are replayed at most.
    package static let mostLeads = 1_000_000
    /// How many leads are replayed unless more are asked for.
    package static let usualLeads = 200_000

    /// A simulation of a draft.
    package init(owner: UUID?, draft: Draft, leads: Leads) {
        self.owner = owner
        self.draft = draft
        self.leads = leads
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
