package import RoutingRules

/// Which state of an owner's rule set is meant.
package enum RuleSetState: Sendable, Hashable {
    /// What decides leads now.
    case live
    /// What is being worked on.
    case draft
    /// What was in force at a version.
    case version(Int64)
}

/// The rule set of one owner, in one state.
package struct StoredRuleSet: Sendable, Hashable {
    /// The rules and golden leads; its version is that of the state, or the one that a draft was made from.
    package var document: RuleSetDocument
    /// When a draft was saved, in microseconds since 1970.
    package var updatedAt: Int64?
    /// Who saved a draft.
    package var updatedBy: String?

    /// A rule set.
    package init(document: RuleSetDocument, updatedAt: Int64? = nil, updatedBy: String? = nil) {
        self.document = document
        self.updatedAt = updatedAt
        self.updatedBy = updatedBy
    }
}

/// A version in the history of a rule set.
package struct StoredRuleSetVersion: Sendable, Hashable {
    /// Its number.
    package var version: Int64
    /// When it was made, in microseconds since 1970.
    package var changedAt: Int64
    /// Who made it.
    package var actor: String
    /// How: `edit`, `publish`, `return`, `auto-rollback` or `sql`.
    package var action: String
    /// Why, in the author's words.
    package var note: String?
    /// How many rules there are since.
    package var rules: Int64
    /// How many rules it added, changed and removed.
    package var changes: RuleSetChanges

    /// A version.
    package init(
        version: Int64,
        changedAt: Int64,
        actor: String,
        action: String,
        note: String?,
        rules: Int64,
        changes: RuleSetChanges
    ) {
        self.version = version
        self.changedAt = changedAt
        self.actor = actor
        self.action = action
        self.note = note
        self.rules = rules
        self.changes = changes
    }
}

/// How many rules were touched.
package struct RuleSetChanges: Sendable, Hashable {
    /// New ones.
    package var added: Int64
    /// Those that differ.
    package var changed: Int64
    /// Those that are gone.
    package var removed: Int64

    /// Counts.
    package init(added: Int64, changed: Int64, removed: Int64) {
        self.added = added
        self.changed = changed
        self.removed = removed
    }
}

/// What of a rule set's publication or return is told.
package struct StoredPublication: Sendable, Hashable {
    /// The version that is live now.
    package var version: Int64
    /// What it changed.
    package var changes: RuleSetChanges

    /// A publication.
    package init(version: Int64, changes: RuleSetChanges) {
        self.version = version
        self.changes = changes
    }
}
