/// Bands of size and revenue as people write them: `11-50`, `51 to 200`, `10001+`, `$1M–$10M`, `under $1M`, `<10`,
/// `>5000`, `500K`, `1 million`, `1,000`.
package enum BandText {
    /// The range that a text means; nil if it is not a band.
    ///
    /// `-`, `–` and `to` join two ends; a multiplier of the upper end also applies to the lower where that makes sense
    /// (`1-10M`). Currency signs and words such as `employees` are skipped. A comma groups thousands, a point is a
    /// decimal point.
    ///
    /// - Parameters:
    ///   - text: the band.
    ///   - isWhole: whether values are whole numbers, as for people: then `<10` ends at 9.
    /// - Returns: the range; nil if the text is not a band.
    package static func extent(of text: String, isWhole: Bool) -> Extent? {
        FoldedText.withBytes(of: text) { extent(ofFolded: $0, isWhole: isWhole) }
    }

    /// The range that a folded text means.
    static func extent(ofFolded bytes: UnsafeBufferPointer<UInt8>, isWhole: Bool) -> Extent? {
        guard !bytes.isEmpty, bytes.count <= 100 else { return nil }
        var reader = Reader(bytes: bytes)
        return reader.band(isWhole: isWhole)
    }

    /// A single number, such as a bound of a rule.
    static func amount(of text: String) -> Double? {
        guard let extent = extent(of: text, isWhole: false), extent.isPoint else { return nil }
        return extent.lower
    }
}

private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    private struct Amount {
        var mantissa: Double
        var multiplier: Double?
        var value: Double { mantissa * (multiplier ?? 1) }
    }

    mutating func band(isWhole: Bool) -> Extent? {
        skip()
        func below(_ value: Double) -> Double { isWhole ? (value - 1).rounded(.up) : value.nextDown }
        func above(_ value: Double) -> Double { isWhole ? (value + 1).rounded(.down) : value.nextUp }
        if take("<=") || take("≤") || takeWord("up to") || takeWord("at most") || takeWord("max") {
            return amount().flatMap { isAtEnd() ? Extent(0, $0.value) : nil }
        }
        if take("<") || takeWord("under") || takeWord("below") || takeWord("less than") || takeWord("fewer than") {
            return amount().flatMap { isAtEnd() ? Extent(0, below($0.value)) : nil }
        }
        if take(">=") || take("≥") || takeWord("at least") || takeWord("from") || takeWord("min") {
            return amount().flatMap { isAtEnd() ? Extent($0.value, .infinity) : nil }
        }
        if take(">") || takeWord("over") || takeWord("above") || takeWord("more than") {
            return amount().flatMap { isAtEnd() ? Extent(above($0.value), .infinity) : nil }
        }
        let isBetween = takeWord("between")
        guard var lower = amount() else { return nil }
        skip()
        if !isBetween {
            if position == bytes.count { return Extent(lower.value) }
            if take("+") || takeWord("or more") || takeWord("and more") || takeWord("and above") || takeWord("plus") {
                return isAtEnd() ? Extent(lower.value, .infinity) : nil
            }
            if takeWord("or less") || takeWord("or fewer") { return isAtEnd() ? Extent(0, lower.value) : nil }
        }
        guard take("-") || takeWord("to") || (isBetween && takeWord("and")) else { return nil }
        guard let upper = amount(), isAtEnd() else { return nil }
        if lower.multiplier == nil, upper.multiplier != nil, lower.mantissa < upper.mantissa {
            lower.multiplier = upper.multiplier
        }
        return Extent(lower.value, upper.value)
    }

    private mutating func isAtEnd() -> Bool {
        skip()
        return position == bytes.count
    }

    /// Skips blanks, currencies and units.
    private mutating func skip() {
        while position < bytes.count {
            if bytes[position] == 0x20 {
                position += 1
            } else if take("$") || take("€") || take("£") {
                continue
            } else if Self.units.contains(where: { takeWord($0) }) {
                continue
            } else {
                return
            }
        }
    }

    private static let units: [StaticString] = [
        "employees", "employee", "people", "persons", "staff", "fte", "usd", "us$", "eur", "gbp", "dollars", "dollar",
        "euros", "euro", "per year", "a year", "annually", "annual", "revenue",
    ]

    private mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[position + offset] != text.utf8Start[offset] { return false }
        position += count
        return true
    }

    /// Takes a word that no letter follows, and the blank after it.
    private mutating func takeWord(_ text: StaticString) -> Bool {
        let start = position
        guard take(text) else { return false }
        if position < bytes.count, (0x61...0x7A).contains(bytes[position]) {
            position = start
            return false
        }
        while position < bytes.count, bytes[position] == 0x20 { position += 1 }
        return true
    }

    private func isDigit(_ index: Int) -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }

    private mutating func amount() -> Amount? {
        skip()
        guard isDigit(position) else { return nil }
        var mantissa = 0.0
        var digits = 0
        while true {
            if isDigit(position) {
                mantissa = mantissa * 10 + Double(bytes[position] - 0x30)
                digits += 1
                position += 1
            } else if position < bytes.count, bytes[position] == UInt8(ascii: ","), isDigit(position + 1),
                isDigit(position + 2), isDigit(position + 3), !isDigit(position + 4)
            {
                position += 1
            } else {
                break
            }
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: "."), isDigit(position + 1) {
            position += 1
            var fraction = 0.0
            var scale = 1.0
            while isDigit(position) {
                fraction = fraction * 10 + Double(bytes[position] - 0x30)
                scale *= 10
                digits += 1
                position += 1
            }
            mantissa += fraction / scale
        }
        guard digits <= 18 else { return nil }
        let start = position
        while position < bytes.count, bytes[position] == 0x20 { position += 1 }
        for (words, multiplier) in Self.multipliers {
            for word in words where takeWord(word) { return Amount(mantissa: mantissa, multiplier: multiplier) }
        }
        position = start
        return Amount(mantissa: mantissa, multiplier: nil)
    }

    private static let multipliers: [(words: [StaticString], value: Double)] = [
        (["k", "thousand"], 1e3), (["m", "mm", "mn", "mio", "million", "millions"], 1e6),
        (["b", "bn", "mrd", "billion", "billions"], 1e9), (["t", "tn", "trillion"], 1e12),
    ]
}
