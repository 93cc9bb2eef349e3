import JSON

/// The values of a lead for the fields of conditions.
///
/// A blank value counts as missing. Nothing here allocates for ASCII of usual length.
extension Lead {
    /// Calls `body` with the folded text of a field, or with nil if the lead has none.
    func withFolded<Result>(
        _ field: ConditionField,
        _ body: (UnsafeBufferPointer<UInt8>?) -> Result
    ) -> Result {
        switch field {
        case .email: return Self.fold(email, body)
        case .emailDomain:
            return Self.fold(email) { address in
                guard let address, let at = address.lastIndex(of: UInt8(ascii: "@")), at + 1 < address.count else {
                    return body(nil)
                }
                return body(UnsafeBufferPointer(rebasing: address[(at + 1)...]))
            }
        case .phone: return Self.fold(phone, body)
        case .phoneCountry: return Self.fold(phoneCountry, body)
        case .firstName: return Self.fold(firstName, body)
        case .lastName: return Self.fold(lastName, body)
        case .company: return Self.fold(companyName, body)
        case .industry: return Self.fold(industry, body)
        case .companySize: return Self.fold(companySize, body)
        case .revenue: return Self.fold(revenue, body)
        case .country: return Self.fold(location?.country, body)
        case .usState, .state, .region: return Self.fold(location?.state, body)
        case .city: return Self.fold(location?.city, body)
        case .location: return body(nil)
        case .source: return Self.fold(source, body)
        case .sourceID: return Self.fold(sourceID, body)
        case .score: return withMetadata(.score) { Self.fold($0, $1, body) }
        case .metadata(let path): return withMetadata(path) { Self.fold($0, $1, body) }
        }
    }

    /// Folds a text that may be missing.
    ///
    /// No closure here captures the lead: that would retain each of its texts.
    @inline(__always)
    private static func fold<Result>(
        _ text: String?,
        _ body: (UnsafeBufferPointer<UInt8>?) -> Result
    ) -> Result {
        guard let text else { return body(nil) }
        return FoldedText.withBytes(of: text) { body($0.isEmpty ? nil : $0) }
    }

    /// Calls `body` with the value at a path of the metadata.
    func withMetadata<Result>(
        _ path: MetadataPath,
        _ body: (JSONLookup.Found?, UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        guard var text = metadata else { return body(nil, UnsafeBufferPointer(start: nil, count: 0)) }
        return text.withUTF8 { body(JSONLookup.find(path.steps, in: $0), $0) }
    }

    /// A scalar of metadata as folded text.
    static func fold<Result>(
        _ found: JSONLookup.Found?,
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>?) -> Result
    ) -> Result {
        switch found {
        case .string(let range, let isPlain):
            let raw = UnsafeBufferPointer(rebasing: bytes[range])
            let folded: (UnsafeBufferPointer<UInt8>) -> Result = { body($0.isEmpty ? nil : $0) }
            if isPlain { return FoldedText.withBytes(ofUTF8: raw, folded) }
            return FoldedText.withBytes(of: JSONString.unescaped(raw) ?? "", folded)
        case .number(let range):
            let raw = UnsafeBufferPointer(rebasing: bytes[range])
            if JSONNumber.isCanonical(raw) { return body(raw) }
            var text = JSONNumber.canonical(String(decoding: raw, as: UTF8.self))
            return text.withUTF8 { body($0) }
        case .bool(let value):
            var text = value ? "true" : "false"
            return text.withUTF8 { body($0) }
        case nil, .null, .array, .object: return body(nil)
        }
    }

    /// Whether the lead has a value for a field.
    func has(_ field: ConditionField) -> Bool {
        switch field {
        case .location: return point != nil
        case .metadata(let path):
            return withMetadata(path) { found, bytes in
                switch found {
                case nil, .null: false
                case .array, .object, .bool, .number: true
                case .string: Self.fold(found, bytes) { $0 != nil }
                }
            }
        case .usState: return forEachKey(of: field) { _ in true }
        default: return withFolded(field) { $0 != nil }
        }
    }

    /// Calls `body` with each key of a field's value, until it returns true.
    ///
    /// A region has up to three: the state as given, and the Census region and division of a state of the United
    /// States. Other fields have at most one.
    ///
    /// - Returns: whether `body` returned true.
    func forEachKey(of field: ConditionField, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        switch field {
        case .usState:
            let mayBeInUnitedStates = mayBeInUnitedStates
            return Self.fold(location?.state) { folded in
                guard let folded, mayBeInUnitedStates, let state = USState.index(ofFolded: folded) else { return false }
                return ConditionKey.withKey(0x04, UInt16(truncatingIfNeeded: state), body)
            }
        case .region:
            let mayBeInUnitedStates = mayBeInUnitedStates
            return Self.fold(location?.state) { folded in
                guard let folded else { return false }
                if body(folded) { return true }
                guard mayBeInUnitedStates, let state = USState.index(ofFolded: folded),
                    let names = CensusNames.folded[state]
                else { return false }
                return names.division.withUnsafeBufferPointer(body) || names.region.withUnsafeBufferPointer(body)
            }
        default:
            return withFolded(field) { folded in
                guard let folded else { return false }
                return ConditionKey.withKey(of: field, folded, body)
            }
        }
    }

    /// Whether its state can be one of the United States: its country is the United States or missing.
    var mayBeInUnitedStates: Bool {
        guard let country = location?.country else { return true }
        return FoldedText.withBytes(of: country) { $0.isEmpty || Country.index(ofFolded: $0) == Country.unitedStates }
    }

    /// The value of a field as a range of numbers; nil if it is not a number.
    func numbers(_ field: ConditionField) -> Extent? {
        switch field.kind {
        case .band(let isWhole):
            return withFolded(field) { $0.flatMap { BandText.extent(ofFolded: $0, isWhole: isWhole) } }
        case .free, .number:
            return withFolded(field) { folded in
                guard let folded else { return nil }
                if let number = ConditionNumber.any(folded) { return Extent(number) }
                return BandText.extent(ofFolded: folded, isWhole: false)
            }
        default: return nil
        }
    }

    /// The time of a metadata field; nil if it is not a date or time.
    func dates(_ field: ConditionField) -> Extent? {
        guard case .metadata(let path) = field else { return nil }
        return withMetadata(path) { found, bytes in
            guard case .string(let range, true) = found else { return nil }
            return DateText.extent(of: UnsafeBufferPointer(rebasing: bytes[range]))
        }
    }
}

extension MetadataPath {
    /// The path of a lead's score.
    static let score = MetadataPath(member: "score")

    private init(member: String) {
        steps = [.member(member)]
        name = "metadata." + member
    }
}

/// The Census regions and divisions of each state, folded.
private enum CensusNames {
    static let folded: [(division: [UInt8], region: [UInt8])?] = USState.all.map { state in
        state.division.map { (FoldedText.bytes(of: $0.rawValue), FoldedText.bytes(of: $0.region.rawValue)) }
    }
}
