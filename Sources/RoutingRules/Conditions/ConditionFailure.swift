/// A condition that a lead does not meet: why a rule did not match.
package struct ConditionFailure: Sendable, Hashable {
    /// The place, as a JSON pointer into the rule's conditions, such as `/industries` or `/where/all/1`.
    package let path: String
    /// The name of the field, such as `company_size`.
    package let field: String
    /// The field's name in a sentence, such as `company size`.
    package let noun: String
    /// The operator's name; lists are `one_of`, and `any` and `not` have their own names.
    package let op: String
    /// What the rule requires, in words that follow `wants` and the noun.
    package let expected: String
    /// The lead's value, as written; nil if it has none.
    package let actual: String?
    /// The same for a log that outlives the lead: without personal values.
    package let loggable: String
    /// The smallest change that would meet this condition; nil if there is none.
    package let smallestChange: SmallestChange?
}

/// The smallest change of a lead that would meet some conditions.
package struct SmallestChange: Sendable, Hashable {
    /// A change of one field.
    package struct Change: Sendable, Hashable {
        /// The name of the field.
        package let field: String
        /// The lead's value; nil if it has none.
        package let from: String?
        /// The value that it would need, or a description of it.
        package let to: String
    }

    /// The fields, each once.
    package let changes: [Change]

    /// The number of fields.
    package var cost: Int { changes.count }

    /// A sentence for display.
    package var sentence: String {
        changes.isEmpty ? "" : "If " + changes.map { "\($0.field) \($0.to)" }.joined(separator: " and ") + "."
    }

    /// Both changes; of a field that is in both, the first.
    static func + (one: SmallestChange, other: SmallestChange) -> SmallestChange {
        let fields = Set(one.changes.map(\.field))
        return SmallestChange(changes: one.changes + other.changes.filter { !fields.contains($0.field) })
    }
}

extension RuleConditions {
    /// Whether a lead meets all conditions; evaluates every part, and serves to test the index.
    ///
    /// Costs about a microsecond for each part.
    package func matches(_ lead: Lead) -> Bool {
        var steps = StepCount.unlimited
        return matches(lead, counting: &steps)
    }

    /// Whether a lead meets all conditions; the answer means nothing once the steps are used up.
    func matches(_ lead: Lead, counting steps: inout StepCount) -> Bool {
        problems.isEmpty && Attribute.allCases.allSatisfy { isMet($0, by: lead) }
            && (tree?.isMet(by: lead, counting: &steps) ?? true)
    }

    /// The first condition that a lead does not meet, lists before the tree; nil for a lead that meets all.
    package func firstFailure(for lead: Lead) -> ConditionFailure? {
        for attribute in Attribute.allCases where !isMet(attribute, by: lead) { return failure(attribute, lead) }
        return tree.flatMap { Self.failures(of: $0, lead, path: "/where", onlyFirst: true).first }
    }

    /// The first condition that a lead does not meet, in words for the log: without its smallest change.
    func firstMiss(for lead: Lead, counting steps: inout StepCount) -> (wanted: String, loggable: String)? {
        for attribute in Attribute.allCases where !isMet(attribute, by: lead) {
            let wanted = ConditionText.list(values(for: attribute))
            return ("\(attribute.noun) \(wanted)", lead.loggableText(of: attribute.field))
        }
        return tree?.firstMiss(for: lead, counting: &steps)
    }

    /// Every list, and every required part of the tree, that a lead does not meet.
    package func failures(for lead: Lead) -> [ConditionFailure] {
        let lists = Attribute.allCases.filter { !isMet($0, by: lead) }.map { failure($0, lead) }
        return lists + (tree.map { Self.failures(of: $0, lead, path: "/where", onlyFirst: false) } ?? [])
    }

    /// How many ``failures(for:)`` there are.
    func failureCount(for lead: Lead, counting steps: inout StepCount) -> Int {
        var count = Attribute.allCases.count { !isMet($0, by: lead) }
        func visit(_ node: ConditionNode) {
            if case .all(let parts) = node {
                parts.forEach(visit)
            } else if !node.isMet(by: lead, counting: &steps) {
                count += 1
            }
        }
        if let tree { visit(tree) }
        return count
    }

    /// The smallest change of a lead that would meet all conditions; nil if it meets them, or if there is none.
    package func smallestChange(for lead: Lead) -> SmallestChange? {
        let failures = failures(for: lead)
        guard !failures.isEmpty else { return nil }
        var change = SmallestChange(changes: [])
        for failure in failures {
            guard let part = failure.smallestChange else { return nil }
            change = change + part
        }
        return change
    }

    /// Whether a lead meets the list of an attribute.
    func isMet(_ attribute: Attribute, by lead: Lead) -> Bool {
        let values = values(for: attribute)
        guard !values.isEmpty else { return true }
        let field = attribute.field
        // Sizes and revenues of lists are compared as texts, for compatibility.
        if attribute == .companySize || attribute == .revenue {
            return lead.withFolded(field) { folded in
                guard let folded else { return false }
                return values.contains { FoldedText.withBytes(of: $0) { $0.elementsEqual(folded) } }
            }
        }
        return lead.forEachKey(of: field) { key in
            values.contains { ConditionKey.key(for: field, $0).elementsEqual(key) }
        }
    }

    private func failure(_ attribute: Attribute, _ lead: Lead) -> ConditionFailure {
        let expected = ConditionText.list(values(for: attribute))
        let field = attribute.field
        return ConditionFailure(
            path: "/" + attribute.rawValue,
            field: field.name,
            noun: attribute.noun,
            op: ConditionOperator.oneOf.rawValue,
            expected: expected,
            actual: lead.text(of: field),
            loggable: lead.loggableText(of: field),
            smallestChange: SmallestChange(changes: [
                .init(field: field.name, from: lead.text(of: field), to: "were \(expected)")
            ])
        )
    }

    private static func failures(
        of node: ConditionNode,
        _ lead: Lead,
        path: String,
        onlyFirst: Bool
    ) -> [ConditionFailure] {
        guard !node.isMet(by: lead) else { return [] }
        switch node {
        case .all(let parts):
            var failures: [ConditionFailure] = []
            for (index, part) in parts.enumerated() {
                failures += Self.failures(of: part, lead, path: "\(path)/all/\(index)", onlyFirst: onlyFirst)
                if onlyFirst, !failures.isEmpty { break }
            }
            return failures
        case .comparison(let comparison):
            return [
                ConditionFailure(
                    path: path,
                    field: comparison.field.name,
                    noun: comparison.field.noun,
                    op: comparison.op.rawValue,
                    expected: comparison.words,
                    actual: comparison.actual(lead),
                    loggable: comparison.loggable(lead),
                    smallestChange: node.change(of: lead, isWanted: true)
                )
            ]
        case .any, .not:
            let fields = node.fields
            return [
                ConditionFailure(
                    path: path,
                    field: fields.count == 1 ? fields[0].name : "",
                    noun: fields.count == 1 ? fields[0].noun : "",
                    op: node.isChoice ? "any" : "not",
                    expected: node.words,
                    actual: fields.count == 1 ? lead.text(of: fields[0]) : nil,
                    loggable: fields.count == 1 ? lead.loggableText(of: fields[0]) : "meets none of it",
                    smallestChange: node.change(of: lead, isWanted: true)
                )
            ]
        }
    }
}

extension ConditionNode {
    /// The first required part that a lead does not meet, in words; nil for a lead that meets all.
    func firstMiss(for lead: Lead, counting steps: inout StepCount) -> (wanted: String, loggable: String)? {
        switch self {
        case .all(let parts):
            for part in parts {
                if let miss = part.firstMiss(for: lead, counting: &steps) { return miss }
            }
            return nil
        case .comparison(let comparison):
            guard !comparison.isMet(by: lead, counting: &steps) else { return nil }
            return ("\(comparison.field.noun) \(comparison.words)", comparison.loggable(lead))
        case .any, .not:
            guard !isMet(by: lead, counting: &steps) else { return nil }
            let fields = fields
            return (words, fields.count == 1 ? lead.loggableText(of: fields[0]) : "meets none of it")
        }
    }

    /// Whether it is an `any`.
    var isChoice: Bool { if case .any = self { true } else { false } }

    /// The fields that it reads, each once, in order.
    package var fields: [ConditionField] {
        var fields: [ConditionField] = []
        func visit(_ node: ConditionNode) {
            switch node {
            case .all(let parts), .any(let parts): parts.forEach(visit)
            case .not(let part): visit(part)
            case .comparison(let comparison):
                if !fields.contains(comparison.field) { fields.append(comparison.field) }
            }
        }
        visit(self)
        return fields
    }

    /// The node in words, shortened to fit a sentence.
    package var words: String {
        switch self {
        case .all(let parts): Self.joined(parts, "and")
        case .any(let parts): Self.joined(parts, "or")
        case .not(let part): "not (\(part.words))"
        case .comparison(let comparison): "\(comparison.field.noun) \(comparison.words)"
        }
    }

    private static func joined(_ parts: [ConditionNode], _ word: String) -> String {
        var texts = parts.prefix(4)
            .map { part in
                if case .comparison = part { part.words } else { parts.count > 1 ? "(\(part.words))" : part.words }
            }
        if parts.count > 4 { texts.append("\(parts.count - 4) more") }
        return texts.joined(separator: " \(word) ")
    }

    /// The smallest change of a lead that makes the node true (or false).
    func change(of lead: Lead, isWanted: Bool) -> SmallestChange? {
        guard isMet(by: lead) != isWanted else { return SmallestChange(changes: []) }
        func allOf(_ parts: [ConditionNode], _ isWanted: Bool) -> SmallestChange? {
            var change = SmallestChange(changes: [])
            for part in parts {
                guard let one = part.change(of: lead, isWanted: isWanted) else { return nil }
                change = change + one
            }
            return change
        }
        func cheapest(_ parts: [ConditionNode], _ isWanted: Bool) -> SmallestChange? {
            parts.compactMap { $0.change(of: lead, isWanted: isWanted) }.min { $0.cost < $1.cost }
        }
        switch self {
        case .all(let parts): return isWanted ? allOf(parts, true) : cheapest(parts, false)
        case .any(let parts): return isWanted ? cheapest(parts, true) : allOf(parts, false)
        case .not(let part): return part.change(of: lead, isWanted: !isWanted)
        case .comparison(let comparison):
            let to = isWanted ? "were \(comparison.words)" : "were not \(comparison.words)"
            return SmallestChange(changes: [
                .init(field: comparison.field.name, from: comparison.actual(lead), to: to)
            ])
        }
    }
}
