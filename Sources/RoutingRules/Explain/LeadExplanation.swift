package import FoundationEssentials

/// Why a lead is where it is: one decision of its history, made again from what was stored.
package struct LeadExplanation: Sendable {
    /// One decision of the lead's history.
    package struct Attempt: Sendable, Hashable {
        /// What came of it, in the words of the log.
        package var result: String
        /// Why, in the words of the log.
        package var reason: String?
        /// What went wrong, if something did.
        package var error: String?
        /// Which attempt the log calls it, from 1.
        package var attempt: Int?
        /// The rules that it was made under, as far as the log says.
        package var ruleSetVersion: Int64?
        /// Where the lead went.
        package var destinationWorkspaceID: UUID?
        /// The rule that matched.
        package var matchedRuleID: UUID?
        /// The caller that asked for it, if any.
        package var actor: String?
        /// When, in microseconds since 1970.
        package var at: Int64

        /// A decision.
        package init(
            result: String,
            reason: String?,
            error: String?,
            attempt: Int?,
            ruleSetVersion: Int64?,
            destinationWorkspaceID: UUID?,
            matchedRuleID: UUID?,
            actor: String?,
            at: Int64
        ) {
            self.result = result
            self.reason = reason
            self.error = error
            self.attempt = attempt
            self.ruleSetVersion = ruleSetVersion
            self.destinationWorkspaceID = destinationWorkspaceID
            self.matchedRuleID = matchedRuleID
            self.actor = actor
            self.at = at
        }
    }

    /// The rule set that the rules below are of.
    package struct RuleSetFacts: Sendable, Hashable {
        /// Its version.
        package var version: Int64
        /// Whether it is the one in force.
        package var isCurrent: Bool
        /// Who made it, when it is recorded.
        package var author: String?
        /// How it came about: `edit`, `publish` and so on.
        package var action: String?
        /// When it was made, in microseconds since 1970.
        package var madeAt: Int64?
        /// Why, in the author's words.
        package var note: String?

        /// A version of the rule set.
        package init(
            version: Int64,
            isCurrent: Bool,
            author: String? = nil,
            action: String? = nil,
            madeAt: Int64? = nil,
            note: String? = nil
        ) {
            self.version = version
            self.isCurrent = isCurrent
            self.author = author
            self.action = action
            self.madeAt = madeAt
            self.note = note
        }
    }

    /// Whether making the decision again came to what the log says.
    package enum Reproduction: Sendable, Hashable {
        /// The same.
        case same
        /// Something else, most likely because of this.
        case different(Cause)
        /// There was nothing to decide by the rules, or nothing has been decided yet.
        case none
    }

    /// Why a decision could not be made again.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// The lead was changed after the decision.
        case leadChanged = "lead-changed"
        /// The rule set of that time is not kept.
        case versionNotKept = "version-not-kept"
        /// Caps and turns as they stood are not kept.
        case stateNotKept = "state-not-kept"
        /// Another program decided, and kept no version.
        case decidedElsewhere = "decided-elsewhere"
        /// The person was erased, with the data that the rules read.
        case erased
        /// None of these.
        case unknown

        /// The cause as a sentence.
        package var sentence: String {
            switch self {
            case .leadChanged: "The lead has been changed since, and was decided as it stood then."
            case .versionNotKept: "The rule set of that time is not kept; these are the rules in force."
            case .stateNotKept: "Caps and turns as they stood then are not kept, and this decision depends on them."
            case .decidedElsewhere:
                "Another program made this decision and kept no version; these are the rules of that moment."
            case .erased: "The person was erased, with the data that the rules read."
            case .unknown: "The cause is not known: please report it with the lead's id."
            }
        }
    }

    /// Messages and their receivers.
    package enum Viewpoint: Sendable, Hashable {
        /// Everything, to administrators.
        case everything
        /// To the workspace that sent the lead: its own rules whole, those of the platform by name and verdict.
        case sender(UUID)
        /// To a workspace that has the lead from another: the rule that sent it, and how many there are.
        case receiver
    }

    /// The lead.
    package var leadID: UUID
    /// Its place in the state machine now.
    package var status: LeadStatus
    /// Where it is now.
    package var workspaceID: UUID?
    /// What the partner sent.
    package var lead: Lead
    /// Its decisions, oldest first; an undecided lead has none.
    package var attempts: [Attempt]
    /// Which of them is explained; nil for a preview of what the rules in force would do.
    package var chosen: Int?
    /// The last line of the log, if that is no decision: `requeued`, `released` or `expired`.
    package var since: Attempt?
    /// The lead that came first, if this one is a duplicate and the reader may see that one.
    package var duplicateLeadID: UUID?
    /// Whether this one is a duplicate.
    package var isDuplicate: Bool
    /// The rules.
    package var ruleSet: RuleSetFacts
    /// Whether making the decision again came to what the log says.
    package var reproduction: Reproduction
    /// How the lead fared with each rule.
    package var trace: RuleTrace
    /// Caps, turns and clocks as the decision saw them, in words.
    package var capacity: [String]
    /// The names of workspaces.
    package var workspaceNames: [UUID: String]
    /// The message.
    package var viewpoint: Viewpoint
    /// When the person was erased, in microseconds since 1970; nil: they were not.
    package var erasedAt: Int64?

    /// An explanation of these parts.
    package init(
        leadID: UUID,
        status: LeadStatus,
        workspaceID: UUID?,
        lead: Lead,
        attempts: [Attempt],
        chosen: Int?,
        since: Attempt?,
        duplicateLeadID: UUID?,
        isDuplicate: Bool,
        ruleSet: RuleSetFacts,
        reproduction: Reproduction,
        trace: RuleTrace,
        capacity: [String],
        workspaceNames: [UUID: String],
        viewpoint: Viewpoint,
        erasedAt: Int64? = nil
    ) {
        self.leadID = leadID
        self.status = status
        self.workspaceID = workspaceID
        self.lead = lead
        self.attempts = attempts
        self.chosen = chosen
        self.since = since
        self.duplicateLeadID = duplicateLeadID
        self.isDuplicate = isDuplicate
        self.ruleSet = ruleSet
        self.reproduction = reproduction
        self.trace = trace
        self.capacity = capacity
        self.workspaceNames = workspaceNames
        self.viewpoint = viewpoint
        self.erasedAt = erasedAt
    }

    /// The decision that is explained.
    package var attempt: Attempt? { chosen.map { attempts[$0] } }

    /// The steps that the reader may see.
    package var steps: [RuleTrace.Step] {
        // What rules say to an empty lead is about no person.
        if erasedAt != nil { return [] }
        return switch viewpoint {
        case .everything, .sender: trace.steps
        case .receiver: trace.steps.filter { $0.rule.id == attempt?.matchedRuleID }
        }
    }

    /// Whether the reader may see what a rule asks for and where it sends.
    package func shows(_ step: RuleTrace.Step) -> Bool {
        switch viewpoint {
        case .everything: true
        case .sender(let own): step.rule.workspaceID == own
        case .receiver: false
        }
    }

    /// What happened, in one line.
    package var headline: String {
        func name(_ id: UUID?) -> String {
            guard let id else { return "nowhere" }
            return workspaceNames[id].map { "“\($0)”" } ?? "workspace \(id.text)"
        }
        guard let attempt else {
            return "Not decided yet; the rules in force would say: \(trace.decision.reason)"
        }
        switch attempt.result {
        case "success":
            let rule = trace.decisive.flatMap { $0.rule.id == attempt.matchedRuleID ? $0.rule.name : nil }
            return "Routed to \(name(attempt.destinationWorkspaceID))" + (rule.map { " by rule “\($0)”." } ?? ".")
        case "unmatched": return "No rule took it; kept in its source workspace."
        case "fallback": return "No rule took it; sent to the fallback \(name(attempt.destinationWorkspaceID))."
        case "duplicate": return "A duplicate: the same lead was sent before. It stays in its source workspace."
        case "retry": return "Not routed yet; it is tried again."
        case "waiting": return "Waiting until a destination can take it."
        case "failed": return "Failed for good."
        case let other: return "Last decision: \(other)."
        }
    }

    /// What became of it since the decision, if the log says so.
    package var aftermath: String? {
        guard let since else { return nil }
        switch since.result {
        case "requeued":
            return "Put back into the queue\(since.actor.map { " by \($0)" } ?? "") since; it is decided again."
        case "released": return "Its lock was released since; it is decided again."
        case "expired": return "Expired since: it was not routed in time."
        case "returned":
            let place = since.destinationWorkspaceID.flatMap { workspaceNames[$0] }.map { " by “\($0)”" } ?? ""
            let actor = since.actor.map { " (\($0))" } ?? ""
            let reason = since.reason.map { ": \($0)" } ?? ""
            return "Returned since\(place)\(actor)\(reason). It is in its source workspace."
        case let other: return "Since then: \(other)."
        }
    }

    /// Whether and why not the decision could be made again, as a sentence.
    package var reproductionSentence: String {
        switch reproduction {
        case .same: "Decided again from stored data, with the same result."
        case .different(.erased):
            "Not decided again: the person was erased, with the data that the rules read. The log keeps the decision."
        case .different(let cause):
            "Decided again, the result differs: \(trace.decision.reason) \(cause.sentence)"
        case .none:
            attempt == nil
                ? "A preview under the rules in force; nothing is decided yet."
                : isDuplicate
                    ? "Duplicates are decided by identity, before the rules. The rules show where the lead would have gone otherwise."
                    : "The rules did not decide this log row. They show where the lead would go otherwise."
        }
    }
}
