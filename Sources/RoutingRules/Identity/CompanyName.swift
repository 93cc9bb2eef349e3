/// Company names as identities.
enum CompanyName {
    /// The name by which a company is recognised, or nil if the value is not a name.
    ///
    /// Trimmed, composed, in lower case. Full stops and apostrophes are removed, `&` is a word, other ASCII punctuation
    /// separates words. Legal forms at the end are removed while something remains before them: `Acme`, `ACME, Inc.`
    /// and `Acme Co., Ltd.` are one company, and a company called `Co` keeps its name. Placeholders such as `n/a` are
    /// not names: they would make unrelated leads duplicates.
    static func normalised(_ value: String) -> [UInt8]? {
        var words: [ArraySlice<UInt8>] = spaced(CanonicalText.canonicalBytes(of: value))
            .split(
                separator: space
            )
        while words.count > 1, let last = words.last, legalForms.contains(where: last.elementsEqual) {
            words.removeLast()
        }
        let name = Array(words.joined(separator: [space]))
        return name.isEmpty || placeholders.contains(name) ? nil : name
    }

    /// The name with punctuation removed or replaced by spaces.
    private static func spaced(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 8)
        var index = 0
        while index < bytes.count {
            let rest = bytes[index...]
            if rest.starts(with: rightQuote) {
                index += rightQuote.count
                continue
            }
            if rest.starts(with: noBreakSpace) {
                result.append(space)
                index += noBreakSpace.count
                continue
            }
            switch bytes[index] {
            case UInt8(ascii: "."), UInt8(ascii: "'"): break
            case UInt8(ascii: "&"): result += and
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E, 0x09...0x0D: result.append(space)
            case let byte: result.append(byte)
            }
            index += 1
        }
        return result
    }

    private static let space = UInt8(ascii: " ")
    private static let and = Array(" and ".utf8)
    private static let rightQuote = Array("’".utf8)
    private static let noBreakSpace = Array("\u{A0}".utf8)
    private static let placeholders = Set(DataFile.lines(Embedded.noCompany).map { Array($0.utf8) })
    private static let legalForms = DataFile.lines(Embedded.legalForms).map { Array($0.utf8) }
}
