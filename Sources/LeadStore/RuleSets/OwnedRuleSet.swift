package import FoundationEssentials
package import Postgres
package import RoutingRules

/// The rules of one owner at one version.
package struct OwnedRuleSet: Sendable {
    /// The owner; nil for the platform.
    package let owner: UUID?
    /// The newest version that changed them.
    package let version: Int64
    /// The rules and golden leads.
    package let document: RuleSetDocument
}

/// A rule set in progress.
package struct RuleSetDraft: Sendable {
    /// The document.
    package let document: RuleSetDocument
    /// The version on which it is based.
    package let basedOn: Int64
    /// When it was saved.
    package let updatedAt: Timestamp
    /// The caller who saved it.
    package let updatedBy: String
}

/// A version of an owner's history, with its changes.
package struct RuleSetVersionSummary: Sendable, Hashable {
    /// The version.
    package let version: RuleSetVersion
    /// The number of rules at this version.
    package let rules: Int64
    /// How many rules it added, changed and removed.
    package let added: Int64
    /// See ``added``.
    package let changed: Int64
    /// See ``added``.
    package let removed: Int64
}

/// The result of a publication or a return.
package struct RuleSetPublication: Sendable, Hashable {
    /// The owner's current version; the previous one if nothing differed.
    package let version: Int64
    /// How many rules were added.
    package let added: Int32
    /// How many rules were changed.
    package let changed: Int32
    /// How many rules were removed.
    package let removed: Int32
}

/// Why a rule set is not published.
package enum RuleSetRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The owner's rules have changed since the draft was created.
    case moved(basedOn: Int64, version: Int64)
    /// No draft is stored.
    case noDraft
    /// The document has problems, or golden leads fail.
    case problems([FieldProblem])

    package var description: String {
        switch self {
        case .moved(let basedOn, let version):
            "The rules have changed: the draft is based on version \(basedOn), but the current version is \(version)."
        case .noDraft: "No draft is stored."
        case .problems(let problems): problems.map(\.description).joined(separator: "\n")
        }
    }

    /// The remedy.
    package var remedy: String {
        switch self {
        case .moved(_, let version):
            "Compare the draft with the current rules, and save it again with version \(version)."
        case .noDraft: "Save a draft first: PUT /api/rule-sets/{owner}/draft, or `switchyard rules push`."
        case .problems: "Fix the errors listed; nothing was published."
        }
    }
}
