package import FoundationEssentials
package import JSON

/// How a rule distributes its leads: to which workspaces, by which method, up to which caps.
package struct Distribution: Sendable, Hashable {
    /// What happens to a lead when no member can take it at the moment.
    package enum WhenFull: String, Sendable, Hashable, CaseIterable {
        /// The next rule that matches is tried.
        case nextRule = "next_rule"
        /// The lead waits; waiting leads go out oldest first when a destination can take leads again.
        case wait
    }

    /// The workspaces; nil for the one destination of the rule.
    package var pool: Pool?
    /// The caps of the rule as a whole.
    package var caps: [Cap]
    /// What happens to a lead when no member can take it at the moment.
    package var whenFull: WhenFull
    /// Problems of the stored settings; a rule with problems is skipped.
    package private(set) var problems: [FieldProblem] = []

    /// A distribution.
    package init(pool: Pool? = nil, caps: [Cap] = [], whenFull: WhenFull = .nextRule) {
        self.pool = pool
        self.caps = caps
        self.whenFull = whenFull
    }

    /// Reads settings; never fails, and records problems.
    ///
    /// - Parameters:
    ///   - settings: the object.
    ///   - path: the JSON pointer to it, for problems.
    package init(_ settings: JSONValue, at path: String = "") {
        self.init()
        var reader = ObjectReader(settings, at: path, names: ["pool", "caps", "whenFull"])
        pool = reader.object("pool", names: Pool.names) { Pool(&$0) }
        caps = Cap.read(&reader, "caps")
        whenFull = reader.choice("whenFull", of: WhenFull.self) ?? .nextRule
        problems = reader.problems
    }

    /// The settings in canonical form, with defaults left out.
    package var settings: JSONValue {
        var members: [JSONValue.Member] = []
        if let pool { members.append(.init("pool", pool.settings)) }
        if !caps.isEmpty { members.append(.init("caps", .array(caps.map(\.settings)))) }
        if whenFull != .nextRule { members.append(.init("whenFull", .string(whenFull.rawValue))) }
        return JSONValue.object(members).canonical
    }
}

/// Workspaces that share the leads of a rule.
package struct Pool: Sendable, Hashable {
    /// The most members that a pool may have.
    package static let mostMembers = 100

    /// How the member that takes a lead is chosen.
    package enum Method: String, Sendable, Hashable, CaseIterable {
        /// The first member in the list that can take it.
        case inOrder = "in_order"
        /// Each member in turn.
        case roundRobin = "round_robin"
        /// In turn, in proportion to the weights.
        case weighted
        /// The member with the fewest leads for its weight in the current period.
        case leastLoaded = "least_loaded"
        /// The member that had the last lead of the same company or email domain.
        case sticky
    }

    /// The property by which leads are kept together.
    package enum StickyBy: String, Sendable, Hashable, CaseIterable {
        case company
        case emailDomain = "email_domain"
    }

    /// One of the workspaces.
    package struct Member: Sendable, Hashable {
        /// The workspace.
        package var workspaceID: UUID
        /// Its share: 1 to 1,000.
        package var weight: Int64
        /// The caps on its leads from this rule.
        package var caps: [Cap]
        /// Whether it is paused for this rule.
        package var isPaused: Bool

        /// A member; by default of weight 1, without caps and not paused.
        package init(workspaceID: UUID, weight: Int64 = 1, caps: [Cap] = [], isPaused: Bool = false) {
            self.workspaceID = workspaceID
            self.weight = weight
            self.caps = caps
            self.isPaused = isPaused
        }
    }

    /// How the member that takes a lead is chosen.
    package var method: Method
    /// The property by which sticky leads are kept together.
    package var stickyBy: StickyBy
    /// The method for the first lead of a company or domain, and for those without one.
    package var otherwise: Method
    /// The period in which least loaded counts.
    package var loadPeriod: CapPeriod
    /// The workspaces, in the order of the list.
    package var members: [Member]

    /// A pool of members.
    package init(
        _ method: Method,
        stickyBy: StickyBy = .company,
        otherwise: Method = .weighted,
        loadPeriod: CapPeriod = .day,
        members: [Member]
    ) {
        self.method = method
        self.stickyBy = stickyBy
        self.otherwise = otherwise
        self.loadPeriod = loadPeriod
        self.members = members
    }

    /// The method for a lead without an earlier member.
    package var turnMethod: Method { method == .sticky ? otherwise : method }

    static let names = ["method", "stickyBy", "otherwise", "per", "members"]

    init(_ reader: inout ObjectReader) {
        let method = reader.choice("method", of: Method.self, isRequired: true) ?? .inOrder
        let by = reader.choice("stickyBy", of: StickyBy.self)
        let otherwise = reader.choice("otherwise", of: Method.self)
        if method == .sticky {
            if by == nil { reader.note("stickyBy", "A sticky pool needs this field.", "Send company or email_domain.") }
            if otherwise == .sticky { reader.note("otherwise", "Choose a method other than sticky.") }
        }
        let period = reader.choice("per", of: CapPeriod.self)
        var members: [Member] = []
        reader.eachObject(
            "members",
            names: ["workspaceId", "weight", "caps", "paused"],
            atMost: Self.mostMembers
        ) { reader in
            let id = reader.uuid("workspaceId", isRequired: true)
            let weight = reader.integer("weight", in: 1...1000) ?? 1
            let caps = Cap.read(&reader, "caps")
            let isPaused = reader.bool("paused") ?? false
            guard let id else { return }
            if members.contains(where: { $0.workspaceID == id }) {
                reader.note("workspaceId", "This workspace is a member already.", "Give it a higher weight instead.")
            }
            members.append(Member(workspaceID: id, weight: weight, caps: caps, isPaused: isPaused))
        }
        if members.isEmpty, reader.problems.isEmpty {
            reader.note("members", "A pool has 1 to \(Self.mostMembers) members.")
        }
        self.init(
            method,
            stickyBy: by ?? .company,
            otherwise: otherwise == .sticky ? .weighted : otherwise ?? .weighted,
            loadPeriod: period ?? .day,
            members: members
        )
    }

    var settings: JSONValue {
        var parts: [JSONValue.Member] = [.init("method", .string(method.rawValue))]
        if method == .sticky {
            parts.append(.init("stickyBy", .string(stickyBy.rawValue)))
            parts.append(.init("otherwise", .string(otherwise.rawValue)))
        }
        if turnMethod == .leastLoaded { parts.append(.init("per", .string(loadPeriod.rawValue))) }
        parts.append(.init("members", .array(members.map(\.settings))))
        return .object(parts)
    }
}

extension Pool.Member {
    var settings: JSONValue {
        .object(leavingOutNil: [
            "workspaceId": .string(workspaceID.text), "weight": weight == 1 ? nil : JSONValue(weight),
            "caps": caps.isEmpty ? nil : .array(caps.map(\.settings)), "paused": isPaused ? true : nil,
        ])
    }
}
