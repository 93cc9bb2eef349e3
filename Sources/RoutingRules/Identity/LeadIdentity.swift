import Digests

/// What makes two leads the same one: a normalised e-mail address, phone number or company name, as a digest.
///
/// The digest is SHA-256 of the kind, a colon and the normalised value in UTF-8: the same 32 bytes as the database's
/// `switchyard.lead_identity()`, by shared test vectors. The kind is inside, so that no phone number can pass for an
/// address.
package struct LeadIdentity: Sendable, Hashable {
    /// What it is made of.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An e-mail address.
        case email
        /// A phone number.
        case phone
        /// A company's name.
        case company
    }

    /// What it is made of.
    package let kind: Kind
    /// 32 bytes.
    package let digest: [UInt8]

    /// The identity that a value gives, or nil if it gives none.
    ///
    /// - Parameters:
    ///   - kind: what the value is.
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

    /// Whether a value gives an identity; cheaper than making it.
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

/// Who a lead is, as far as its e-mail address, phone number and company tell.
package struct LeadIdentities: Sendable, Hashable {
    /// What the lead claims, strongest first: its address and its number, or its company when it stands alone.
    ///
    /// Two leads that share a claim are the same lead. Empty when nothing identifies it: such a lead is never a
    /// duplicate.
    package let claims: [LeadIdentity]

    /// The identities in what a partner sent; blank values and values that identify no person count as missing.
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
