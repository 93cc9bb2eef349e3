/// What a rule's conditions ask of a field by equality: the part that an index can look up.
struct IndexedTerm: Sendable {
    /// A field as the index knows it.
    enum Field: Hashable, Sendable {
        /// Compared as comparisons do.
        case field(ConditionField)
        /// Compared as a text, as the lists of sizes and revenues do, whatever band it means.
        case text(ConditionField)

        /// Calls `body` with each form in which the lead's value is looked up, until it returns true.
        func forEachKey(of lead: Lead, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
            switch self {
            case .field(let field): lead.forEachKey(of: field, body)
            case .text(let field): lead.withFolded(field) { $0.map(body) ?? false }
            }
        }
    }

    let field: Field
    /// One of these the lead has to have.
    let keys: [[UInt8]]
}

/// All that can be looked up of a rule's conditions.
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
            // A blank value is met by no lead.
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
            // The index looks a field up once; the rest is evaluated.
            isExact = false
        } else {
            terms.append(term)
        }
    }

    /// What a lead has to have to meet a node, and whether that is all.
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
            // A field that every branch asks about has one of the values of all branches.
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
    /// Whether its list is compared as texts, whatever bands they mean.
    var isText: Bool { self == .companySize || self == .revenue }
}
