/// Values in the form in which equality compares them: equal values have equal bytes.
///
/// A text is its folded bytes. Other types begin with a byte with which no folded text begins.
enum ConditionKey {
    /// A number.
    static func number(_ value: Double) -> [UInt8] { bytes(0x01, [value == 0 ? 0 : value]) }

    /// A band, by its ends.
    static func band(_ extent: Extent) -> [UInt8] { bytes(0x02, [extent.lower, extent.upper]) }

    private static func bytes(_ kind: UInt8, _ values: [Double]) -> [UInt8] {
        [kind] + values.flatMap { value in withUnsafeBytes(of: value.bitPattern) { Array($0) } }
    }

    /// The key of a text in a rule.
    static func key(for field: ConditionField, _ text: String) -> [UInt8] {
        FoldedText.withBytes(of: text) { folded in
            var key: [UInt8] = []
            withKey(of: field, folded) { key = Array($0) }
            return key
        }
    }

    /// Calls `body` with the key of a folded text; allocates nothing.
    static func withKey<Result>(
        of field: ConditionField,
        _ folded: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        switch field {
        case .companySize, .revenue:
            guard let extent = BandText.extent(ofFolded: folded, isWhole: field == .companySize) else { break }
            return withKey(0x02, extent.lower, extent.upper, body)
        case .metadata, .score:
            guard let number = ConditionNumber.plain(folded) else { break }
            return withKey(0x01, number == 0 ? 0 : number, nil, body)
        case .country, .phoneCountry:
            guard let index = Country.index(ofFolded: folded) else { break }
            return withKey(0x03, UInt16(truncatingIfNeeded: index), body)
        case .usState:
            guard let index = USState.index(ofFolded: folded) else { break }
            return withKey(0x04, UInt16(truncatingIfNeeded: index), body)
        default: break
        }
        return body(folded)
    }

    /// Calls `body` with the key of a place, given by its number in its table.
    static func withKey<Result>(
        _ kind: UInt8,
        _ index: UInt16,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3) { buffer in
            buffer[0] = kind
            buffer[1] = UInt8(truncatingIfNeeded: index)
            buffer[2] = UInt8(truncatingIfNeeded: index >> 8)
            return body(UnsafeBufferPointer(buffer))
        }
    }

    /// Calls `body` with the key of one or two numbers.
    static func withKey<Result>(
        _ kind: UInt8,
        _ first: Double,
        _ second: Double?,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 17) { buffer in
            buffer[0] = kind
            func write(_ value: Double, at offset: Int) {
                withUnsafeBytes(of: value.bitPattern) { bytes in
                    for index in 0..<8 { buffer[offset + index] = bytes[index] }
                }
            }
            write(first, at: 1)
            if let second { write(second, at: 9) }
            return body(UnsafeBufferPointer(rebasing: buffer[..<(second == nil ? 9 : 17)]))
        }
    }
}
