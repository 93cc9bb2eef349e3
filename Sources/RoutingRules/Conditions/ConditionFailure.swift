/// A condition that a lead does not meet: the first reason why a rule did not match.
package struct ConditionFailure: Sendable, Hashable {
    /// Where, as a JSON pointer into the rule's conditions, such as `/industries` or `/where/all/1`.
    package let path: String
    /// The name of the field, such as `company_size`.
    package let field: String
    /// What people call it, such as `company size`.
    package let noun: String
    /// How it is compared, by the name of the operator; lists are `one_of`, `any` and `not` are themselves.
    package let op: String
    /// What the rule asks for, in words that follow `wants` and the noun.
    package let expected: String
    /// What the lead has, as written; nil if it has nothing.
    package let actual: String?
    /// The same for a log that outlives the lead: a personal value is replaced by what it is not.
    package let loggable: String
    /// The least that would have to be different for this condition to hold; nil if nothing would do.
    package let smallestChange: SmallestChange?
}

/// The least that would have to be different about a lead.
package struct SmallestChange: Sendable, Hashable {
    /// One field that would have to be different.
    package struct Change: Sendable, Hashable {
        /// The name of the field.
        package let field: String
        /// What the lead has now; nil if it has nothing.
        package let from: String?
        /// What it would need to have: a value, or what to do about one.
        package let to: String
    }

    /// The fields, each once.
    package let changes: [Change]

    /// How many fields that is.
    package var cost: Int { changes.count }

    /// A sentence for people.
    package var sentence: String {
        changes.isEmpty ? "" : "If " + changes.map { "\($0.field) \($0.to)" }.joined(separator: " and ") + "."
    }

    /// One change after the other; of a field that is in both, the first.
    static func + (one: SmallestChange, other: SmallestChange) -> SmallestChange {
        let fields = Set(one.changes.map(\.field))
        return SmallestChange(changes: one.changes + other.changes.filter { !fields.contains($0.field) })
    }
}

extension RuleConditions {
    /// Whether a lead meets all of them: the plain walk, which the index is tested against.
    ///
    /// A microsecond or so for each part.
    package func matches(_ lead: Lead) -> Bool {
        problems.isEmpty && Attribute.allCases.allSatisfy { isMet($0, by: lead) } && (tree?.isMet(by: lead) ?? true)
    }

    /// The first condition that a lead does not meet, lists before the tree; nil for a lead that meets all.
    package func firstFailure(for lead: Lead) -> ConditionFailure? {
        for attribute in Attribute.allCases where !isMet(attribute, by: lead) { return failure(attribute, lead) }
        return tree.flatMap { Self.failures(of: $0, lead, path: "/where", onlyFirst: true).first }
    }

    /// The first condition that a lead does not meet, as far as a sentence for the log needs it: without what would change it.
    func firstMiss(for lead: Lead) -> (wanted: String, loggable: String)? {
        for attribute in Attribute.allCases where !isMet(attribute, by: lead) {
            let wanted = ConditionText.list(values(for: attribute))
            return ("\(attribute.noun) \(wanted)", lead.loggableText(of: attribute.field))
        }
        return tree?.firstMiss(for: lead)
    }

    /// Every list, and every part of the tree that has to hold, that a lead does not meet.
    package func failures(for lead: Lead) -> [ConditionFailure] {
        let lists = Attribute.allCases.filter { !isMet($0, by: lead) }.map { failure($0, lead) }
        return lists + (tree.map { Self.failures(of: $0, lead, path: "/where", onlyFirst: false) } ?? [])
    }

    /// How many ``failures(for:)`` there are.
    func failureCount(for lead: Lead) -> Int {
        var count = Attribute.allCases.count { !isMet($0, by: lead) }
        func visit(_ node: ConditionNode) {
            if case .all(let parts) = node {
                parts.forEach(visit)
            } else if !node.isMet(by: lead) {
                count += 1
            }
        }
        if let tree { visit(tree) }
        return count
    }

    /// The least that would have to be different about a lead for all of the conditions to hold; nil if it meets them,
    /// or if nothing would do.
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

    /// Whether a lead meets the list that asks about an attribute.
    func isMet(_ attribute: Attribute, by lead: Lead) -> Bool {
        let values = values(for: attribute)
        guard !values.isEmpty else { return true }
        let field = attribute.field
        // Sizes and revenues of lists are compared as texts, as they always were.
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
    /// The first part that has to hold and that a lead does not meet, in words; nil for a lead that meets all.
    func firstMiss(for lead: Lead) -> (wanted: String, loggable: String)? {
        switch self {
        case .all(let parts):
            for part in parts {
                if let miss = part.firstMiss(for: lead) { return miss }
            }
            return nil
        case .comparison(let comparison):
            guard !comparison.isMet(by: lead) else { return nil }
            return ("\(comparison.field.noun) \(comparison.words)", comparison.loggable(lead))
        case .any, .not:
            guard !isMet(by: lead) else { return nil }
            let fields = fields
            return (words, fields.count == 1 ? lead.loggableText(of: fields[0]) : "meets none of it")
        }
    }

    /// Whether it is an `any`.
    var isChoice: Bool { if case .any = self { true } else { false } }

    /// The fields that it asks about, each once, in order.
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

    /// The node in words, as far as they fit a sentence.
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

    /// The least that would have to be different about a lead for the node to hold, or not to hold.
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
