package import FoundationEssentials
package import RoutingRules

/// A stored workspace.
///
/// All times are microseconds since 1970.
package struct StoredWorkspace: Sendable, Hashable {
    /// What routing needs of it.
    package var workspace: Workspace
    /// When it was created.
    package var createdAt: Int64
    /// When it last changed.
    package var updatedAt: Int64?

    /// A stored workspace.
    package init(workspace: Workspace, createdAt: Int64, updatedAt: Int64?) {
        self.workspace = workspace
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// A stored rule; it carries when it was created.
///
/// Times are microseconds since 1970.
package struct StoredRule: Sendable, Hashable {
    /// The rule.
    package var rule: RoutingRule
    /// When it last changed.
    package var updatedAt: Int64?

    /// A stored rule.
    package init(rule: RoutingRule, updatedAt: Int64?) {
        self.rule = rule
        self.updatedAt = updatedAt
    }
}

/// A stored agreement to receive leads.
package struct StoredAgreement: Sendable, Hashable {
    /// Who receives from whom.
    package var agreement: RoutingAgreement
    /// Since when, in microseconds since 1970.
    package var createdAt: Int64

    /// A stored agreement.
    package init(agreement: RoutingAgreement, createdAt: Int64) {
        self.agreement = agreement
        self.createdAt = createdAt
    }
}

/// What of a workspace may be set; nil leaves a field as it is, or at its default in a new workspace.
package struct WorkspaceFields: Sendable, Hashable {
    /// Its name.
    package var name: String?
    /// `partner` or `platform`.
    package var type: String?
    /// Whether it takes part at all.
    package var isActive: Bool?
    /// Whether routing into it is paused.
    package var isPaused: Bool?
    /// What becomes of its leads that no rule matches.
    package var unmatchedPolicy: UnmatchedPolicy?
    /// How many leads it takes, when, and which; `.some(nil)` takes the bounds away.
    package var capacity: WorkspaceCapacity??

    /// Nothing set.
    package init() {}
}

/// What of a rule may be set; nil leaves a field as it is, or at its default in a new rule.
package struct RuleFields: Sendable, Hashable {
    /// Its name.
    package var name: String?
    /// Its priority: higher first.
    package var priority: Int32?
    /// Whether it takes part.
    package var isActive: Bool?
    /// What a lead must have.
    package var conditions: RuleConditions?
    /// Where a matching lead goes.
    package var destinationWorkspaceID: UUID?
    /// How leads are handed out; `.some(nil)` takes what there is away.
    package var distribution: Distribution??

    /// Nothing set.
    package init() {}
}
