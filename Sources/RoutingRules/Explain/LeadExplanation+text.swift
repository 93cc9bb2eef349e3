import FoundationEssentials

extension LeadExplanation {
    /// The explanation for a terminal: one screen.
    ///
    /// - Parameters:
    ///   - limit: how many rules at most are printed.
    ///   - time: prints a time of microseconds since 1970.
    /// - Returns: the text, without a trailing line break.
    package func text(limit: Int = 24, time: (Int64) -> String) -> String {
        var lines = ["Lead \(leadID.text), now \(status.rawValue)", headline]
        if let aftermath { lines.append(aftermath) }
        if let erasedAt { lines.append("The person was erased \(Self.seconds(time(erasedAt))).") }
        lines.append("")
        lines += facts(time)
        guard erasedAt == nil else { return lines.joined(separator: "\n") }
        lines.append("")
        lines += leadLines
        lines.append("")
        lines += ruleLines(limit)
        let changes = changeLines
        if !changes.isEmpty { lines += ["", "What would have made a difference:"] + changes }
        return lines.joined(separator: "\n")
    }

    private func facts(_ time: (Int64) -> String) -> [String] {
        var lines: [String] = []
        func add(_ name: String, _ value: String) { lines.append("  " + name.padded(to: 10) + value) }
        if let attempt {
            if let reason = attempt.reason { add("because", reason.text(for: viewpoint.reader)) }
            if let error = attempt.error { add("error", error.text(for: viewpoint.reader)) }
            var when = Self.seconds(time(attempt.at))
            if let number = attempt.attempt { when += ", attempt \(number)" }
            if attempts.count > 1, let chosen { when += " (decision \(chosen + 1) of \(attempts.count))" }
            if let actor = attempt.actor { when += ", requested by \(actor)" }
            add("decided", when)
        }
        if isDuplicate {
            add("duplicate", duplicateLeadID.map { "of \($0.text)" } ?? "of a lead that you may not see")
        }
        var rules = "version \(ruleSet.version)\(ruleSet.isCurrent ? ", in force" : ", replaced since")"
        if let author = ruleSet.author { rules += ", by \(author)" }
        if let action = ruleSet.action, action != "edit" { rules += " (\(action))" }
        if let made = ruleSet.madeAt { rules += ", \(Self.seconds(time(made)))" }
        if let note = ruleSet.note { rules += ": \(note)" }
        add("rules", rules)
        for line in capacity.prefix(6) { add(line == capacity.first ? "capacity" : "", line) }
        if capacity.count > 6 { add("", "… and \(capacity.count - 6) more; --json has all") }
        add(reproduction == .same ? "check" : "note", reproductionSentence)
        return lines
    }

    private var leadLines: [String] {
        var lines = ["The lead, as the rules read it:"]
        for fact in LeadFacts(lead).facts {
            var value = fact.given.map(Self.short) ?? "–"
            if let understood = fact.understood { value += "  → \(understood)" }
            lines.append("  " + fact.field.replacing("_", with: " ").padded(to: 14) + value)
        }
        return lines
    }

    private func ruleLines(_ limit: Int) -> [String] {
        if case .receiver = viewpoint { return ["The rules belong to the sender of the lead."] }
        let counts = counts
        let isComplete = viewpoint == .everything
        guard counts.rules > 0 || !steps.isEmpty else {
            return [isComplete ? "There are no active rules for its leads." : "You have no active rules for its leads."]
        }
        let matched = "\(counts.matched == 1 ? "1 matches" : "\(counts.matched) match")"
        let whose = isComplete ? "Rules" : "Your rules"
        var lines = ["\(whose), in the order they are tried (\(counts.rules); \(matched)):"]
        let shown = shownSteps(limit)
        func name(_ step: RuleTrace.Step) -> String {
            self.name(of: step) ?? "a rule of the platform"
        }
        let width = min(shown.map { name($0).count }.max() ?? 0, 32)
        var last = 0
        for step in shown {
            if let position = step.position {
                if isComplete, position > last + 1 {
                    lines.append("        … \(position - last - 1) that did not match")
                }
                last = position
            }
            let place = step.position.map { "\($0)" } ?? "–"
            let name = Self.short(name(step), 32).padded(to: width)
            lines.append("  \(mark(step)) \(place.paddedLeft(to: 4))  \(name)  \(said(of: step))")
        }
        let end = applicableCount
        if isComplete, last < end { lines.append("        … \(end - last) more after these") }
        return lines
    }

    private var applicableCount: Int { trace.ruleCount - trace.steps.count { $0.position == nil } }

    /// The matching rules, then the nearest of the others, up to the limit, in order.
    private func shownSteps(_ limit: Int) -> [RuleTrace.Step] {
        guard steps.count > limit else { return steps }
        var chosen = steps.filter { if case .missed = $0.verdict { false } else { true } }
        chosen = Array(chosen.prefix(limit * 2 / 3))
        chosen += trace.nearest.filter { viewpoint == .everything || shows($0) }.prefix(limit - chosen.count)
        return chosen.sorted { ($0.position ?? .max) < ($1.position ?? .max) }
    }

    private func mark(_ step: RuleTrace.Step) -> String {
        switch step.verdict {
        case .took: "✔"
        case .waits: "…"
        case .skipped: "!"
        case .comesLater, .tooCostly: "·"
        case .missed: "✗"
        case .unreadable: "?"
        }
    }

    private func said(of step: RuleTrace.Step) -> String {
        switch step.verdict {
        case .took:
            guard shows(step), case .routed(let destination, _, _) = trace.decision.outcome else { return "took it" }
            let name = workspaceNames[destination].map { "“\($0)”" }
            return "took it, to \(name ?? (viewpoint == .everything ? destination.text : "another workspace"))"
        case .waits: return "the lead waits for it"
        case .skipped(let because):
            return shows(step) ? "matched; skipped: \(because.text(for: viewpoint.reader))" : "matched; skipped"
        case .comesLater: return "would match as well, but comes later"
        case .tooCostly: return "passed over: its conditions take more steps than a decision may"
        case .missed(let failure, _):
            guard shows(step) else { return "did not match (\(failure.noun))" }
            let actual = failure.actual.map { "has \(Self.short($0))" } ?? "has none"
            return "wants \(failure.noun) \(Self.short(failure.expected)); the lead \(actual)"
        case .unreadable(let problem):
            return "ignored: its conditions cannot be read\(problem.field.isEmpty ? "" : " (\(problem.field))")"
        }
    }

    private var changeLines: [String] {
        if case .receiver = viewpoint { return [] }
        let decisive = trace.decisive?.position ?? .max
        return trace.nearest.filter { ($0.position ?? .max) < decisive && shows($0) && $0.isUsable }.prefix(3)
            .compactMap { step in
                guard case .missed(_, let change?) = step.verdict else { return nil }
                let parts = change.changes.map { "\($0.field.replacing("_", with: " ")) \($0.to)" }
                return
                    "  “\(Self.short(step.rule.name, 32))” would have matched if \(parts.joined(separator: " and "))."
            }
    }

    /// A time to the second.
    private static func seconds(_ time: String) -> String {
        guard let dot = time.firstIndex(of: "."), time.hasSuffix("Z") else { return time }
        return time[..<dot] + "Z"
    }

    /// A value for one line.
    private static func short(_ value: String) -> String { short(value, 60) }

    private static func short(_ value: String, _ limit: Int) -> String {
        let line = value.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) }
        return line.count > limit ? String(line.prefix(limit - 1)) + "…" : String(line)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    fileprivate func paddedLeft(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
