/// For each value that rules name, the rules that name it: finds quickly which rules take a cell of leads.
///
/// Memory grows with the values that rules name, not with rules times values. Finding the rules that take all leads of
/// a rule costs a pass over one bit per rule for each value of its lists: about a microsecond a value for 10,000 rules.
struct CellIndex: Sendable {
    /// How many rules there are.
    let count: Int
    /// Industry, company size and revenue: the rules without a list, and those that name a value.
    private var texts: [Axis]
    private var countries: Axis
    private var states: Axis
    private var regions: Axis
    /// For each state of the United States, the rules whose region list names its region or division.
    private var regionsOfStates: [Posting]
    /// The spellings of each of the United States in region lists: numbers of `regions`.
    private var spellings: [[Int]]
    private static let textAttributes: [Attribute] = [.industry, .companySize, .revenue]

    /// One kind of list, over every rule.
    private struct Axis: Sendable {
        var table = ValueTable()
        var postings: [Posting] = []
        /// The rules without such a list.
        var unasked: RuleBitSet

        init(count: Int) { unasked = RuleBitSet(count: count) }

        /// The number of a value, if it is not blank.
        mutating func add(_ rule: Int, _ value: [UInt8]) {
            guard !value.isEmpty else { return }
            let number = table.insert(value, number: postings.count)
            if number == postings.count { postings.append(Posting(ruleCount: unasked.words.count * 64)) }
            postings[number].insert(rule)
        }

        func number(of value: [UInt8]) -> Int? { value.withUnsafeBufferPointer(table.number(of:)) }

        /// Removes from a set the rules that do not take a value; nil is any value that no rule names.
        func restrict(_ set: inout RuleBitSet, to number: Int?) {
            var kept = set
            kept.formIntersection(unasked)
            if let number { postings[number].add(to: &kept, within: set) }
            set = kept
        }
    }

    /// An index over conditions, in evaluation order.
    init(_ conditions: [RuleConditions]) {
        count = conditions.count
        texts = Self.textAttributes.map { _ in Axis(count: conditions.count) }
        countries = Axis(count: conditions.count)
        states = Axis(count: conditions.count)
        regions = Axis(count: conditions.count)
        states.postings = USState.all.map { _ in Posting(ruleCount: conditions.count) }
        regionsOfStates = states.postings
        spellings = USState.all.map { _ in [] }
        let named = USState.all.map { state in
            state.division.map { [FoldedText.bytes(of: $0.rawValue), FoldedText.bytes(of: $0.region.rawValue)] } ?? []
        }
        for (rule, conditions) in conditions.enumerated() {
            for (axis, attribute) in Self.textAttributes.enumerated() {
                let values = conditions.values(for: attribute)
                if values.isEmpty { texts[axis].unasked.insert(rule) }
                for value in values { texts[axis].add(rule, FoldedText.bytes(of: value)) }
            }
            if conditions.countries.isEmpty { countries.unasked.insert(rule) }
            for value in conditions.countries { countries.add(rule, Self.country(value)) }
            if conditions.usStates.isEmpty { states.unasked.insert(rule) }
            for index in conditions.usStates.compactMap(Self.state).sorted() { states.postings[index].insert(rule) }
            if conditions.regions.isEmpty { regions.unasked.insert(rule) }
            for value in conditions.regions {
                let text = FoldedText.bytes(of: value)
                regions.add(rule, text)
                for (index, names) in named.enumerated() where names.contains(text) {
                    regionsOfStates[index].insert(rule)
                }
            }
        }
        var seen: Set<Int> = []
        for value in conditions.lazy.flatMap(\.regions) {
            let text = FoldedText.bytes(of: value)
            guard let number = regions.number(of: text), seen.insert(number).inserted else { continue }
            if let index = text.withUnsafeBufferPointer(USState.index(ofFolded:)) { spellings[index].append(number) }
        }
    }

    /// A country's code, whether it was given by name or by code; other text is folded.
    private static func country(_ value: String) -> [UInt8] {
        RoutingRules.Country(value).map { Array($0.code.utf8) } ?? FoldedText.bytes(of: value)
    }

    private static func state(_ value: String) -> Int? {
        FoldedText.withBytes(of: value, USState.index(ofFolded:))
    }

    // MARK: - The cells of a rule

    /// The leads that meet the lists of a rule of this index.
    func cells(of conditions: RuleConditions) -> LeadCells {
        let texts = zip(self.texts, Self.textAttributes)
            .map { axis, attribute -> [Int?] in
                let values = conditions.values(for: attribute)
                guard !values.isEmpty else { return [nil] }
                let texts = values.map { FoldedText.bytes(of: $0) }.filter { !$0.isEmpty }
                return distinct(texts.map(axis.number(of:)))
            }
        let usStates = distinct(conditions.usStates.compactMap(Self.state))
        let regionTexts = distinct(
            conditions.regions.compactMap { regions.number(of: FoldedText.bytes(of: $0)) }
        )
        var cells = LeadCells(texts: texts, countries: countries(of: conditions), unitedStates: [], otherStates: [])
        switch (conditions.usStates.isEmpty, conditions.regions.isEmpty) {
        case (true, true):
            cells.unitedStates = [.other]
            cells.otherStates = [.other]
        case (true, false):
            cells.unitedStates = unitedStates(in: conditions)
            let foreign = regionTexts.filter { number in !spellings.contains { $0.contains(number) } }
            cells.unitedStates += foreign.map(LeadCells.State.text)
            cells.otherStates = regionTexts.map(LeadCells.State.text)
        case (false, true):
            cells.unitedStates = usStates.flatMap { index in allSpellings(of: index) }
        case (false, false):
            let inRegions = Set(unitedStates(in: conditions))
            cells.unitedStates = usStates.flatMap { index in allSpellings(of: index) }.filter(inRegions.contains)
        }
        cells.countries = cells.countries.filter { [cells] in !cells.states(in: $0).isEmpty }
        return cells
    }

    private func countries(of conditions: RuleConditions) -> [LeadCells.Country] {
        guard !conditions.countries.isEmpty else {
            return [.init(number: nil, mayBeUnitedStates: true), .init(number: nil, mayBeUnitedStates: false)]
        }
        return distinct(
            conditions.countries.map(Self.country).filter { !$0.isEmpty }
                .map { .init(number: countries.number(of: $0), mayBeUnitedStates: $0 == Array("US".utf8)) }
        )
    }

    private var unitedStatesNumber: Int? { countries.number(of: Array("US".utf8)) }

    private func allSpellings(of index: Int) -> [LeadCells.State] {
        [.united(index: index, spelling: nil)] + spellings[index].map { .united(index: index, spelling: $0) }
    }

    /// The states of the United States that meet a region list, by region, division or their own text.
    private func unitedStates(in conditions: RuleConditions) -> [LeadCells.State] {
        let texts = conditions.regions.map { FoldedText.bytes(of: $0) }
        var states: [LeadCells.State] = []
        for (index, state) in USState.all.enumerated() {
            let names = state.division.map { [$0.rawValue, $0.region.rawValue] } ?? []
            if names.contains(where: { texts.contains(FoldedText.bytes(of: $0)) }) {
                states += allSpellings(of: index)
            } else {
                for number in spellings[index] where texts.contains(where: { regions.number(of: $0) == number }) {
                    states.append(.united(index: index, spelling: number))
                }
            }
        }
        return states
    }

    private func distinct<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }

    // MARK: - The rules of a cell

    /// Removes from a set the rules that do not take a value of industry (0), company size (1) or revenue (2).
    func restrict(_ set: inout RuleBitSet, text axis: Int, _ number: Int?) { texts[axis].restrict(&set, to: number) }

    /// Removes from a set the rules that do not take a country.
    func restrict(_ set: inout RuleBitSet, _ country: LeadCells.Country) {
        countries.restrict(&set, to: country.number)
    }

    /// Removes from a set the rules that do not take a state.
    func restrict(_ set: inout RuleBitSet, _ state: LeadCells.State) {
        let before = set
        set.formIntersection(states.unasked)
        if case .united(let index, _) = state { states.postings[index].add(to: &set, within: before) }
        let asked = set
        set.formIntersection(regions.unasked)
        switch state {
        case .other: break
        case .text(let number): regions.postings[number].add(to: &set, within: asked)
        case .united(let index, let spelling):
            regionsOfStates[index].add(to: &set, within: asked)
            if let spelling { regions.postings[spelling].add(to: &set, within: asked) }
        }
    }

    /// Removes from a set the rules that do not take every cell.
    func restrict(_ set: inout RuleBitSet, toAll cells: LeadCells) {
        for (axis, numbers) in cells.texts.enumerated() {
            for number in numbers { restrict(&set, text: axis, number) }
        }
        for country in cells.countries { restrict(&set, country) }
        for kind in [true, false] where cells.countries.contains(where: { $0.mayBeUnitedStates == kind }) {
            for state in kind ? cells.unitedStates : cells.otherStates {
                if set.isEmpty { return }
                restrict(&set, state)
            }
        }
    }

    /// Removes from a set the rules that take none of the same industries, sizes or revenues.
    func restrict(_ set: inout RuleBitSet, toTextsOf cells: LeadCells) {
        for (axis, numbers) in cells.texts.enumerated() where !numbers.contains(nil) {
            set = union(numbers, within: set) { restrict(&$0, text: axis, $1) }
        }
    }

    /// Removes from a set the rules that take none of the cells.
    func restrict(_ set: inout RuleBitSet, toAny cells: LeadCells) {
        for (axis, numbers) in cells.texts.enumerated() {
            set = union(numbers, within: set) { restrict(&$0, text: axis, $1) }
        }
        let before = set
        set = union(cells.countries, within: before) { part, country in
            restrict(&part, country)
            part = union(cells.states(in: country), within: part) { restrict(&$0, $1) }
        }
    }

    private func union<Value>(
        _ values: [Value],
        within set: RuleBitSet,
        _ restrict: (inout RuleBitSet, Value) -> Void
    ) -> RuleBitSet {
        guard values.count > 1 else {
            var part = set
            guard let only = values.first else { return RuleBitSet(count: set.words.count * 64) }
            restrict(&part, only)
            return part
        }
        var all = RuleBitSet(count: set.words.count * 64)
        for value in values {
            var part = set
            restrict(&part, value)
            all.formUnion(part)
        }
        return all
    }

    /// The first cell that no rule of a set takes, or nil if together they take all of them.
    ///
    /// Searches attribute by attribute and stops as soon as no rule is left, so that an uncovered cell is mostly found
    /// first.
    ///
    /// - Parameters:
    ///   - cells: the cells.
    ///   - rules: the rules that may take them.
    ///   - budget: the most steps to take; negative afterwards if they were not enough, and then nil has no meaning.
    /// - Returns: an uncovered cell, if there is one.
    func uncovered(_ cells: LeadCells, by rules: RuleBitSet, budget: inout Int) -> LeadCell? {
        var cell = LeadCell()
        return uncovered(cells, axis: 0, by: rules, &cell, &budget) ? cell : nil
    }

    private func uncovered(
        _ cells: LeadCells,
        axis: Int,
        by rules: RuleBitSet,
        _ cell: inout LeadCell,
        _ budget: inout Int
    ) -> Bool {
        if axis < cells.texts.count {
            for number in cells.texts[axis] {
                budget -= 1
                if budget < 0 { return false }
                var left = rules
                restrict(&left, text: axis, number)
                cell.texts[axis] = number
                if uncovered(cells, axis: axis + 1, by: left, &cell, &budget) { return true }
            }
            return false
        }
        for country in cells.countries {
            var left = rules
            restrict(&left, country)
            cell.country = country
            for state in cells.states(in: country) {
                budget -= 1
                if budget < 0 { return false }
                var last = left
                restrict(&last, state)
                cell.state = state
                if last.isEmpty { return true }
            }
        }
        return false
    }

    /// The bands of company size that rules name, as a rule spells them, with their numbers.
    func companySizes(in conditions: [RuleConditions]) -> [(text: String, number: Int)] {
        var seen: Set<Int> = []
        return conditions.lazy.flatMap(\.companySizes)
            .compactMap { text in
                guard let number = texts[1].number(of: FoldedText.bytes(of: text)), seen.insert(number).inserted else {
                    return nil
                }
                return (text, number)
            }
    }

    /// The United States, for cells that are constructed.
    var unitedStates: LeadCells.Country { .init(number: unitedStatesNumber, mayBeUnitedStates: true) }
}

/// One cell: leads that all meet the same lists.
struct LeadCell: Sendable, Hashable {
    var texts: [Int?] = [nil, nil, nil]
    var country = LeadCells.Country(number: nil, mayBeUnitedStates: true)
    var state = LeadCells.State.other
}
