package import FoundationEssentials
package import Postgres
package import RoutingRules

/// The rules of one owner at one version.
package struct OwnedRuleSet: Sendable {
    /// Whose they are; nil: the platform's.
    package let owner: UUID?
    /// The newest version that changed them.
    package let version: Int64
    /// The rules and golden leads.
    package let document: RuleSetDocument
}

/// A rule set that is being worked on.
package struct RuleSetDraft: Sendable {
    /// What it says.
    package let document: RuleSetDocument
    /// The version of the owner's rules that it was made from.
    package let basedOn: Int64
    /// When it was saved.
    package let updatedAt: Timestamp
    /// Who saved it.
    package let updatedBy: String
}

/// A version in an owner's history, with what it changed.
package struct RuleSetVersionSummary: Sendable, Hashable {
    /// Who made it, when and how.
    package let version: RuleSetVersion
    /// How many rules there are since.
    package let rules: Int64
    /// How many rules it added, changed and removed.
    package let added: Int64
    /// See ``added``.
    package let changed: Int64
    /// See ``added``.
    package let removed: Int64
}

/// What a publication or a return has done.
package struct RuleSetPublication: Sendable, Hashable {
    /// The owner's version now; the one before when nothing differed.
    package let version: Int64
    /// How many rules are new.
    package let added: Int32
    /// How many differ.
    package let changed: Int32
    /// How many are gone.
    package let removed: Int32
}

/// Why a rule set is not published.
package enum RuleSetRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The owner's rules have changed since the draft was made from them.
    case moved(basedOn: Int64, version: Int64)
    /// There is no draft.
    case noDraft
    /// Something is wrong with the document, or golden leads go elsewhere.
    case problems([DocumentProblem])

    package var description: String {
        switch self {
        case .moved(let basedOn, let version):
            "The rules have changed: the draft was made from version \(basedOn), and version \(version) is live."
        case .noDraft: "There is no draft."
        case .problems(let problems): problems.map(\.description).joined(separator: "\n")
        }
    }

    /// What to do about it.
    package var remedy: String {
        switch self {
        case .moved(_, let version):
            "Compare the draft with the live rules, and save it again with version \(version)."
        case .noDraft: "Save one first: PUT /api/rule-sets/{owner}/draft, or `switchyard rules push`."
        case .problems: "Fix the errors listed; nothing was published."
        }
    }
}
