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

    /// The place in ``all`` of the country of this folded code or name.
    static func index(ofFolded text: UnsafeBufferPointer<UInt8>) -> Int? {
        known.table.number(of: text)
    }

    /// All of them, by alpha-2 code.
    package static var all: [Country] { known.countries }

    /// The place of the United States in ``all``.
    static let unitedStates = known.countries.firstIndex { $0.code == "US" }

    private static let known: (countries: [Country], table: ValueTable) = {
        var countries: [Country] = []
        var table = ValueTable()
        for line in lines.split(separator: "\n") {
            let texts = line.split(separator: "|").map(String.init)
            for text in texts {
                table.insert(FoldedText.bytes(of: text), number: countries.count)
            }
            countries.append(Country(code: texts[0], name: texts[2]))
        }
        return (countries, table)
    }()
}
