/// A country of ISO 3166-1.
package struct Country: Sendable, Hashable {
    /// The alpha-2 code.
    package let code: String
    /// The English name.
    package let name: String

    /// The country of this code (alpha-2 or alpha-3) or name, in any case.
    package init?(_ text: String) {
        guard let index = FoldedText.withBytes(of: text, Self.index(ofFolded:)) else { return nil }
        self = Self.all[index]
    }

    private init(code: String, name: String) {
        self.code = code
        self.name = name
    }

    /// The index in ``all`` of the country of this folded code or name.
    static func index(ofFolded text: UnsafeBufferPointer<UInt8>) -> Int? { table.number(of: text) }

    /// All countries, by alpha-2 code.
    package static let all: [Country] = rows.map { Country(code: $0[0], name: $0[2]) }

    /// The index of the United States in ``all``.
    static let unitedStates = all.firstIndex { $0.code == "US" }

    private static let table: ValueTable = {
        var table = ValueTable()
        for (index, row) in rows.enumerated() {
            for text in row[..<3] + row[3].split(separator: "|").map(String.init) {
                table.insert(FoldedText.bytes(of: text), number: index)
            }
        }
        return table
    }()

    /// Alpha-2 code, alpha-3 code, name, other names.
    private static let rows = DataFile.rows(Embedded.countries, columns: 4)
}
