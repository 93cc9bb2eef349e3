/// The leads that meet six lists, as a finite number of cells: every lead is in exactly one cell, and two leads in the
/// same cell meet the same lists of all rules.
///
/// A list that a rule does not have stands for a value that no rule names: only rules without the list take it, and
/// those take every value. So a product of finite sets represents infinitely many leads exactly.
struct LeadCells: Sendable {
    /// A group of countries that no rule distinguishes.
    struct Country: Sendable, Hashable {
        /// The number of the country among those that rules name; nil for a lead without a country, or with another.
        var number: Int?
        /// Whether the lead's state may be one of the United States: its country is the United States or missing.
        var mayBeUnitedStates: Bool
    }

    /// A group of states that no rule distinguishes.
    enum State: Sendable, Hashable {
        /// No state, or one that no rule names.
        case other
        /// One of the United States, in a spelling of some region list, or in another.
        case united(index: Int, spelling: Int?)
        /// Any other text, or a state outside the United States.
        case text(Int)
    }

    /// The values of industry, company size and revenue; nil is any value that no rule names.
    var texts: [[Int?]]
    /// The countries.
    var countries: [Country]
    /// The states of a lead that may be in the United States; empty if none meets the lists.
    var unitedStates: [State]
    /// The states of a lead outside the United States; empty if none meets the lists.
    var otherStates: [State]

    /// Whether there is no cell.
    var isEmpty: Bool {
        texts.contains(where: \.isEmpty) || !countries.contains { !states(in: $0).isEmpty }
    }

    /// How many cells there are.
    var count: Int {
        let places = countries.reduce(0) { $0 + states(in: $1).count }
        return texts.reduce(places) { $0.multipliedReportingOverflow(by: $1.count).partialValue }
    }

    /// The states that are possible in a country.
    func states(in country: Country) -> [State] { country.mayBeUnitedStates ? unitedStates : otherStates }

    /// Whether some lead meets the lists of both rules.
    func overlaps(_ other: LeadCells) -> Bool {
        func meet(_ one: [Int?], _ two: [Int?]) -> Bool {
            one.contains(nil) || two.contains(nil) || one.contains(where: two.contains)
        }
        func meet(_ one: [State], _ two: [State]) -> Bool {
            guard !one.isEmpty, !two.isEmpty else { return false }
            return one.contains(.other) || two.contains(.other) || one.contains(where: two.contains)
        }
        guard zip(texts, other.texts).allSatisfy({ meet($0, $1) }) else { return false }
        return countries.contains { country in
            other.countries.contains { second in
                country.mayBeUnitedStates == second.mayBeUnitedStates
                    && (country.number == nil || second.number == nil || country.number == second.number)
                    && meet(states(in: country), other.states(in: second))
            }
        }
    }
}
