/// For each value that rules ask about, the set of the rules that accept it.
///
/// A set is one bit per rule, in the order in which the rules are tried. A rule that does not ask about an attribute is
/// in every set of that attribute. ``RuleIndex`` matches with them.
struct RuleSets: Sendable {
    /// How many words a set has.
    let width: Int
    /// All sets, one behind the other; a set is named by where it begins.
    private(set) var bits: [UInt64] = []
    /// For each attribute, the set of the rules that do not ask about it: what a missing or unknown value gets.
    private(set) var defaults: [Int] = []
    private(set) var industries = ValueTable()
    private(set) var companySizes = ValueTable()
    private(set) var revenues = ValueTable()
    private(set) var otherCountries = ValueTable()
    private(set) var regionsAsGiven = ValueTable()
    /// For each country of ISO 3166-1, its set; empty when no rule asks.
    private(set) var countries: [Int] = []
    /// For each state, its set among the state lists; empty when no rule asks.
    private(set) var states: [Int] = []
    /// For each state, the set of its Census region and division; empty when no rule asks.
    private(set) var stateRegions: [Int] = []

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
        to table: WritableKeyPath<RuleSets, ValueTable>,
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
        of sets: WritableKeyPath<RuleSets, [Int]>,
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
}
