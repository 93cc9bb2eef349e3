package import FoundationEssentials

/// A rule: leads that meet its conditions go to its destination.
package struct RoutingRule: Sendable, Hashable {
    /// The rule's id.
    package var id: UUID
    /// The workspace whose leads it routes; nil for a rule of the platform, which routes all leads.
    package var workspaceID: UUID?
    /// Its name.
    package var name: String
    /// The priority: the highest first.
    package var priority: Int32
    /// The destination of matching leads; for a pool, its first member.
    package var destinationWorkspaceID: UUID
    /// The distribution of its leads; nil if they all go to the destination.
    package var distribution: Distribution?
    /// Whether it is active.
    package var isActive: Bool
    /// The conditions.
    package var conditions: RuleConditions
    /// When it was created, in microseconds since 1970; of equal priorities the oldest is tried first.
    package var createdAt: Int64

    /// A rule.
    package init(
        id: UUID,
        workspaceID: UUID?,
        name: String,
        priority: Int32 = 0,
        destinationWorkspaceID: UUID,
        isActive: Bool = true,
        conditions: RuleConditions = RuleConditions(),
        createdAt: Int64 = 0,
        distribution: Distribution? = nil
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.name = name
        self.priority = priority
        self.destinationWorkspaceID = destinationWorkspaceID
        self.isActive = isActive
        self.conditions = conditions
        self.createdAt = createdAt
        self.distribution = distribution
    }

    /// Its name, with its owner.
    package var ownedName: OwnedName { OwnedName(.rule(id), name, owner: workspaceID) }

    /// Whether this rule comes before another: by priority, then age, then id, so that no two are equal.
    package func precedes(_ other: RoutingRule) -> Bool { order.precedes(other.order) }

    /// Its place in the order of evaluation.
    var order: RuleOrder { RuleOrder(priority: priority, createdAt: createdAt, id: id) }
}

/// What decides the order of evaluation of rules.
struct RuleOrder: Sendable {
    let priority: Int32
    let createdAt: Int64
    let id: UUID

    func precedes(_ other: RuleOrder) -> Bool {
        if priority != other.priority { return priority > other.priority }
        if createdAt != other.createdAt { return createdAt < other.createdAt }
        return id < other.id
    }
}

/// The rules of some workspaces, after which everything else is as it was at an earlier version.
package struct RuleSetChange: Sendable {
    /// The version that the change makes.
    package var version: Int64
    /// The workspaces whose rules have changed; none of them is the platform.
    package var owners: Set<UUID>
    /// All of their rules, active or not.
    package var rules: [RoutingRule]

    /// A change.
    package init(version: Int64, owners: Set<UUID>, rules: [RoutingRule]) {
        self.version = version
        self.owners = owners
        self.rules = rules
    }
}

/// All rules, workspaces and agreements at one moment.
package struct RuleSetSnapshot: Sendable {
    /// The version; every change increases it.
    package var version: Int64
    /// Every workspace that is not deleted.
    package var workspaces: [Workspace]
    /// Every rule, active or not.
    package var rules: [RoutingRule]
    /// Every agreement to receive.
    package var agreements: [RoutingAgreement]
    /// The sources whose leads wait.
    package var pauses: RoutingPauses

    /// A snapshot of these parts, in any order.
    package init(
        version: Int64,
        workspaces: [Workspace],
        rules: [RoutingRule],
        agreements: [RoutingAgreement],
        pauses: RoutingPauses = RoutingPauses()
    ) {
        self.version = version
        self.workspaces = workspaces
        self.rules = rules
        self.agreements = agreements
        self.pauses = pauses
    }
}
