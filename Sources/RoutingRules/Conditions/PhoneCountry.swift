/// The country of a phone number, by its calling code.
enum PhoneCountry {
    /// The ISO code of the country that a number written with its calling code belongs to.
    ///
    /// `+` or `00` in front means that a calling code follows; so do the eleven digits of North America that begin with
    /// 1. A number in national notation belongs to the country of the lead, which only matters for ten digits of North
    /// America; for every other the result is nil. After +1 the area code decides. If several countries share a code
    /// and their numbers do not distinguish them, the largest country is returned (+44 without Guernsey, Jersey and Man
    /// is GB, +39 is IT, +262 is RE, +590 is GP).
    ///
    /// - Parameters:
    ///   - number: the number as written.
    ///   - country: the index in `Country.all` of the lead's country.
    /// - Returns: the code, or nil for a number without a country, such as a toll-free one.
    static func code(of number: String, country: Int?) -> String? {
        let text = CanonicalText.trimmed(number)
        let isMarked = text.hasPrefix("+") || text.hasPrefix("00") || text.hasPrefix("(+")
        guard let identity = PhoneNumber.normalised(String(text)) else { return nil }
        let original = digitCount(text)
        // The identity drops the leading 1 of eleven digits.
        if identity.count == 10, original == (text.hasPrefix("00") ? 13 : 11), isMarked || isNorthAmerican(identity) {
            return northAmerican(identity)
        }
        if isMarked { return international(identity) }
        guard identity.count == 10, original == 10, isNorthAmerican(identity), let country,
            sharedByNorthAmerica.contains(Country.all[country].code)
        else { return nil }
        return northAmerican(identity)
    }

    private static func digitCount(_ text: Substring) -> Int {
        // An extension is not part of the number.
        let end = text.firstIndex { $0 == "x" || $0 == "X" || $0 == "e" || $0 == "E" || $0 == "#" || $0 == ";" }
        return text[..<(end ?? text.endIndex)].utf8.count { (0x30...0x39).contains($0) }
    }

    /// Whether ten digits can be a number of North America: neither area nor exchange begins with 0 or 1.
    private static func isNorthAmerican(_ digits: [UInt8]) -> Bool {
        digits.count == 10 && digits[0] >= UInt8(ascii: "2") && digits[3] >= UInt8(ascii: "2")
    }

    private static func northAmerican(_ digits: [UInt8]) -> String? {
        let area = number(digits[..<3])
        return tables.withoutPlace.contains(area) ? nil : tables.areas[area] ?? "US"
    }

    private static func international(_ digits: [UInt8]) -> String? {
        for length in stride(from: min(7, digits.count), through: 1, by: -1) {
            if let country = tables.beginnings[number(digits[..<length])] { return country }
        }
        return nil
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int { digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } }

    private static let sharedByNorthAmerica = Set(tables.areas.values).union(["US"])

    private static let tables = Tables(Embedded.phoneCountries)
}

extension PhoneCountry {
    /// The contents of phone-countries.tsv.
    private struct Tables {
        /// The area codes after +1 outside the United States.
        var areas: [Int: String] = [:]
        /// Area codes after +1 without a place: toll-free, premium, personal.
        var withoutPlace: Set<Int> = []
        /// The other calling codes, and the prefixes that distinguish countries with the same code.
        var beginnings: [Int: String] = [:]

        init(_ file: String) {
            for row in DataFile.rows(file, columns: 3) {
                let beginnings = row[2].split(separator: " ")
                switch (row[0], row[1]) {
                case ("-", "1"): withoutPlace.formUnion(beginnings.compactMap { Int($0) })
                case (let country, "1"): for area in beginnings.compactMap({ Int($0) }) { areas[area] = country }
                case (let country, let code):
                    for text in beginnings.isEmpty ? [""] : beginnings {
                        if let number = Int(code + text) { self.beginnings[number] = country }
                    }
                }
            }
        }
    }
}

extension Lead {
    /// The ISO code of the country of its phone number.
    var phoneCountry: String? {
        guard let phone else { return nil }
        let country = location?.country.flatMap { FoldedText.withBytes(of: $0, Country.index(ofFolded:)) }
        return PhoneCountry.code(of: phone, country: country)
    }
}
