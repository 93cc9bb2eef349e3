package import FoundationEssentials

/// Why a lead is where it is: one decision of its history, repeated from stored data.
package struct LeadExplanation: Sendable {
    /// One decision of the lead's history.
    package struct Attempt: Sendable, Hashable {
        /// The result, as the log has it.
        package var result: String
        /// The reason, as the log has it.
        package var reason: RoutingText?
        /// The error, if the decision failed.
        package var error: RoutingText?
        /// The number of the attempt in the log, from 1.
        package var attempt: Int?
        /// The version of the rules, if the log has it.
        package var ruleSetVersion: Int64?
        /// The destination.
        package var destinationWorkspaceID: UUID?
        /// The rule that matched.
        package var matchedRuleID: UUID?
        /// The caller that requested it, if any.
        package var actor: String?
        /// The time, in microseconds since 1970.
        package var at: Int64

        /// A decision.
        package init(
            result: String,
            reason: RoutingText?,
            error: RoutingText?,
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

    /// The rule set version that the explanation uses.
    package struct RuleSetFacts: Sendable, Hashable {
        /// Its version.
        package var version: Int64
        /// Whether it is the current version.
        package var isCurrent: Bool
        /// The author, if recorded.
        package var author: String?
        /// The action that created it: `edit`, `publish` and so on.
        package var action: String?
        /// When it was made, in microseconds since 1970.
        package var madeAt: Int64?
        /// The author's note.
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

    /// Whether the repeated decision gave the logged result.
    package enum Reproduction: Sendable, Hashable {
        /// It gave the same result.
        case same
        /// It gave another result, probably because of this.
        case different(Cause)
        /// The rules did not decide, or nothing has been decided yet.
        case none
    }

    /// Why a repeated decision may differ.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// The lead was changed after the decision.
        case leadChanged = "lead-changed"
        /// The rule set of that time was not kept.
        case versionNotKept = "version-not-kept"
        /// Caps and turns of that time were not kept.
        case stateNotKept = "state-not-kept"
        /// Another program decided, and recorded no version.
        case decidedElsewhere = "decided-elsewhere"
        /// The person was erased, with the data that the rules read.
        case erased
        /// Unknown.
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

    /// The reader of an explanation, who determines what it shows.
    package enum Viewpoint: Sendable, Hashable {
        /// An administrator, who sees everything.
        case everything
        /// The workspace that sent the lead: it sees its own rules, and of the platform's only which one took the lead.
        case sender(UUID)
        /// A workspace that received the lead from another: it sees no rules.
        case receiver(UUID)

        /// The reader of the texts.
        package var reader: TextReader {
            switch self {
            case .everything: .administrator
            case .sender(let id), .receiver(let id): .workspace(id)
            }
        }
    }

    /// The lead.
    package var leadID: UUID
    /// Its current status.
    package var status: LeadStatus
    /// Its current workspace.
    package var workspaceID: UUID?
    /// The values that the partner sent.
    package var lead: Lead
    /// Its decisions, oldest first; an undecided lead has none.
    package var attempts: [Attempt]
    /// Which decision is explained; nil for a preview under the current rules.
    package var chosen: Int?
    /// The last line of the log, if it is not a decision: `requeued`, `released` or `expired`.
    package var since: Attempt?
    /// The lead that came first, if this one is a duplicate and the reader may see that one.
    package var duplicateLeadID: UUID?
    /// Whether this one is a duplicate.
    package var isDuplicate: Bool
    /// The rule set.
    package var ruleSet: RuleSetFacts
    /// Whether the repeated decision gave the logged result.
    package var reproduction: Reproduction
    /// The result of each rule for the lead.
    package var trace: RuleTrace
    /// Caps, turns and clocks at the time of the decision, in words; those that the reader may read.
    package var capacity: [String] {
        trace.capacity.map { $0.text(for: viewpoint.reader) }.filter { !$0.isEmpty }
    }
    /// The names of workspaces.
    package var workspaceNames: [UUID: String]
    /// The reader.
    package var viewpoint: Viewpoint
    /// When the person was erased, in microseconds since 1970; nil if not erased.
    package var erasedAt: Int64?

    /// An explanation.
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
        self.workspaceNames = workspaceNames
        self.viewpoint = viewpoint
        self.erasedAt = erasedAt
    }

    /// The decision that is explained.
    package var attempt: Attempt? { chosen.map { attempts[$0] } }

    /// The steps that the reader may see.
    package var steps: [RuleTrace.Step] {
        // What the rules show for an erased lead would be about empty data.
        if erasedAt != nil { return [] }
        return switch viewpoint {
        case .everything: trace.steps
        case .sender, .receiver: trace.steps.filter { shows($0) || isKnownToHaveDecided($0) }
        }
    }

    /// Whether the reader may see a rule: its name, conditions and destination.
    package func shows(_ step: RuleTrace.Step) -> Bool { viewpoint.reader.reads(ownedBy: step.rule.workspaceID) }

    /// Whether a rule decided, as the lead itself tells its readers by the rule's id.
    private func isKnownToHaveDecided(_ step: RuleTrace.Step) -> Bool {
        guard let rule = attempt?.matchedRuleID else { return false }
        return step.rule.id == rule
    }

    /// The name of a rule for the reader.
    package func name(of step: RuleTrace.Step) -> String? { shows(step) ? step.rule.name : nil }

    /// How many rules apply to the lead, how many match it, and how many are not listed; of those that the reader may see.
    package var counts: (rules: Int, matched: Int, notShown: Int) {
        switch viewpoint {
        case .everything: (trace.ruleCount, trace.matchCount, trace.ruleCount - steps.count)
        case .sender:
            (trace.ownCounts.rules, trace.ownCounts.matches, trace.ownCounts.rules - steps.count(where: shows))
        case .receiver: (0, 0, 0)
        }
    }

    /// The outcome, in one line.
    package var headline: String {
        func name(_ id: UUID?) -> String {
            guard let id else { return "nowhere" }
            return workspaceNames[id].map { "“\($0)”" }
                ?? (viewpoint == .everything ? "workspace \(id.text)" : "another workspace")
        }
        guard let attempt else {
            return "Not decided yet; the rules in force would say: \(trace.decision.reason.text(for: viewpoint.reader))"
        }
        switch attempt.result {
        case "success":
            let rule = trace.decisive.flatMap { $0.rule.id == attempt.matchedRuleID ? self.name(of: $0) : nil }
            return "Routed to \(name(attempt.destinationWorkspaceID))" + (rule.map { " by rule “\($0)”." } ?? ".")
        case "unmatched": return "No rule took it; kept in its source workspace."
        case "fallback": return "No rule took it; sent to the fallback \(name(attempt.destinationWorkspaceID))."
        case "duplicate": return "A duplicate: the same lead was sent before. It stays in its source workspace."
        case "retry": return "Not routed yet; it is tried again."
        case "waiting": return "Waiting until a destination can take it."
        case "failed": return "Failed permanently."
        case let other: return "Last decision: \(other)."
        }
    }

    /// What happened to it after the decision, if the log has it.
    package var aftermath: String? {
        guard let since else { return nil }
        switch since.result {
        case "requeued":
            return "Requeued\(since.actor.map { " by \($0)" } ?? "") since; it is decided again."
        case "released": return "Its lock was released since; it is decided again."
        case "expired": return "Expired since: it was not routed in time."
        case "returned":
            let place = since.destinationWorkspaceID.flatMap { workspaceNames[$0] }.map { " by “\($0)”" } ?? ""
            let actor = since.actor.map { " (\($0))" } ?? ""
            let reason = since.reason.map { ": \($0.text(for: viewpoint.reader))" } ?? ""
            return "Returned since\(place)\(actor)\(reason). It is in its source workspace."
        case let other: return "Since then: \(other)."
        }
    }

    /// Whether the decision could be repeated, and why not, as a sentence.
    package var reproductionSentence: String {
        switch reproduction {
        case .same: "Decided again from stored data, with the same result."
        case .different(.erased):
            "Not decided again: the person was erased, with the data that the rules read. The log keeps the decision."
        case .different(let cause):
            "Decided again, the result differs: \(trace.decision.reason.text(for: viewpoint.reader)) \(cause.sentence)"
        case .none:
            attempt == nil
                ? "A preview under the rules in force; nothing is decided yet."
                : isDuplicate
                    ? "Duplicates are decided by identity, before the rules. The rules show where the lead would have gone otherwise."
                    : "The rules did not decide this log row. They show where the lead would go otherwise."
        }
    }
}
