/// An equality that a rule's conditions require of a field: the part that an index can look up.
struct IndexedTerm: Sendable {
    /// A field of the index.
    enum Field: Hashable, Sendable {
        /// Compared as in comparisons.
        case field(ConditionField)
        /// Compared as text, as in the lists of sizes and revenues, whatever band it means.
        case text(ConditionField)

        /// Calls `body` with each key of the lead's value, until it returns true.
        func forEachKey(of lead: Lead, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
            switch self {
            case .field(let field): lead.forEachKey(of: field, body)
            case .text(let field): lead.withFolded(field) { $0.map(body) ?? false }
            }
        }
    }

    let field: Field
    /// The accepted values.
    let keys: [[UInt8]]
}

/// The indexable equalities of a rule's conditions.
struct IndexedTerms: Sendable {
    /// Each field once; a lead that misses one of them does not meet the conditions.
    private(set) var terms: [IndexedTerm] = []
    /// Whether a lead that meets all of them meets the tree.
    private(set) var isExact = true

    init(_ conditions: RuleConditions) {
        for attribute in Attribute.allCases {
            let values = conditions.values(for: attribute)
            guard !values.isEmpty else { continue }
            let field = attribute.field
            // No lead meets a blank value.
            let keys = values.map { value -> [UInt8] in
                attribute.isText ? FoldedText.bytes(of: value) : ConditionKey.key(for: field, value)
            }
            terms.append(
                IndexedTerm(field: attribute.isText ? .text(field) : .field(field), keys: keys.filter { !$0.isEmpty })
            )
        }
        guard let tree = conditions.tree else { return }
        let (found, isExact) = Self.terms(of: tree)
        self.isExact = isExact
        for term in found { add(term) }
    }

    private mutating func add(_ term: IndexedTerm) {
        if terms.contains(where: { $0.field == term.field }) {
            // The index has each field once; further terms are evaluated.
            isExact = false
        } else {
            terms.append(term)
        }
    }

    /// The equalities that a node requires, and whether they are all that it requires.
    private static func terms(of node: ConditionNode) -> ([IndexedTerm], isExact: Bool) {
        switch node {
        case .comparison(let comparison):
            guard comparison.op == .equals || comparison.op == .oneOf, case .keys(let keys) = comparison.test else {
                return ([], false)
            }
            return ([IndexedTerm(field: .field(comparison.field), keys: keys.keys)], true)
        case .not: return ([], false)
        case .all(let parts):
            var all: [IndexedTerm] = []
            var isExact = true
            for part in parts {
                let (terms, isPartExact) = Self.terms(of: part)
                isExact = isExact && isPartExact
                for term in terms {
                    if let index = all.firstIndex(where: { $0.field == term.field }) {
                        isExact = false
                        if term.keys.count < all[index].keys.count { all[index] = term }
                    } else {
                        all.append(term)
                    }
                }
            }
            return (all, isExact)
        case .any(let parts):
            // A field that every branch requires must have one of the values of all branches.
            var common: [IndexedTerm]?
            var isExact = true
            for part in parts {
                let (terms, isPartExact) = Self.terms(of: part)
                isExact = isExact && isPartExact && terms.count == 1
                guard let before = common else {
                    common = terms
                    continue
                }
                common = before.compactMap { one in
                    terms.first { $0.field == one.field }
                        .map { IndexedTerm(field: one.field, keys: one.keys + $0.keys) }
                }
            }
            let terms = common ?? []
            return (terms, isExact && terms.count == 1)
        }
    }
}

extension Attribute {
    /// Whether its list is compared as text, whatever bands it means.
    var isText: Bool { self == .companySize || self == .revenue }
}
