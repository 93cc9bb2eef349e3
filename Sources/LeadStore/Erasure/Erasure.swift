package import FoundationEssentials

/// By what a person who is to be erased is found.
package enum ErasureSubject: Sendable, Hashable {
    /// One lead, and no other of the same person.
    case lead(UUID)
    /// Every lead with this e-mail address, however it is written.
    case email(String)
    /// Every lead with this phone number, however it is written.
    case phone(String)

    /// The most leads that one erasure takes.
    package static let most = 10_000

    /// What it is called in the API and in the record of erasures.
    package var name: String {
        switch self {
        case .lead: "lead"
        case .email: "email"
        case .phone: "phone"
        }
    }

    /// The address or number as given.
    var value: String? {
        switch self {
        case .lead: nil
        case .email(let text), .phone(let text): text
        }
    }
}

/// What became of the leads of a person who was to be erased.
package struct Erasure: Sendable, Hashable {
    /// What became of one lead.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// Nothing of the person is left in it.
        case erased
        /// That was so before.
        case already
        /// It was sent on: the workspace that has it, or an administrator, can erase it.
        case elsewhere
        /// Somebody has locked it; nothing was done, to this lead and to the others.
        case busy
        /// It is not there any more.
        case none
    }

    /// A lead, and what became of it.
    package struct Lead: Sendable, Hashable {
        /// The lead.
        package let id: UUID
        /// What became of it.
        package let outcome: Outcome
    }

    /// The leads that were found.
    package var leads: [Lead] = []
    /// How many golden leads and drafts named the person, and do so no longer.
    package var examples = 0
    /// The rules whose conditions name the person; they are left as they are.
    package var rules: [UUID] = []

    /// How many leads had this outcome.
    package func count(of outcome: Outcome) -> Int { leads.count { $0.outcome == outcome } }
}
