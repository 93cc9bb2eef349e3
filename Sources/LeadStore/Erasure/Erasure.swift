package import FoundationEssentials

/// What identifies the person to erase.
package enum ErasureSubject: Sendable, Hashable {
    /// One lead only.
    case lead(UUID)
    /// Every lead with this email address, in any spelling.
    case email(String)
    /// Every lead with this phone number, in any notation.
    case phone(String)

    /// The most leads of one erasure.
    package static let most = 10_000

    /// Its name in the API and in the record of erasures.
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

/// The result of erasing a person.
package struct Erasure: Sendable, Hashable {
    /// The result for one lead.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// Its personal data was erased.
        case erased
        /// It had been erased before.
        case already
        /// It was sent on: its workspace or an administrator can erase it.
        case elsewhere
        /// Another program has locked it; nothing was erased, neither from this lead nor from the others.
        case busy
        /// It no longer exists.
        case none
    }

    /// A lead and its result.
    package struct Lead: Sendable, Hashable {
        /// The lead.
        package let id: UUID
        /// Its result.
        package let outcome: Outcome
    }

    /// The leads found.
    package var leads: [Lead] = []
    /// How many golden leads and drafts named the person, and were changed.
    package var examples = 0
    /// The rules whose conditions name the person; they are not changed.
    package var rules: [UUID] = []

    /// How many leads had this result.
    package func count(of outcome: Outcome) -> Int { leads.count { $0.outcome == outcome } }
}
