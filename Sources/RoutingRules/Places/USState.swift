/// A state of the United States, the District of Columbia, or an island territory.
package struct USState: Sendable, Hashable {
    /// The two letters of the Postal Service.
    package let code: String
    /// The English name.
    package let name: String
    /// The Census Bureau's division; nil for the island territories.
    package let division: CensusDivision?

    /// The state of this code or name, in any case; also of `US-CA` and `Washington, D.C.`.
    package init?(_ text: String) {
        guard let index = FoldedText.withBytes(of: text, Self.index(ofFolded:)) else { return nil }
        self = Self.all[index]
    }

    private init(code: String, name: String, division: CensusDivision?) {
        self.code = code
        self.name = name
        self.division = division
    }

    /// The index in ``all`` of the state of this folded code or name.
    static func index(ofFolded text: UnsafeBufferPointer<UInt8>) -> Int? { table.number(of: text) }

    private static let table: ValueTable = {
        var table = ValueTable()
        for (index, state) in all.enumerated() {
            for text in [state.code, state.name, "US-" + state.code]
                + rows[index][3].split(separator: "|").map(String.init)
            {
                table.insert(FoldedText.bytes(of: text), number: index)
            }
        }
        return table
    }()

    /// All states, by division.
    package static let all = rows.map {
        USState(code: $0[0], name: $0[1], division: CensusDivision(rawValue: $0[2]))
    }

    /// Code, name, division, other names.
    private static let rows = DataFile.rows(Embedded.usStates, columns: 4)
}
