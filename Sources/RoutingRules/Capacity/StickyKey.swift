import Digests

/// A digest of the property that sticky leads share: no name and no domain is stored.
enum StickyKey {
    /// The digest for a lead: 16 bytes; nil if it has no company, or an address of a free-mail provider.
    static func digest(of lead: Lead, by kind: Pool.StickyBy) -> [UInt8]? {
        let value: [UInt8]?
        switch kind {
        case .company: value = lead.companyName.flatMap(CompanyName.normalised)
        case .emailDomain:
            guard let address = lead.email.flatMap(EmailAddress.normalised),
                let at = address.lastIndex(of: UInt8(ascii: "@"))
            else { return nil }
            // Addresses at a free-mail provider do not identify a company.
            let domain = Array(address[(at + 1)...])
            value = domain.withUnsafeBufferPointer(FreeMail.contains) ? nil : domain
        }
        guard let value, !value.isEmpty else { return nil }
        return Array(SHA256.hash(Array(kind.rawValue.utf8) + [0x3A], value).prefix(16))
    }

    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        return bytes.reduce(into: "") { text, byte in
            text.unicodeScalars.append(digits[Int(byte >> 4)])
            text.unicodeScalars.append(digits[Int(byte & 15)])
        }
    }

    static func bytes(hex: String) -> [UInt8] {
        let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
