import FoundationEssentials

/// A counter or turn with everything that a decision needs.
struct CompiledCounter: Sendable {
    let key: StateKey
    let timeZone: String
    /// The cap's limit, if it counts for a cap.
    let limit: Int64?
    let jsonPrefix: String

    init(_ key: StateKey, timeZone: String = "UTC", limit: Int64? = nil) {
        self.key = key
        self.timeZone = timeZone
        self.limit = limit
        jsonPrefix = key.jsonPrefix
    }

    var request: StateRequestKey { StateRequestKey(key: key, timeZone: timeZone, limit: limit) }
}

/// A compiled cap.
struct CompiledCap: Sendable {
    let counter: CompiledCounter
    let limit: Int64

    init(_ cap: Cap, _ scope: StateKey.Scope, _ owner: UUID, _ member: UUID = StateKey.none, timeZone: String) {
        let key = StateKey(scope, owner, member, per: cap.period)
        counter = CompiledCounter(key, timeZone: timeZone, limit: cap.limit)
        limit = cap.limit
    }

    /// Whether a rule sets it, and counts its own leads; otherwise it is the cap of a workspace or a person.
    var isOfRule: Bool { counter.key.scope == .rule || counter.key.scope == .member }

    /// That it is full, and the numbers for those who may read them.
    func phrase(_ used: Int64, for audience: RoutingText.Audience) -> RoutingText {
        let numbers: RoutingText = " (\(used) of \(limit) \((counter.key.period ?? .total).phrase))"
        return "is full\(numbers, for: audience)"
    }
}

/// A compiled assignee.
struct CompiledPerson: Sendable {
    let assignee: Assignee
    let turn: CompiledCounter
    let caps: [CompiledCap]
}

/// A member or person that shares a turn.
protocol TakesTurns {
    var turn: CompiledCounter { get }
    var weight: Int64 { get }
}

extension CompiledPerson: TakesTurns {
    var weight: Int64 { assignee.weight }
}

/// A workspace that a rule may send to.
struct CompiledMember: Sendable, TakesTurns {
    let workspace: UUID
    let name: OwnedName
    let weight: Int64
    /// The reason why it takes no leads until the rules change.
    let obstacle: RuleObstacle?
    let caps: [CompiledCap]
    let hours: OpeningHours?
    let timeZone: String
    let minimumScore: Double?
    let turn: CompiledCounter
    let load: CompiledCounter?
    let people: [CompiledPerson]

    /// Whether it takes every lead at any time.
    var isPlain: Bool { caps.isEmpty && hours == nil && minimumScore == nil && people.isEmpty }
}

/// A rule whose destination depends on more than the rules.
///
/// A class, so that a table of rules holds one reference to it; it is immutable.
final class CompiledPool: Sendable {
    let rule: UUID
    let name: OwnedName
    /// Who may read its details, besides administrators.
    let audience: RoutingText.Audience
    let method: Pool.Method
    let stickyBy: Pool.StickyBy?
    let whenFull: Distribution.WhenFull
    let caps: [CompiledCap]
    let members: [CompiledMember]
    /// The state that a decision may read.
    let request: RoutingStateRequest

    /// The name of the rule.
    var ruleName: String { name.name }

    init(
        rule: RoutingRule,
        audience: RoutingText.Audience,
        method: Pool.Method,
        stickyBy: Pool.StickyBy?,
        whenFull: Distribution.WhenFull,
        caps: [CompiledCap],
        members: [CompiledMember]
    ) {
        self.rule = rule.id
        name = rule.ownedName
        self.audience = audience
        self.method = method
        self.stickyBy = stickyBy
        self.whenFull = whenFull
        self.caps = caps
        self.members = members
        var request = RoutingStateRequest()
        request.keys = Set(caps.map(\.counter.request))
        if whenFull == .wait { request.waiting.insert(rule.id) }
        let usable = members.filter { $0.obstacle == nil }
        for member in usable {
            request.keys.formUnion(member.caps.map(\.counter.request))
            if members.count > 1, method != .inOrder { request.keys.insert(member.turn.request) }
            if let load = member.load { request.keys.insert(load.request) }
            if member.hours != nil { request.clocks[member.workspace] = member.timeZone }
            for person in member.people {
                request.keys.insert(person.turn.request)
                request.keys.formUnion(person.caps.map(\.counter.request))
                if person.assignee.absentFrom != nil || person.assignee.absentUntil != nil { request.needsTime = true }
            }
        }
        self.request = request
    }

    /// Whether no later rule is ever evaluated for a lead that matches this one.
    var alwaysEnds: Bool {
        if whenFull == .wait {
            return members.contains { ($0.obstacle == nil || $0.obstacle == .paused) && $0.minimumScore == nil }
        }
        return caps.isEmpty
            && members.contains {
                $0.obstacle == nil && $0.caps.isEmpty && $0.hours == nil && $0.minimumScore == nil
            }
    }

    /// Whether a lead may wait for a member that only an operator or time can make available.
    var mayWait: Bool { whenFull == .wait && members.contains { $0.obstacle == nil || $0.obstacle == .paused } }
}

/// The destination of a rule's leads.
struct CompiledDestination: Sendable {
    /// The reason why the rule sends no leads until the rules change.
    let obstacle: RuleObstacle?
    /// The workspace, if the rules alone determine it.
    let workspace: UUID
    /// The pool that chooses it otherwise.
    let pool: CompiledPool?
}

/// Compiles rules and workspaces to destinations.
struct DestinationCompiler {
    let workspaces: [UUID: Workspace]
    let agreements: Set<RoutingAgreement>
    private var cache: [UUID: CompiledDestination] = [:]

    init(workspaces: [UUID: Workspace], agreements: Set<RoutingAgreement>) {
        self.workspaces = workspaces
        self.agreements = agreements
    }

    mutating func destination(of rule: RoutingRule) -> CompiledDestination {
        // Rules of the platform apply to every source and are compiled once.
        if let known = cache[rule.id] { return known }
        let destination = compile(rule)
        if rule.workspaceID == nil || rule.distribution != nil { cache[rule.id] = destination }
        return destination
    }

    /// The reason why a workspace cannot be the destination of a rule's owner.
    func obstacle(to id: UUID, from owner: UUID?) -> RuleObstacle? {
        guard let destination = workspaces[id] else { return .noSuchWorkspace }
        if destination.suspension != nil { return .suspended }
        if !destination.isActive { return .inactive }
        if destination.isPaused { return .paused }
        if destination.capacity?.problems.isEmpty == false { return .unreadable }
        guard let owner, owner != id, workspaces[owner]?.isPlatform != true else { return nil }
        let agreement = RoutingAgreement(receivingWorkspaceID: id, sendingWorkspaceID: owner)
        return agreements.contains(agreement) ? nil : .noAgreement
    }

    private func compile(_ rule: RoutingRule) -> CompiledDestination {
        let distribution = rule.distribution
        let pool = distribution?.pool
        let method = pool?.turnMethod ?? .inOrder
        let members = (pool?.members ?? [Pool.Member(workspaceID: rule.destinationWorkspaceID)])
            .map { member($0, of: rule, method: method, loadPeriod: pool?.loadPeriod ?? .day) }
        let usable = members.filter { $0.obstacle == nil }
        let obstacle = usable.isEmpty ? members.first?.obstacle ?? .noSuchWorkspace : nil
        let first = usable.first?.workspace ?? rule.destinationWorkspaceID
        let sticky = pool.flatMap { $0.method == .sticky ? $0.stickyBy : nil }
        let hasTurns = usable.count > 1 && (method != .inOrder || sticky != nil)
        let firstIsPlain = usable.first?.isPlain ?? true
        let isPlain =
            (distribution?.caps.isEmpty ?? true) && !hasTurns && firstIsPlain && distribution?.whenFull != .wait
        guard !isPlain else { return CompiledDestination(obstacle: obstacle, workspace: first, pool: nil) }
        let zone = rule.workspaceID.flatMap { workspaces[$0]?.capacity?.timeZone } ?? "UTC"
        let isShared = rule.workspaceID.map { workspaces[$0]?.isPlatform == true } ?? true
        let compiled = CompiledPool(
            rule: rule,
            audience: isShared ? .platform : .source,
            method: method,
            stickyBy: sticky,
            whenFull: distribution?.whenFull ?? .nextRule,
            caps: (distribution?.caps ?? []).map { CompiledCap($0, .rule, rule.id, timeZone: zone) },
            members: members
        )
        return CompiledDestination(
            obstacle: obstacle != nil && compiled.mayWait ? nil : obstacle,
            workspace: first,
            pool: compiled
        )
    }

    /// The workspace for unmatched leads, if it has caps, hours or assignees.
    func fallback(_ id: UUID) -> CompiledPool? {
        guard obstacle(to: id, from: nil) == nil else { return nil }
        let rule = RoutingRule(id: id, workspaceID: nil, name: "", destinationWorkspaceID: id)
        let member = member(Pool.Member(workspaceID: id), of: rule, method: .inOrder, loadPeriod: .day)
        guard !member.isPlain else { return nil }
        return CompiledPool(
            rule: rule,
            audience: .platform,
            method: .inOrder,
            stickyBy: nil,
            whenFull: .nextRule,
            caps: [],
            members: [member]
        )
    }

    private func member(
        _ member: Pool.Member,
        of rule: RoutingRule,
        method: Pool.Method,
        loadPeriod: CapPeriod
    ) -> CompiledMember {
        let id = member.workspaceID
        let workspace = workspaces[id]
        let capacity = workspace?.capacity
        let zone = capacity?.timeZone ?? "UTC"
        let load = StateKey(.load, rule.id, id, per: loadPeriod)
        return CompiledMember(
            workspace: id,
            name: .workspace(id, workspace?.name ?? id.text),
            weight: method == .roundRobin ? 1 : member.weight,
            obstacle: obstacle(to: id, from: rule.workspaceID) ?? (member.isPaused ? .paused : nil),
            caps: (capacity?.caps ?? []).map { CompiledCap($0, .workspace, id, timeZone: zone) }
                + member.caps.map { CompiledCap($0, .member, rule.id, id, timeZone: zone) },
            hours: capacity?.hours,
            timeZone: zone,
            minimumScore: capacity?.minimumScore,
            turn: CompiledCounter(StateKey(.member, rule.id, id, per: nil)),
            load: method == .leastLoaded ? CompiledCounter(load, timeZone: zone) : nil,
            people: (workspace?.assignees ?? []).filter(\.isActive)
                .map { person in
                    CompiledPerson(
                        assignee: person,
                        turn: CompiledCounter(StateKey(.person, id, person.id, per: nil)),
                        caps: person.caps.map { CompiledCap($0, .person, id, person.id, timeZone: zone) }
                    )
                }
        )
    }
}
