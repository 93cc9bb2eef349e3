import JSON

/// Facts that hold for every lead that meets a conjunction of comparisons and lists.
///
/// Sound in both directions: no lead meets what it calls contradictory, and every lead that meets the facts meets what
/// it calls implied. Complete for equalities, presence, and ranges of numbers and bands; prefixes, suffixes and
/// substrings are compared with each other; other comparisons are equal only if they are spelt the same.
struct ConditionFacts {
    /// A comparison, its negation, or a part that is not analysed.
    struct Literal: Hashable {
        var node: ConditionNode
        var isNegated: Bool
    }

    private struct Field {
        var exists = false
        var isMissing = false
        /// The possible values, as equality compares them.
        var allowed: Set<[UInt8]>?
        /// The possible values as texts, if known.
        var texts: [String]?
        var excluded: Set<[UInt8]> = []
        /// Bounds of the lower and the upper end of its range.
        var least = -Double.infinity
        var greatest = Double.infinity
        var leastDate = -Double.infinity
        var greatestDate = Double.infinity
        var prefixes: [[UInt8]] = []
        var suffixes: [[UInt8]] = []
        var parts: [[UInt8]] = []
    }

    private let literals: Set<Literal>
    private var fields: [ConditionField: Field] = [:]
    /// Whether no lead meets all facts.
    private(set) var isContradictory = false

    /// The facts about leads that meet the lists and one conjunction.
    init(_ conditions: RuleConditions, _ conjunction: [Literal]) {
        literals = Set(conjunction)
        for attribute in Attribute.allCases {
            let values = conditions.values(for: attribute)
            guard !values.isEmpty else { continue }
            let keys = values.map { ConditionKey.key(for: attribute.field, $0) }
            restrict(attribute.field, to: Set(keys), texts: values)
        }
        for literal in conjunction {
            if literals.contains(Literal(node: literal.node, isNegated: !literal.isNegated)) { isContradictory = true }
            guard case .comparison(let comparison) = literal.node else { continue }
            switch (comparison.op, literal.isNegated) {
            case (.exists, true): fields[comparison.field, default: Field()].isMissing = true
            case (.missing, true): fields[comparison.field, default: Field()].exists = true
            case (_, true): break
            case (_, false): note(comparison)
            }
        }
        isContradictory = isContradictory || fields.contains { Self.isEmpty($0.value, $0.key) }
        isContradictory = isContradictory || conjunction.contains { isImpossible($0) }
    }

    private mutating func restrict(_ name: ConditionField, to keys: Set<[UInt8]>, texts: [String]?) {
        var field = fields[name] ?? Field()
        field.exists = true
        if name == .region {
            // A state has a region, a division and its own name, so two equalities may hold at once.
            field.allowed = field.allowed ?? keys
        } else {
            field.allowed = field.allowed.map { $0.intersection(keys) } ?? keys
        }
        // If the values are narrowed later, the texts are a larger set than necessary, which is safe.
        if let texts, field.texts.map({ $0.count > texts.count }) ?? true { field.texts = texts }
        fields[name] = field
    }

    private mutating func note(_ comparison: Comparison) {
        switch (comparison.op, comparison.test) {
        case (.missing, _): fields[comparison.field, default: Field()].isMissing = true
        case (.notEquals, .keys(let keys)), (.notOneOf, .keys(let keys)):
            fields[comparison.field, default: Field()].excluded.formUnion(keys.keys)
            fields[comparison.field, default: Field()].exists = true
        case (_, .keys(let keys)):
            restrict(comparison.field, to: Set(keys.keys), texts: comparison.value.flatMap(Self.texts))
        default:
            var field = fields[comparison.field] ?? Field()
            field.exists = true
            switch comparison.test {
            case .startsWith(let text): field.prefixes.append(text)
            case .endsWith(let text): field.suffixes.append(text)
            case .contains(let text): field.parts.append(text)
            case .numbers(let bound):
                (field.least, field.greatest) = Self.narrowed(field.least, field.greatest, bound, comparison.op)
            case .dates(let bound):
                (field.leastDate, field.greatestDate) =
                    Self.narrowed(field.leastDate, field.greatestDate, bound, comparison.op)
            default: break
            }
            fields[comparison.field] = field
            if case .freeMail = comparison.test { fields[.emailDomain, default: Field()].exists = true }
        }
    }

    /// Bounds that also hold if a comparison holds: of the lower end (from below) and of the upper end (from above).
    private static func narrowed(
        _ least: Double,
        _ greatest: Double,
        _ bound: Extent,
        _ op: ConditionOperator
    ) -> (Double, Double) {
        switch op {
        case .lessThan: (least, min(greatest, bound.lower.nextDown))
        case .atMost: (least, min(greatest, bound.upper))
        case .greaterThan: (max(least, bound.upper.nextUp), greatest)
        case .atLeast: (max(least, bound.lower), greatest)
        case .between: (max(least, bound.lower), min(greatest, bound.upper))
        default: (least, greatest)
        }
    }

    private static func texts(_ value: JSONValue) -> [String]? {
        switch value {
        case .string(let text): return [text]
        case .array(let elements):
            var texts: [String] = []
            for element in elements {
                guard case .string(let text) = element else { return nil }
                texts.append(text)
            }
            return texts
        default: return nil
        }
    }

    private static func isEmpty(_ field: Field, _ name: ConditionField) -> Bool {
        if field.exists, field.isMissing { return true }
        if field.least > field.greatest || field.leastDate > field.greatestDate { return true }
        guard let allowed = field.allowed else { return false }
        return allowed.isEmpty || (name != .region && allowed.isSubset(of: field.excluded))
    }

    /// Whether a literal contradicts every possible value of its field.
    private func isImpossible(_ literal: Literal) -> Bool {
        guard case .comparison(let comparison) = literal.node else { return false }
        return holds(comparison, forAllValues: literal.isNegated)
    }

    /// Whether a comparison holds for all (or for none) of its field's possible values, if these are known as texts.
    private func holds(_ comparison: Comparison, forAllValues isWanted: Bool) -> Bool {
        guard let field = fields[comparison.field], let texts = field.texts, !texts.isEmpty,
            let leads = Self.leads(with: comparison, texts)
        else { return false }
        return leads.allSatisfy { comparison.isMet(by: $0) == isWanted }
    }

    /// Leads with each of the values, if only the value decides the comparison.
    private static func leads(with comparison: Comparison, _ texts: [String]) -> [Lead]? {
        switch (comparison.field, comparison.test) {
        case (.industry, _): texts.map { Lead(industry: $0) }
        case (.company, _): texts.map { Lead(companyName: $0) }
        case (.source, _): texts.map { Lead(source: $0) }
        case (.sourceID, _): texts.map { Lead(sourceID: $0) }
        case (.city, _): texts.map { Lead(location: LeadLocation(city: $0)) }
        case (.email, _): texts.map { Lead(email: $0) }
        case (.emailDomain, _): texts.map { Lead(email: "a@" + $0) }
        // Equal bands may be written in many ways.
        case (.companySize, .numbers), (.companySize, .keys): texts.map { Lead(companySize: $0) }
        case (.revenue, .numbers), (.revenue, .keys): texts.map { Lead(revenue: $0) }
        default: nil
        }
    }

    /// The possible values of a field, if they are known as texts.
    func texts(of field: ConditionField) -> [String]? { fields[field]?.texts }

    /// Whether every lead that meets the facts meets a literal.
    func imply(_ literal: Literal) -> Bool {
        if isContradictory || literals.contains(literal) { return true }
        guard case .comparison(let comparison) = literal.node else { return false }
        let field = fields[comparison.field]
        if literal.isNegated {
            if field?.isMissing == true, comparison.op != .missing { return true }
            if comparison.op == .missing, field?.exists == true { return true }
            return holds(comparison, forAllValues: false)
        }
        guard let field else { return false }
        if holds(comparison, forAllValues: true) { return true }
        switch (comparison.op, comparison.test) {
        case (.exists, _): return field.exists
        case (.missing, _): return field.isMissing
        case (.notEquals, .keys(let keys)), (.notOneOf, .keys(let keys)):
            guard field.exists else { return false }
            if field.excluded.isSuperset(of: keys.keys) { return true }
            return comparison.field != .region && field.allowed?.isDisjoint(with: keys.keys) == true
        case (_, .keys(let keys)): return field.allowed?.isSubset(of: keys.keys) == true
        case (_, .numbers(let bound)): return Self.imply(field.least, field.greatest, bound, comparison.op)
        case (_, .dates(let bound)): return Self.imply(field.leastDate, field.greatestDate, bound, comparison.op)
        case (_, .startsWith(let text)): return field.prefixes.contains { $0.starts(with: text) }
        case (_, .endsWith(let text)): return field.suffixes.contains { $0.reversed().starts(with: text.reversed()) }
        case (_, .contains(let text)):
            if case .metadata = comparison.field { return false }
            return (field.prefixes + field.suffixes + field.parts).contains { Self.isFound(text, in: $0) }
        default: return false
        }
    }

    private static func imply(_ least: Double, _ greatest: Double, _ bound: Extent, _ op: ConditionOperator) -> Bool {
        switch op {
        case .lessThan: greatest < bound.lower
        case .atMost: greatest <= bound.upper
        case .greaterThan: least > bound.upper
        case .atLeast: least >= bound.lower
        case .between, .overlaps: least >= bound.lower && greatest <= bound.upper
        default: false
        }
    }

    private static func isFound(_ part: [UInt8], in text: [UInt8]) -> Bool {
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }
}

extension ConditionNode {
    /// The disjunctive form of the node: exactly one of at most `limit` conjunctions must hold; nil if there would be
    /// more.
    func conjunctions(isNegated: Bool = false, limit: Int = 32) -> [[ConditionFacts.Literal]]? {
        switch self {
        case .comparison: return [[.init(node: self, isNegated: isNegated)]]
        case .not(let part): return part.conjunctions(isNegated: !isNegated, limit: limit)
        case .all(let parts), .any(let parts):
            var isConjunction = isNegated
            if case .all = self { isConjunction.toggle() }
            var result: [[ConditionFacts.Literal]] = isConjunction ? [[]] : []
            for part in parts {
                guard let inner = part.conjunctions(isNegated: isNegated, limit: limit) else { return nil }
                result = isConjunction ? result.flatMap { one in inner.map { one + $0 } } : result + inner
                if result.count > limit { return nil }
            }
            return result
        }
    }
}

/// The facts about the leads of one rule, one for each way to meet its tree.
struct RuleFacts {
    /// One for each way; empty, which means unknown, if there are too many.
    let ways: [ConditionFacts]
    private let tree: ConditionNode?
    private let isKnown: Bool

    init(_ conditions: RuleConditions) {
        tree = conditions.tree
        guard let tree else {
            ways = [ConditionFacts(conditions, [])]
            isKnown = true
            return
        }
        guard let conjunctions = tree.conjunctions() else {
            ways = []
            isKnown = false
            return
        }
        ways = conjunctions.map { ConditionFacts(conditions, $0) }
        isKnown = true
    }

    /// The conditions with a list for each equality of the tree that has none: fewer cells, and the same leads.
    func narrowed(_ conditions: RuleConditions) -> RuleConditions {
        guard ways.count == 1, let only = ways.first, tree != nil else { return conditions }
        var narrowed = conditions
        if conditions.industries.isEmpty, let texts = only.texts(of: .industry) { narrowed.industries = texts }
        if conditions.countries.isEmpty, let texts = only.texts(of: .country) { narrowed.countries = texts }
        if conditions.usStates.isEmpty, let texts = only.texts(of: .usState) { narrowed.usStates = texts }
        return narrowed
    }

    /// Whether no lead meets the tree and the lists.
    var isContradictory: Bool { isKnown && ways.allSatisfy(\.isContradictory) }

    /// Whether every lead of the rule meets another tree.
    func imply(_ other: ConditionNode?) -> Bool {
        guard let other, other != tree else { return true }
        guard isKnown, let wanted = other.conjunctions() else { return false }
        return ways.allSatisfy { facts in wanted.contains { $0.allSatisfy(facts.imply) } }
    }
}
