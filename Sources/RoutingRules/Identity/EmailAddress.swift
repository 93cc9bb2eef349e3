/// Email addresses as identities.
enum EmailAddress {
    /// The address by which a person is recognised, or nil if the value is not an address.
    ///
    /// Trimmed, composed, in lower case; exactly one `@` with text on both sides and no white space. Google ignores
    /// dots and everything from a `+` in the local part, and has two domains; this function does the same.
    static func normalised(_ value: String) -> [UInt8]? {
        var bytes = CanonicalText.canonicalBytes(of: value)
        guard let at = bytes.firstIndex(of: UInt8(ascii: "@")), at > 0, at < bytes.count - 1,
            !bytes[(at + 1)...].contains(UInt8(ascii: "@")), !containsBlank(bytes)
        else { return nil }
        let domain = bytes[(at + 1)...]
        guard domain.elementsEqual(gmail) || domain.elementsEqual(googlemail) else { return bytes }
        var local = bytes[..<at]
        if let plus = local.firstIndex(of: UInt8(ascii: "+")) { local = local[..<plus] }
        bytes = local.filter { $0 != UInt8(ascii: ".") }
        guard !bytes.isEmpty else { return nil }
        bytes.append(UInt8(ascii: "@"))
        bytes += gmail
        return bytes
    }

    private static func containsBlank(_ bytes: [UInt8]) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            if CanonicalText.isASCIIBlank(byte) || (previous == 0xC2 && byte == 0xA0) { return true }
            previous = byte
        }
        return false
    }

    private static let gmail = Array("gmail.com".utf8)
    private static let googlemail = Array("googlemail.com".utf8)
}
