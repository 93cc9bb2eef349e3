/// The leads that six lists let through, as a finite number of cells: every lead is in one of them, and two leads in the
/// same cell meet the same lists of the same rules.
///
/// A list that a rule does not have stands for one value that no rule names: only rules without the list take it, and
/// those take every value. So a product of finite sets stands for infinitely many leads, exactly.
struct LeadCells: Sendable {
    /// A kind of country, as far as any rule tells countries apart.
    struct Country: Sendable, Hashable {
        /// The number of the country among those that rules name; nil for a lead without one, or with another.
        var number: Int?
        /// Whether the lead's state may be one of the United States: the country is theirs, or missing.
        var mayBeUnitedStates: Bool
    }

    /// A kind of state, as far as any rule tells states apart.
    enum State: Sendable, Hashable {
        /// None, or one that no rule names.
        case other
        /// One of the United States, spelt as some region list spells it, or otherwise.
        case united(index: Int, spelling: Int?)
        /// A text that is none of the United States', or that lies elsewhere.
        case text(Int)
    }

    /// The values of industry, company size and revenue; one that no rule names is nil.
    var texts: [[Int?]]
    /// The countries.
    var countries: [Country]
    /// The states of a lead that may be in the United States; empty if none meets the lists.
    var unitedStates: [State]
    /// The states of a lead that lies elsewhere; empty if none meets the lists.
    var otherStates: [State]

    /// Whether no lead is in any cell.
    var isEmpty: Bool {
        texts.contains(where: \.isEmpty) || !countries.contains { !states(in: $0).isEmpty }
    }

    /// How many cells there are.
    var count: Int {
        let places = countries.reduce(0) { $0 + states(in: $1).count }
        return texts.reduce(places) { $0.multipliedReportingOverflow(by: $1.count).partialValue }
    }

    /// The states that go with a country.
    func states(in country: Country) -> [State] { country.mayBeUnitedStates ? unitedStates : otherStates }

    /// Whether some lead meets the lists of both rules that the cells are of.
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
