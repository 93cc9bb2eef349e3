/// The range that a rule's conditions require of a number or a time, for the lower end of a lead's value.
///
/// Other comparisons are omitted, and are evaluated.
struct RangeTerm: Sendable {
    /// A field that is compared as a number or as a time.
    struct Field: Hashable, Sendable {
        let field: ConditionField
        let isTime: Bool

        /// The lower end of the lead's value; nil if it is not a number or a time.
        func value(of lead: Lead) -> Double? { (isTime ? lead.dates(field) : lead.numbers(field))?.lower }
    }

    let field: Field
    var lower: Double
    var upper: Double

    /// The ranges that a tree requires, each field once.
    static func terms(of node: ConditionNode) -> [RangeTerm] {
        switch node {
        case .comparison(let comparison): return term(of: comparison).map { [$0] } ?? []
        case .not: return []
        case .all(let parts):
            var all: [RangeTerm] = []
            for term in parts.flatMap(Self.terms) {
                if let index = all.firstIndex(where: { $0.field == term.field }) {
                    all[index].lower = max(all[index].lower, term.lower)
                    all[index].upper = min(all[index].upper, term.upper)
                } else {
                    all.append(term)
                }
            }
            return all
        case .any(let parts):
            // A field that every branch requires lies within the union of all branches' ranges.
            guard let first = parts.first else { return [] }
            return parts.dropFirst()
                .reduce(terms(of: first)) { common, part in
                    let terms = Self.terms(of: part)
                    return common.compactMap { one in
                        terms.first { $0.field == one.field }
                            .map {
                                RangeTerm(
                                    field: one.field,
                                    lower: min(one.lower, $0.lower),
                                    upper: max(one.upper, $0.upper)
                                )
                            }
                    }
                }
        }
    }

    private static func term(of comparison: Comparison) -> RangeTerm? {
        let bound: Extent
        let isTime: Bool
        switch comparison.test {
        case .numbers(let extent): (bound, isTime) = (extent, false)
        case .dates(let extent): (bound, isTime) = (extent, true)
        default: return nil
        }
        let field = Field(field: comparison.field, isTime: isTime)
        // The lower end is at most the upper one, and including an excluded end is safe.
        switch comparison.op {
        case .atLeast: return RangeTerm(field: field, lower: bound.lower, upper: .infinity)
        case .greaterThan: return RangeTerm(field: field, lower: bound.upper, upper: .infinity)
        case .lessThan: return RangeTerm(field: field, lower: -.infinity, upper: bound.lower)
        case .atMost, .overlaps: return RangeTerm(field: field, lower: -.infinity, upper: bound.upper)
        case .between: return RangeTerm(field: field, lower: bound.lower, upper: bound.upper)
        default: return nil
        }
    }
}

/// A field that many rules compare as a number, divided into intervals: for each, the rules that a value in it can
/// meet.
struct RangeField: Sendable {
    /// The most intervals.
    static let mostStretches = 64

    let field: RangeTerm.Field
    /// The dense set of the rules that do not read the field.
    let unasking: Int
    /// The start of each interval but the first, ascending.
    let starts: [Double]
    /// For each interval, the dense set of the rules that can be met, including those that do not read the field.
    let places: [Int]

    /// A field of some rules' terms, with its sets.
    init(_ field: RangeTerm.Field, _ terms: [(rule: Int32, term: RangeTerm)], count: Int, in sets: inout RuleBitSets) {
        self.field = field
        var ends = Set(terms.flatMap { [$0.term.lower, $0.term.upper] }.filter(\.isFinite)).sorted()
        if ends.count >= Self.mostStretches {
            let all = ends
            ends = (1..<Self.mostStretches).map { all[$0 * all.count / Self.mostStretches] }
        }
        starts = ends
        var isAsking = [Bool](repeating: false, count: count)
        for (rule, _) in terms { isAsking[Int(rule)] = true }
        unasking = sets.addDense((0..<Int32(truncatingIfNeeded: count)).lazy.filter { !isAsking[Int($0)] })
        var accepting = [[Int32]](repeating: [], count: ends.count + 1)
        for (rule, term) in terms where term.lower <= term.upper {
            for stretch in Self.stretch(of: term.lower, ends)...Self.stretch(of: term.upper, ends) {
                accepting[stretch].append(rule)
            }
        }
        let other = unasking
        places = accepting.map { sets.addDense($0, with: other) }
    }

    /// The dense set of the rules that a lead can meet, judged by this field.
    func place(of lead: Lead) -> Int {
        field.value(of: lead).map { places[Self.stretch(of: $0, starts)] } ?? unasking
    }

    /// The interval of a number: how many intervals start at or before it.
    private static func stretch(of value: Double, _ starts: [Double]) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
