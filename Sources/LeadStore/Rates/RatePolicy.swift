package import FoundationEssentials

/// What is limited in a window of time.
package enum RatePolicy: Int16, Sendable, Hashable, CaseIterable {
    /// Requests of a key.
    case key = 1
    /// Requests of a workspace.
    case workspace = 2
    /// Requests of an address; of IPv6, of a /64 network.
    case address = 3
    /// Leads that a workspace sends.
    case leads = 4
    /// Failed sign-ins with an address, whether or not it is a user's.
    case signIns = 5

    /// The length of the window; windows begin at multiples of it since 1970 in UTC, by the database's clock.
    package var seconds: Int32 {
        switch self {
        case .key, .workspace, .address: 60
        case .leads: 86_400
        case .signIns: 900
        }
    }

    /// The name of the policy, in header fields and problems.
    package var name: String {
        switch self {
        case .key: "key"
        case .workspace: "workspace"
        case .address: "address"
        case .leads: "leads"
        case .signIns: "sign-ins"
        }
    }

    /// The beginning of the current window, in SQL.
    var currentWindow: String { "to_timestamp(floor(extract(epoch FROM now()) / \(seconds)) * \(seconds))" }
}

/// The subject of a limit.
package struct RateSubject: Sendable, Hashable {
    /// The policy.
    package let policy: RatePolicy
    /// The id of the key or workspace, the 128 bits of the address, or of the digest of an email address.
    package let id: UUID

    /// A subject.
    package init(_ policy: RatePolicy, _ id: UUID) {
        self.policy = policy
        self.id = id
    }
}
