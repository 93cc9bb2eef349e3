/// The texts by which a person signs in, in one spelling.
package enum AccountText {
    /// The most bytes of an address.
    package static let mostEmailBytes = 320

    /// The address as it is stored: trimmed, composed (NFC), in lower case; nil for a text that is no address.
    ///
    /// Unlike the identity of a lead, it keeps dots and tags, which are another mailbox at some providers.
    package static func email(_ text: String) -> String? {
        guard text.utf8.count <= mostEmailBytes else { return nil }
        let bytes = CanonicalText.canonicalBytes(of: text)
        let email = String(decoding: bytes, as: UTF8.self)
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), bytes.count <= mostEmailBytes,
            email.unicodeScalars.allSatisfy({
                !$0.properties.isWhitespace && $0.properties.generalCategory != .control
            })
        else { return nil }
        return email
    }

    /// The password composed (NFC), because keyboards differ; nothing else is changed.
    package static func password(_ text: String) -> String { CanonicalText.composed(text) }
}
