import FoundationEssentials
import JSON
import RoutingRules

extension JSONWriter {
    /// Why a lead is where it is.
    mutating func explanation(_ explanation: LeadExplanation) {
        object { writer in
            writer.member("leadId", explanation.leadID)
            writer.member("status", explanation.status.rawValue)
            writer.member("workspaceId", explanation.workspaceID)
            writer.member("summary", explanation.headline)
            writer.member("since", explanation.aftermath)
            writer.member("erasedAt", time: explanation.erasedAt)
            writer.member("isDuplicate", explanation.isDuplicate)
            writer.member("duplicateLeadId", explanation.duplicateLeadID)
            writer.key("decision")
            if let attempt = explanation.attempt, let chosen = explanation.chosen {
                writer.decision(attempt, number: chosen + 1, for: explanation.viewpoint.reader)
            } else {
                writer.null()
            }
            writer.reproduction(of: explanation)
            writer.ruleSet(explanation.ruleSet)
            writer.key("lead")
            writer.array(LeadFacts(explanation.lead).facts) { writer, fact in
                writer.object { writer in
                    writer.member("field", fact.field)
                    writer.member("given", fact.given)
                    writer.member("understood", fact.understood)
                }
            }
            writer.key("rules")
            writer.array(explanation.steps) { $0.step($1, of: explanation) }
            writer.key("counts")
            let counts = explanation.counts
            writer.object { writer in
                writer.member("rules", counts.rules)
                writer.member("matched", counts.matched)
                writer.member("notShown", counts.notShown)
                writer.member("notEvaluated", min(explanation.trace.notEvaluated, counts.rules))
            }
            writer.member("capacity", explanation.capacity)
            writer.key("decisions")
            writer.array(explanation.attempts.enumerated()) {
                $0.decision($1.element, number: $1.offset + 1, for: explanation.viewpoint.reader)
            }
        }
    }

    private mutating func decision(_ attempt: LeadExplanation.Attempt, number: Int, for reader: TextReader) {
        object { writer in
            writer.member("number", number)
            writer.member("result", attempt.result)
            writer.member("reason", attempt.reason?.text(for: reader))
            writer.member("errorMessage", attempt.error?.text(for: reader))
            writer.member("attempt", attempt.attempt)
            writer.member("ruleSetVersion", attempt.ruleSetVersion)
            writer.member("destinationWorkspaceId", attempt.destinationWorkspaceID)
            writer.member("matchedRuleId", attempt.matchedRuleID)
            writer.member("actor", attempt.actor)
            writer.member("createdAt", time: attempt.at)
        }
    }

    private mutating func reproduction(of explanation: LeadExplanation) {
        switch explanation.reproduction {
        case .same:
            member("reproduced", true)
            member("cause", String?.none)
        case .different(let cause):
            member("reproduced", false)
            member("cause", cause.rawValue)
        case .none:
            key("reproduced")
            null()
            member("cause", String?.none)
        }
        member("note", explanation.reproductionSentence)
    }

    private mutating func ruleSet(_ facts: LeadExplanation.RuleSetFacts) {
        key("ruleSet")
        object { writer in
            writer.member("version", facts.version)
            writer.member("isCurrent", facts.isCurrent)
            writer.member("author", facts.author)
            writer.member("action", facts.action)
            writer.member("createdAt", time: facts.madeAt)
            writer.member("note", facts.note)
        }
    }

    private mutating func step(_ step: RuleTrace.Step, of explanation: LeadExplanation) {
        let isShown = explanation.shows(step)
        object { writer in
            writer.member("position", step.position)
            writer.member("ruleId", step.rule.id)
            writer.member("name", explanation.name(of: step))
            writer.member("priority", isShown ? step.rule.priority : nil)
            writer.member("isPlatform", step.isShared)
            writer.member("verdict", step.verdict.name)
            writer.member("destinationWorkspaceId", isShown ? step.rule.destinationWorkspaceID : nil)
            switch step.verdict {
            case .skipped(let because):
                let text = because.text(for: explanation.viewpoint.reader)
                writer.member("because", isShown ? text : nil)
            case .unreadable(let problem): writer.member("because", isShown ? problem.message : nil)
            default: writer.member("because", String?.none)
            }
            writer.key("failure")
            guard case .missed(let failure, let change) = step.verdict else {
                writer.null()
                writer.member("smallestChange", String?.none)
                return
            }
            writer.object { writer in
                writer.member("path", isShown ? "/conditions" + failure.path : nil)
                writer.member("field", failure.field)
                writer.member("expected", isShown ? failure.expected : nil)
                writer.member("actual", failure.actual)
            }
            writer.member("smallestChange", isShown ? change?.sentence : nil)
        }
    }
}
