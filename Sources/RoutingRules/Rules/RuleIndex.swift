/// The rules of one source, turned around: for each value, the set of rules that accept it.
///
/// A set is one bit per rule, in the order in which the rules are tried. A rule that does not ask about an attribute is
/// in every set of that attribute. Matching a lead is then a look-up per attribute and an AND of the sets: the first bit
/// left is the rule. Twenty rules are one word; ten thousand are 157.
struct RuleIndex: Sendable {
    /// How many words a set has.
    let width: Int
    /// All sets, one behind the other; a set is named by where it begins.
    private var bits: [UInt64] = []
    /// For each attribute, the set of the rules that do not ask about it: what a missing or unknown value gets.
    private var defaults: [Int] = []
    private var industries = ValueTable()
    private var companySizes = ValueTable()
    private var revenues = ValueTable()
    private var otherCountries = ValueTable()
    private var regionsAsGiven = ValueTable()
    /// For each country of ISO 3166-1, its set; empty when no rule asks.
    private var countries: [Int] = []
    /// For each state, its set among the state lists; empty when no rule asks.
    private var states: [Int] = []
    /// For each state, the set of its Census region and division; empty when no rule asks.
    private var stateRegions: [Int] = []

    /// An index over conditions, in the order in which their rules are tried.
    init(_ conditions: [RuleConditions]) {
        width = (conditions.count + 63) / 64
        for attribute in Attribute.allCases {
            let set = newSet()
            for (rule, conditions) in conditions.enumerated()
            where conditions.values(for: attribute).isEmpty {
                add(rule, to: set)
            }
            defaults.append(set)
        }
        for (rule, conditions) in conditions.enumerated() {
            for value in conditions.industries { add(rule, value, to: \.industries, .industry) }
            for value in conditions.companySizes { add(rule, value, to: \.companySizes, .companySize) }
            for value in conditions.revenueRanges { add(rule, value, to: \.revenues, .revenue) }
            for value in conditions.countries { add(rule, country: value) }
            for value in conditions.usStates { add(rule, state: value) }
            for value in conditions.regions { add(rule, region: value) }
        }
    }

    // MARK: Building

    private mutating func newSet(copyOf other: Int? = nil) -> Int {
        let set = bits.count
        if let other {
            bits += Array(bits[other..<(other + width)])
        } else {
            bits += repeatElement(0, count: width)
        }
        return set
    }

    private mutating func newSet(for attribute: Attribute) -> Int {
        newSet(copyOf: set(withoutValueOf: attribute))
    }

    private mutating func add(_ rule: Int, to set: Int) {
        bits[set + rule / 64] |= 1 << UInt64(rule % 64)
    }

    private mutating func add(
        _ rule: Int,
        _ value: String,
        to table: WritableKeyPath<RuleIndex, ValueTable>,
        _ attribute: Attribute
    ) {
        let text = FoldedText.bytes(of: value)
        // A blank value is met by no lead.
        guard !text.isEmpty else { return }
        let set: Int
        if let existing = text.withUnsafeBufferPointer(self[keyPath: table].number(of:)) {
            set = existing
        } else {
            set = newSet(for: attribute)
            self[keyPath: table].insert(text, number: set)
        }
        add(rule, to: set)
    }

    /// Adds a rule to the set of one of a fixed number of things; all of them get a set of their own on first use.
    private mutating func add(
        _ rule: Int,
        toElement element: Int,
        of sets: WritableKeyPath<RuleIndex, [Int]>,
        count: Int,
        _ attribute: Attribute
    ) {
        let shared = set(withoutValueOf: attribute)
        if self[keyPath: sets].isEmpty { self[keyPath: sets] = [Int](repeating: shared, count: count) }
        if self[keyPath: sets][element] == shared {
            self[keyPath: sets][element] = newSet(for: attribute)
        }
        add(rule, to: self[keyPath: sets][element])
    }

    private mutating func add(_ rule: Int, country value: String) {
        if let country = FoldedText.withBytes(of: value, Country.index(ofFolded:)) {
            add(rule, toElement: country, of: \.countries, count: Country.all.count, .country)
        } else {
            add(rule, value, to: \.otherCountries, .country)
        }
    }

    private mutating func add(_ rule: Int, state value: String) {
        // A state that the United States do not have is met by no lead.
        guard let state = FoldedText.withBytes(of: value, USState.index(ofFolded:)) else { return }
        add(rule, toElement: state, of: \.states, count: USState.all.count, .usState)
    }

    private mutating func add(_ rule: Int, region value: String) {
        add(rule, value, to: \.regionsAsGiven, .region)
        let text = FoldedText.bytes(of: value)
        for (index, state) in USState.all.enumerated() {
            guard let division = state.division else { continue }
            let names = [division.rawValue, division.region.rawValue]
            guard names.contains(where: { FoldedText.bytes(of: $0) == text }) else { continue }
            add(rule, toElement: index, of: \.stateRegions, count: USState.all.count, .region)
        }
    }

    // MARK: Matching

    /// The sets that a lead's values select.
    struct Selection {
        /// One for each attribute, in the order of `Attribute.allCases`.
        var sets: (Int, Int, Int, Int, Int, Int)
        /// The other way to meet a region list: the state as given.
        var regionAsGiven: Int
    }

    private func set(withoutValueOf attribute: Attribute) -> Int {
        switch attribute {
        case .industry: defaults[0]
        case .companySize: defaults[1]
        case .revenue: defaults[2]
        case .country: defaults[3]
        case .usState: defaults[4]
        case .region: defaults[5]
        }
    }

    /// Looks up a lead's values.
    func selection(for lead: Lead) -> Selection {
        var selection = Selection(
            sets: (
                look(up: lead.industry, in: industries) ?? defaults[0],
                look(up: lead.companySize, in: companySizes) ?? defaults[1],
                look(up: lead.revenue, in: revenues) ?? defaults[2],
                defaults[3], defaults[4], defaults[5]
            ),
            regionAsGiven: defaults[5]
        )
        guard let location = lead.location else { return selection }
        var mayBeInUnitedStates = true
        if let country = location.country {
            FoldedText.withBytes(of: country) { text in
                // A blank country is a missing one.
                if text.isEmpty { return }
                let index = Country.index(ofFolded: text)
                mayBeInUnitedStates = index == Country.unitedStates
                if let index {
                    if !countries.isEmpty { selection.sets.3 = countries[index] }
                } else if let set = otherCountries.number(of: text) {
                    selection.sets.3 = set
                }
            }
        }
        if let state = location.state {
            FoldedText.withBytes(of: state) { text in
                selection.regionAsGiven = regionsAsGiven.number(of: text) ?? selection.regionAsGiven
                guard mayBeInUnitedStates, let index = USState.index(ofFolded: text) else { return }
                if !states.isEmpty { selection.sets.4 = states[index] }
                if !stateRegions.isEmpty { selection.sets.5 = stateRegions[index] }
            }
        }
        return selection
    }

    private func look(up value: String?, in table: ValueTable) -> Int? {
        guard let value, !table.isEmpty else { return nil }
        return FoldedText.withBytes(of: value, table.number(of:))
    }

    /// Calls `body` with each word of the set of the rules that match, until it returns false.
    func forEachMatchingWord(_ selection: Selection, _ body: (_ word: Int, _ rules: UInt64) -> Bool) {
        bits.withUnsafeBufferPointer { bits in
            let sets = selection.sets
            for word in 0..<width {
                let rules =
                    bits[sets.0 + word] & bits[sets.1 + word] & bits[sets.2 + word] & bits[sets.3 + word]
                    & bits[sets.4 + word] & (bits[sets.5 + word] | bits[selection.regionAsGiven + word])
                guard body(word, rules) else { return }
            }
        }
    }

    /// The attributes that keep a rule from matching, in the order of `Attribute.allCases`.
    func failures(of rule: Int, _ selection: Selection) -> [Attribute] {
        let sets = selection.sets
        let isMet = [
            contains(sets.0, rule), contains(sets.1, rule), contains(sets.2, rule),
            contains(sets.3, rule),
            contains(sets.4, rule), contains(sets.5, rule) || contains(selection.regionAsGiven, rule),
        ]
        return zip(Attribute.allCases, isMet).filter { !$1 }.map(\.0)
    }

    private func contains(_ set: Int, _ rule: Int) -> Bool {
        bits[set + rule / 64] & (1 << UInt64(rule % 64)) != 0
    }

    /// The rule, of those in `candidates`, that misses the fewest attributes; the first of several.
    ///
    /// Counts the misses of 64 rules at a time, in three bit planes.
    func nearestMiss(_ selection: Selection, among candidates: [UInt64]) -> Int? {
        var best: (misses: Int, rule: Int)?
        let sets = selection.sets
        for word in 0..<width {
            let missed = (
                ~bits[sets.0 + word], ~bits[sets.1 + word], ~bits[sets.2 + word], ~bits[sets.3 + word],
                ~bits[sets.4 + word], ~(bits[sets.5 + word] | bits[selection.regionAsGiven + word])
            )
            var planes: (UInt64, UInt64, UInt64) = (0, 0, 0)
            func count(_ rules: UInt64) {
                let carry = planes.0 & rules
                planes.0 ^= rules
                let second = planes.1 & carry
                planes.1 ^= carry
                planes.2 |= second
            }
            count(missed.0)
            count(missed.1)
            count(missed.2)
            count(missed.3)
            count(missed.4)
            count(missed.5)
            for misses in 1..<(best?.misses ?? 7) {
                var rules = candidates[word]
                rules &= misses & 1 == 0 ? ~planes.0 : planes.0
                rules &= misses & 2 == 0 ? ~planes.1 : planes.1
                rules &= misses & 4 == 0 ? ~planes.2 : planes.2
                guard rules != 0 else { continue }
                best = (misses, word * 64 + rules.trailingZeroBitCount)
                break
            }
            if best?.misses == 1 { break }
        }
        return best?.rule
    }
}
