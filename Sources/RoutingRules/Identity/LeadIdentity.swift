import Digests

/// The identity that two duplicates share: a normalised email address, phone number or company name, as a digest.
///
/// The digest is SHA-256 of the kind, a colon and the normalised value in UTF-8: the same 32 bytes as the database's
/// `switchyard.lead_identity()`, as shared test vectors verify. The kind is included, so that a phone number never
/// equals an address.
package struct LeadIdentity: Sendable, Hashable {
    /// The kind of value.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An email address.
        case email
        /// A phone number.
        case phone
        /// A company's name.
        case company
    }

    /// The kind of value.
    package let kind: Kind
    /// 32 bytes.
    package let digest: [UInt8]

    /// The identity of a value, or nil if it gives none.
    ///
    /// - Parameters:
    ///   - kind: the kind of value.
    ///   - value: the value as written. About a microsecond for ASCII.
    package init?(_ kind: Kind, of value: String) {
        guard let normalised = Self.normalisedBytes(kind, value) else { return nil }
        self.kind = kind
        digest = SHA256.hash(Self.prefix(of: kind), normalised)
    }

    /// The digest as 64 lower-case hexadecimal digits: what `leads.dedupe_hash` holds.
    package var hex: String {
        String(unsafeUninitializedCapacity: digest.count * 2) { buffer in
            for (index, byte) in digest.enumerated() {
                buffer[2 * index] = Self.hexDigits[Int(byte >> 4)]
                buffer[2 * index + 1] = Self.hexDigits[Int(byte & 15)]
            }
            return digest.count * 2
        }
    }

    /// The normalised form that is hashed, or nil if the value gives no identity.
    package static func normalised(_ kind: Kind, _ value: String) -> String? {
        normalisedBytes(kind, value).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a value gives an identity; faster than creating it.
    package static func exists(_ kind: Kind, of value: String) -> Bool {
        normalisedBytes(kind, value) != nil
    }

    private static func normalisedBytes(_ kind: Kind, _ value: String) -> [UInt8]? {
        switch kind {
        case .email: EmailAddress.normalised(value)
        case .phone: PhoneNumber.normalised(value)
        case .company: CompanyName.normalised(value)
        }
    }

    private static func prefix(of kind: Kind) -> [UInt8] {
        switch kind {
        case .email: emailPrefix
        case .phone: phonePrefix
        case .company: companyPrefix
        }
    }

    private static let emailPrefix = Array("email:".utf8)
    private static let phonePrefix = Array("phone:".utf8)
    private static let companyPrefix = Array("company:".utf8)
    private static let hexDigits = Array("0123456789abcdef".utf8)
}

/// The identities of a lead, from its email address, phone number and company.
package struct LeadIdentities: Sendable, Hashable {
    /// The identities that the lead claims, strongest first: its address and its number, or its company if it has
    /// neither.
    ///
    /// Two leads that share a claim are the same lead. If there is no claim, the lead is never a duplicate.
    package let claims: [LeadIdentity]

    /// The identities of a lead's values; blank values and values that identify no person count as missing.
    package init(email: String?, phone: String?, companyName: String?) {
        let person = [
            email.flatMap { LeadIdentity(.email, of: $0) },
            phone.flatMap { LeadIdentity(.phone, of: $0) },
        ]
        .compactMap(\.self)
        claims =
            person.isEmpty
            ? [companyName.flatMap { LeadIdentity(.company, of: $0) }].compactMap(\.self) : person
    }

    /// The identity whose hash `leads.dedupe_hash` holds: address before number before company.
    package var strongest: LeadIdentity? { claims.first }
}
