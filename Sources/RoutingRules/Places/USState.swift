/// A state of the United States, the District of Columbia, or an island territory.
package struct USState: Sendable, Hashable {
    /// The two letters of the Postal Service.
    package let code: String
    /// The English name.
    package let name: String
    /// The Census Bureau's division; nil for the island territories.
    package let division: CensusDivision?

    /// The state of this code or name, in any case; `US-CA` and `Washington, D.C.` are understood, too.
    package init?(_ text: String) {
        guard let index = FoldedText.withBytes(of: text, Self.index(ofFolded:)) else { return nil }
        self = Self.all[index]
    }

    private init(code: String, name: String, division: CensusDivision?) {
        self.code = code
        self.name = name
        self.division = division
    }

    /// The place in ``all`` of the state of this folded code or name.
    static func index(ofFolded text: UnsafeBufferPointer<UInt8>) -> Int? { table.number(of: text) }

    private static let table: ValueTable = {
        var table = ValueTable()
        for (index, state) in all.enumerated() {
            for text in [state.code, state.name, "US-" + state.code] {
                table.insert(FoldedText.bytes(of: text), number: index)
            }
        }
        let others = [
            ("DC", ["D.C.", "Washington DC", "Washington, DC", "Washington D.C.", "Washington, D.C."]),
            ("VI", ["Virgin Islands", "U.S. Virgin Islands", "Virgin Islands, U.S."]),
        ]
        for (code, texts) in others {
            guard let index = all.firstIndex(where: { $0.code == code }) else { continue }
            for text in texts { table.insert(FoldedText.bytes(of: text), number: index) }
        }
        return table
    }()

    /// All of them, by division.
    package static let all: [USState] = [
        USState(code: "CT", name: "Connecticut", division: .newEngland),
        USState(code: "ME", name: "Maine", division: .newEngland),
        USState(code: "MA", name: "Massachusetts", division: .newEngland),
        USState(code: "NH", name: "New Hampshire", division: .newEngland),
        USState(code: "RI", name: "Rhode Island", division: .newEngland),
        USState(code: "VT", name: "Vermont", division: .newEngland),
        USState(code: "NJ", name: "New Jersey", division: .middleAtlantic),
        USState(code: "NY", name: "New York", division: .middleAtlantic),
        USState(code: "PA", name: "Pennsylvania", division: .middleAtlantic),
        USState(code: "IL", name: "Illinois", division: .eastNorthCentral),
        USState(code: "IN", name: "Indiana", division: .eastNorthCentral),
        USState(code: "MI", name: "Michigan", division: .eastNorthCentral),
        USState(code: "OH", name: "Ohio", division: .eastNorthCentral),
        USState(code: "WI", name: "Wisconsin", division: .eastNorthCentral),
        USState(code: "IA", name: "Iowa", division: .westNorthCentral),
        USState(code: "KS", name: "Kansas", division: .westNorthCentral),
        USState(code: "MN", name: "Minnesota", division: .westNorthCentral),
        USState(code: "MO", name: "Missouri", division: .westNorthCentral),
        USState(code: "NE", name: "Nebraska", division: .westNorthCentral),
        USState(code: "ND", name: "North Dakota", division: .westNorthCentral),
        USState(code: "SD", name: "South Dakota", division: .westNorthCentral),
        USState(code: "DE", name: "Delaware", division: .southAtlantic),
        USState(code: "DC", name: "District of Columbia", division: .southAtlantic),
        USState(code: "FL", name: "Florida", division: .southAtlantic),
        USState(code: "GA", name: "Georgia", division: .southAtlantic),
        USState(code: "MD", name: "Maryland", division: .southAtlantic),
        USState(code: "NC", name: "North Carolina", division: .southAtlantic),
        USState(code: "SC", name: "South Carolina", division: .southAtlantic),
        USState(code: "VA", name: "Virginia", division: .southAtlantic),
        USState(code: "WV", name: "West Virginia", division: .southAtlantic),
        USState(code: "AL", name: "Alabama", division: .eastSouthCentral),
        USState(code: "KY", name: "Kentucky", division: .eastSouthCentral),
        USState(code: "MS", name: "Mississippi", division: .eastSouthCentral),
        USState(code: "TN", name: "Tennessee", division: .eastSouthCentral),
        USState(code: "AR", name: "Arkansas", division: .westSouthCentral),
        USState(code: "LA", name: "Louisiana", division: .westSouthCentral),
        USState(code: "OK", name: "Oklahoma", division: .westSouthCentral),
        USState(code: "TX", name: "Texas", division: .westSouthCentral),
        USState(code: "AZ", name: "Arizona", division: .mountain),
        USState(code: "CO", name: "Colorado", division: .mountain),
        USState(code: "ID", name: "Idaho", division: .mountain),
        USState(code: "MT", name: "Montana", division: .mountain),
        USState(code: "NV", name: "Nevada", division: .mountain),
        USState(code: "NM", name: "New Mexico", division: .mountain),
        USState(code: "UT", name: "Utah", division: .mountain),
        USState(code: "WY", name: "Wyoming", division: .mountain),
        USState(code: "AK", name: "Alaska", division: .pacific),
        USState(code: "CA", name: "California", division: .pacific),
        USState(code: "HI", name: "Hawaii", division: .pacific),
        USState(code: "OR", name: "Oregon", division: .pacific),
        USState(code: "WA", name: "Washington", division: .pacific),
        USState(code: "AS", name: "American Samoa", division: nil),
        USState(code: "GU", name: "Guam", division: nil),
        USState(code: "MP", name: "Northern Mariana Islands", division: nil),
        USState(code: "PR", name: "Puerto Rico", division: nil),
        USState(code: "VI", name: "US Virgin Islands", division: nil),
    ]
}
