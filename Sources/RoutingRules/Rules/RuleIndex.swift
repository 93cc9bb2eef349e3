/// An inverted index of one source's rules, which finds the matching rules without evaluating each of them.
///
/// For each field that rules compare by equality, looking up the lead's value gives the set of rules that accept it; a
/// rule in the sets of all fields is a candidate. Numbers and times that many rules compare are looked up by interval,
/// which excludes most rules that they do not meet. Conditions outside the index (``needsCheck(_:)``) are evaluated for
/// candidates only. A class, so that nothing is copied; it is immutable.
final class RuleIndex: Sendable {
    /// The most indexed fields; if there are more, those that most rules read.
    static let maximumFields = 16

    private let sets: RuleBitSets
    private let fields: [IndexedField]
    private let ranges: [RangeField]
    /// The most numbers and times that are indexed, and how many rules must compare one.
    static let maximumRanges = 4
    static let fewestRanges = 16
    /// The rules whose conditions are not all in the index, a bit each.
    private let unchecked: [UInt64]

    /// An indexed field.
    private final class IndexedField: Sendable {
        let field: IndexedTerm.Field
        /// The dense set of the rules that do not read it.
        let unasking: Int
        /// For each value of the rules, its number among the places.
        let values: ValueTable
        /// For each value, the set of rules that accept it; a dense set includes those that do not read the field.
        let places: [RuleBitSets.Place]

        init(field: IndexedTerm.Field, unasking: Int, values: ValueTable, places: [RuleBitSets.Place]) {
            self.field = field
            self.unasking = unasking
            self.values = values
            self.places = places
        }
    }

    /// The number of words of a set of rules.
    var width: Int { sets.width }

    /// An index over conditions, in evaluation order.
    convenience init(_ conditions: [RuleConditions]) { self.init(count: conditions.count) { conditions[$0] } }

    /// An index over this many conditions.
    init(count: Int, _ conditions: (Int) -> RuleConditions) {
        var builders: [IndexedTerm.Field: FieldBuilder] = [:]
        var compared: [RangeTerm.Field: [(rule: Int32, term: RangeTerm)]] = [:]
        var unchecked = [UInt64](repeating: 0, count: (count + 63) / 64)
        for rule in 0..<count {
            let asked = conditions(rule)
            let terms = IndexedTerms(asked)
            if !terms.isExact { unchecked[rule / 64] |= 1 << UInt64(rule % 64) }
            for term in terms.terms {
                builders[term.field, default: FieldBuilder(field: term.field)]
                    .add(Int32(truncatingIfNeeded: rule), term)
            }
            guard !terms.isExact, let tree = asked.tree else { continue }
            for term in RangeTerm.terms(of: tree) {
                compared[term.field, default: []].append((Int32(truncatingIfNeeded: rule), term))
            }
        }
        let ranked = builders.values.sorted { one, other in
            if one.isList != other.isList { return one.isList }
            if one.asking.count != other.asking.count { return one.asking.count > other.asking.count }
            return one.firstRule < other.firstRule
        }
        for left in ranked.dropFirst(Self.maximumFields) {
            for rule in left.asking { unchecked[Int(rule) / 64] |= 1 << UInt64(rule % 64) }
        }
        var sets = RuleBitSets(count: count)
        // The most selective field first: an empty word ends its check.
        fields = ranked.prefix(Self.maximumFields).sorted { $0.asking.count > $1.asking.count }
            .map { builder in
                var isAsking = [Bool](repeating: false, count: count)
                for rule in builder.asking { isAsking[Int(rule)] = true }
                let unasking = sets.addDense(
                    (0..<Int32(truncatingIfNeeded: count)).lazy.filter { !isAsking[Int($0)] }
                )
                let (order, starts) = builder.byValue()
                let places = (0..<builder.values.count)
                    .map { value in
                        sets.add(order[starts[value]..<starts[value + 1]], orDenseWith: unasking)
                    }
                return IndexedField(field: builder.field, unasking: unasking, values: builder.values, places: places)
            }
        ranges = compared.filter { $0.value.count >= Self.fewestRanges }
            .sorted { ($1.value.count, $0.value[0].rule) < ($0.value.count, $1.value[0].rule) }
            .prefix(Self.maximumRanges)
            .map { RangeField($0.key, $0.value, count: count, in: &sets) }
        sets.fit()
        self.sets = sets
        self.unchecked = unchecked
    }

    /// Whether a candidate's conditions must still be evaluated.
    func needsCheck(_ rule: Int) -> Bool { unchecked[rule / 64] & (1 << UInt64(rule % 64)) != 0 }

    // MARK: - Matching

    /// A set that a lead's value selects: a dense one, and a sparse one.
    struct Part {
        var dense: Int
        /// The start and the end of the sparse one.
        var start: Int = 0
        var sparseEnd: Int = 0
        /// The current positions in it, and in the summaries.
        var sparse: Int = 0
        var ahead: Int = 0
        /// Whether the next part is of another field.
        var isLast = true
    }

    /// The sets that a lead's values select, and the position of the iteration.
    struct Candidates: ~Copyable {
        fileprivate let sets: RuleBitSets.Pointers
        fileprivate private(set) var parts: UnsafeMutableBufferPointer<Part>
        private let equalities: Int
        private var group = -1
        private var summary: UInt64 = 0
        private var word = 0
        private var rules: UInt64 = 0

        fileprivate init(sets: RuleBitSets.Pointers, parts: UnsafeMutableBufferPointer<Part>, equalities: Int) {
            self.sets = sets
            self.parts = parts
            self.equalities = equalities
        }

        /// Restarts with the candidates of the equalities alone, without numbers and times.
        mutating func rewind() {
            parts = UnsafeMutableBufferPointer(rebasing: parts[..<equalities])
            for index in parts.indices {
                parts[index].sparse = parts[index].start
                parts[index].ahead = parts[index].start
            }
            group = -1
            summary = 0
            rules = 0
        }

        /// The next rule in order that is in the sets of all fields.
        mutating func next() -> Int? {
            while rules == 0 {
                while summary == 0 {
                    group += 1
                    guard group < sets.groups else { return nil }
                    summary = nextSummary()
                }
                word = group * 64 + summary.trailingZeroBitCount
                summary &= summary - 1
                rules = wordOfAll()
            }
            let rule = word * 64 + rules.trailingZeroBitCount
            rules &= rules - 1
            return rule
        }

        private func nextSummary() -> UInt64 {
            var all = ~UInt64(0)
            var field: UInt64 = 0
            for index in parts.indices {
                field |= sets.summaries[parts[index].dense * sets.groups + group]
                var ahead = parts[index].ahead
                if ahead < parts[index].sparseEnd {
                    while ahead < parts[index].sparseEnd, Int(sets.sparseWords[ahead]) / 64 <= group {
                        if Int(sets.sparseWords[ahead]) / 64 == group {
                            field |= 1 << UInt64(sets.sparseWords[ahead] % 64)
                        }
                        ahead += 1
                    }
                    parts[index].ahead = ahead
                }
                guard parts[index].isLast else { continue }
                all &= field
                if all == 0 { return 0 }
                field = 0
            }
            return all
        }

        private func wordOfAll() -> UInt64 {
            var all = ~UInt64(0)
            // Without any field, every rule is a candidate.
            if parts.isEmpty { return lastWordMask() }
            var field: UInt64 = 0
            for index in parts.indices {
                field |= wordOf(index, word)
                guard parts[index].isLast else { continue }
                all &= field
                if all == 0 { return 0 }
                field = 0
            }
            return all
        }

        private func lastWordMask() -> UInt64 {
            let left = sets.count - word * 64
            return left >= 64 ? ~0 : left <= 0 ? 0 : (1 << UInt64(left)) - 1
        }

        private func wordOf(_ index: Int, _ word: Int) -> UInt64 {
            var value = sets.bits[parts[index].dense * sets.width + word]
            var sparse = parts[index].sparse
            guard sparse < parts[index].sparseEnd else { return value }
            while sparse < parts[index].sparseEnd, Int(sets.sparseWords[sparse]) < word { sparse += 1 }
            parts[index].sparse = sparse
            if sparse < parts[index].sparseEnd, Int(sets.sparseWords[sparse]) == word {
                value |= sets.sparseBits[sparse]
            }
            return value
        }

        /// The rule in `among` that misses the fewest fields, but at least one; the first of several.
        ///
        /// Counts the misses of 64 rules at a time, in five bit planes. Call it after ``rewind()``.
        mutating func nearestMiss(among: [UInt64]) -> (misses: Int, rule: Int)? {
            var best: (misses: Int, rule: Int)?
            for word in 0..<sets.width {
                var planes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
                var field: UInt64 = 0
                for index in parts.indices {
                    field |= wordOf(index, word)
                    guard parts[index].isLast else { continue }
                    var carry = ~field
                    (planes.0, carry) = (planes.0 ^ carry, planes.0 & carry)
                    (planes.1, carry) = (planes.1 ^ carry, planes.1 & carry)
                    (planes.2, carry) = (planes.2 ^ carry, planes.2 & carry)
                    (planes.3, carry) = (planes.3 ^ carry, planes.3 & carry)
                    planes.4 |= carry
                    field = 0
                }
                for misses in 1..<(best?.misses ?? RuleIndex.maximumFields + 1) {
                    var rules = among[word]
                    rules &= misses & 1 == 0 ? ~planes.0 : planes.0
                    rules &= misses & 2 == 0 ? ~planes.1 : planes.1
                    rules &= misses & 4 == 0 ? ~planes.2 : planes.2
                    rules &= misses & 8 == 0 ? ~planes.3 : planes.3
                    rules &= misses & 16 == 0 ? ~planes.4 : planes.4
                    guard rules != 0 else { continue }
                    best = (misses, word * 64 + rules.trailingZeroBitCount)
                    break
                }
                if best?.misses == 1 { break }
            }
            return best
        }
    }

    /// Looks up a lead's values, and calls `body` with the candidates; allocates nothing.
    ///
    /// The lead is passed by pointer: a closure that captures it would retain each of its texts.
    func withCandidates<Result>(
        for lead: UnsafePointer<Lead>,
        _ body: (inout Candidates) -> Result
    ) -> Result {
        // A field has up to three sets: a region is met by the state as given, the division and the region.
        let capacity = Self.maximumFields * 3 + Self.maximumRanges
        return withUnsafeTemporaryAllocation(of: Part.self, capacity: capacity) { buffer in
            var count = 0
            for field in fields {
                let first = count
                _ = field.field.forEachKey(of: lead.pointee) { key in
                    guard let number = field.values.number(of: key), count < first + 3 else { return false }
                    let place = field.places[number]
                    if place.isDense {
                        buffer.initializeElement(at: count, to: Part(dense: Int(place.start)))
                    } else {
                        let start = Int(place.start)
                        buffer.initializeElement(
                            at: count,
                            to: Part(
                                dense: field.unasking,
                                start: start,
                                sparseEnd: Int(place.end),
                                sparse: start,
                                ahead: start
                            )
                        )
                    }
                    count += 1
                    return false
                }
                if count == first {
                    buffer.initializeElement(at: count, to: Part(dense: field.unasking))
                    count += 1
                }
                for index in first..<(count - 1) { buffer[index].isLast = false }
            }
            let equalities = count
            for range in ranges {
                buffer.initializeElement(at: count, to: Part(dense: range.place(of: lead.pointee)))
                count += 1
            }
            let parts = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            return sets.withPointers { pointers in
                var candidates = Candidates(sets: pointers, parts: parts, equalities: equalities)
                return body(&candidates)
            }
        }
    }
}

/// Collects the values that rules require of a field.
private struct FieldBuilder {
    let field: IndexedTerm.Field
    var values = ValueTable()
    var asking: [Int32] = []
    /// Numbers of values, and the rules that accept them.
    private var pairs: [(value: Int32, rule: Int32)] = []

    init(field: IndexedTerm.Field) { self.field = field }

    /// Whether one of the six lists may read it; those are always indexed.
    var isList: Bool {
        switch field {
        case .text, .field(.industry), .field(.country), .field(.usState), .field(.region): true
        case .field: false
        }
    }

    var firstRule: Int32 { asking.first ?? 0 }

    mutating func add(_ rule: Int32, _ term: IndexedTerm) {
        asking.append(rule)
        for key in term.keys {
            let next = values.count
            let number = values.insert(key, number: next)
            pairs.append((Int32(truncatingIfNeeded: number), rule))
        }
    }

    /// The rules sorted by value, and where those of each value start.
    func byValue() -> (rules: [Int32], starts: [Int]) {
        var starts = [Int](repeating: 0, count: values.count + 1)
        for pair in pairs { starts[Int(pair.value) + 1] += 1 }
        for value in 0..<values.count { starts[value + 1] += starts[value] }
        var next = starts
        var rules = [Int32](repeating: 0, count: pairs.count)
        for pair in pairs {
            rules[next[Int(pair.value)]] = pair.rule
            next[Int(pair.value)] += 1
        }
        return (rules, starts)
    }
}
