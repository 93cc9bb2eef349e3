package import FoundationEssentials

/// The key of one number of the routing state.
package struct StateKey: Sendable, Hashable {
    /// What is counted; the raw values are those of `switchyard.routing_state.scope`.
    package enum Scope: Int16, Sendable, Hashable, CaseIterable {
        /// Leads that a workspace received, whichever rule sent them.
        case workspace = 0
        /// Leads that a rule sent.
        case rule = 1
        /// Leads that a member of a rule's pool received from it, or its turn.
        case member = 2
        /// Leads that were assigned to a person of a workspace, or the person's turn.
        case person = 3
        /// Leads of a member of a least-loaded pool.
        case load = 4
        /// When a source's leads that wait for a rule last had their turn.
        case source = 5
    }

    /// What is counted.
    package let scope: Scope
    /// The workspace or rule.
    package let owner: UUID
    /// The member, person or source; ``none`` for the whole.
    package let member: UUID
    /// The window, or nil for a turn; stored as 0, and 1 to 5 for hour, day, week, month, total.
    package let period: CapPeriod?

    /// The member that stands for the whole.
    package static let none = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// A number about something.
    package init(_ scope: Scope, _ owner: UUID, _ member: UUID = none, per period: CapPeriod?) {
        self.scope = scope
        self.owner = owner
        self.member = member
        self.period = period
    }

    /// The period as it is stored.
    package var storedPeriod: Int16 {
        switch period {
        case nil: 0
        case .hour: 1
        case .day: 2
        case .week: 3
        case .month: 4
        case .total: 5
        }
    }

    /// The period that is stored as a number.
    package static func period(stored: Int16) -> CapPeriod? {
        (1...5).contains(stored) ? CapPeriod.allCases[Int(stored) - 1] : nil
    }

    /// The beginning of its JSON entry: `[1,"…",null,2,`.
    var jsonPrefix: String {
        let member = member == Self.none ? "null" : "\"\(member.text)\""
        return "[\(scope.rawValue),\"\(owner.text)\",\(member),\(storedPeriod),"
    }
}

/// A key of the routing state and the time zone of its windows.
package struct StateRequestKey: Sendable, Hashable {
    /// The key.
    package let key: StateKey
    /// The time zone, as PostgreSQL knows it.
    package let timeZone: String
    /// The limit of its window, if decisions only compare the number with it; nil if its value itself matters, as for a
    /// turn.
    package let limit: Int64?

    /// A key with its time zone, and its limit if it counts for a cap.
    package init(key: StateKey, timeZone: String, limit: Int64? = nil) {
        self.key = key
        self.timeZone = timeZone
        self.limit = limit
    }
}

/// The state that a batch of decisions may read.
package struct RoutingStateRequest: Sendable, Hashable {
    /// A company or domain under a rule, for sticky pools.
    package struct Sticky: Sendable, Hashable {
        /// The rule.
        package let rule: UUID
        /// A digest of the company or domain: 16 bytes.
        package let key: [UInt8]

        /// A company or domain under a rule.
        package init(rule: UUID, key: [UInt8]) {
            self.rule = rule
            self.key = key
        }
    }

    /// Counters and turns.
    package var keys: Set<StateRequestKey> = []
    /// Workspaces with opening hours, and their time zones.
    package var clocks: [UUID: String] = [:]
    /// Companies and domains.
    package var sticky: Set<Sticky> = []
    /// Rules for which leads may wait.
    package var waiting: Set<UUID> = []
    /// Whether an assignee's presence depends on the time.
    package var needsTime = false

    /// An empty request.
    package init() {}

    /// Whether decisions need no state.
    package var isEmpty: Bool {
        keys.isEmpty && clocks.isEmpty && sticky.isEmpty && waiting.isEmpty && !needsTime
    }

    /// Whether decisions check only whether numbers have reached their limits, so that they are the same for all
    /// numbers below.
    ///
    /// This is not so for turns, loads and sticky pools.
    package var asksOnlyForRoom: Bool { sticky.isEmpty && keys.allSatisfy { $0.limit != nil } }
}
