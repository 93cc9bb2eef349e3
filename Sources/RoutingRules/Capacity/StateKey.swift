package import FoundationEssentials

/// What one number of the routing state is about.
package struct StateKey: Sendable, Hashable {
    /// What is counted; the raw values are those of `switchyard.routing_state.scope`.
    package enum Scope: Int16, Sendable, Hashable, CaseIterable {
        /// Leads that a workspace received, whichever rule sent them.
        case workspace = 0
        /// Leads that a rule sent.
        case rule = 1
        /// Leads that a member of a rule's pool received from it, or its turn.
        case member = 2
        /// Leads that a person of a workspace was given, or the person's turn.
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

    /// The beginning of its entry in JSON: `[1,"…",null,2,`.
    var jsonPrefix: String {
        let member = member == Self.none ? "null" : "\"\(member.text)\""
        return "[\(scope.rawValue),\"\(owner.text)\",\(member),\(storedPeriod),"
    }
}

/// A key of the routing state and the time zone by whose calendar its windows begin.
package struct StateRequestKey: Sendable, Hashable {
    /// The key.
    package let key: StateKey
    /// The time zone, as PostgreSQL knows it.
    package let timeZone: String
    /// How many leads its window takes, if that is all that decisions compare it with; nil: its value decides
    /// otherwise, as that of a turn does.
    package let limit: Int64?

    /// A key with its time zone, and its limit if it counts for a cap.
    package init(key: StateKey, timeZone: String, limit: Int64? = nil) {
        self.key = key
        self.timeZone = timeZone
        self.limit = limit
    }
}

/// What a batch of decisions may look at.
package struct RoutingStateRequest: Sendable, Hashable {
    /// What was sticky before, for a company or domain under a rule.
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

    /// Nothing.
    package init() {}

    /// Whether decisions need nothing of the database.
    package var isEmpty: Bool {
        keys.isEmpty && clocks.isEmpty && sticky.isEmpty && waiting.isEmpty && !needsTime
    }

    /// Whether decisions ask of every number only if it has reached its limit, so that they come out the same whatever
    /// it is below that.
    ///
    /// Turns, loads and what is sticky are not of that kind.
    package var asksOnlyForRoom: Bool { sticky.isEmpty && keys.allSatisfy { $0.limit != nil } }
}
