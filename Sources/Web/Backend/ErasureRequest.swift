package import FoundationEssentials

/// A request to erase a person.
package struct ErasureRequest: Sendable, Hashable {
    /// By what the person is found.
    package enum Subject: Sendable, Hashable {
        /// One lead.
        case lead(UUID)
        /// Every lead with this e-mail address.
        case email(String)
        /// Every lead with this phone number.
        case phone(String)
    }

    /// By what the person is found.
    package var subject: Subject
    /// Whether the person is new when they are sent again.
    package var forgetsIdentity = false
    /// Whether only the report is wanted.
    package var isRehearsal = false
}

/// What became of the leads of a person who was to be erased.
package struct ErasureReport: Sendable {
    /// What became of one lead.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// Nothing of the person is left in it.
        case erased
        /// That was so before.
        case already
        /// It was sent on: whoever has it, or an administrator, can erase it.
        case elsewhere
        /// Somebody has locked it; only in a rehearsal.
        case busy
    }

    /// The leads, and what became of each.
    package var leads: [(id: UUID, outcome: Outcome)]
    /// How many golden leads and drafts named the person.
    package var examples: Int
    /// The rules whose conditions name the person.
    package var rules: [UUID]

    /// How many leads this became of.
    func count(of outcome: Outcome) -> Int { leads.count { $0.outcome == outcome } }

    /// A report.
    package init(leads: [(id: UUID, outcome: Outcome)], examples: Int, rules: [UUID]) {
        self.leads = leads
        self.examples = examples
        self.rules = rules
    }
}
