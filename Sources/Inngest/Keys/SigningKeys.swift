/// The signing key, and the fallback key during a rotation.
package struct SigningKeys: Sendable, Hashable {
    /// The result of verifying a request.
    package enum Verdict: Sendable, Hashable {
        /// It has no signature.
        case unsigned
        /// Its signature is wrong, too old, or by an unknown key.
        case refused
        /// This key signed it.
        case signed(by: SigningKey)
    }

    /// The key that is tried first.
    package let primary: SigningKey?
    /// The key that is tried next.
    package let fallback: SigningKey?

    /// The keys to try.
    package init(primary: SigningKey?, fallback: SigningKey? = nil) {
        self.primary = primary
        self.fallback = fallback
    }

    /// Both, in the order in which they are tried.
    package var all: [SigningKey] { [primary, fallback].compactMap { $0 } }

    /// Verifies a request's signature.
    ///
    /// - Parameters:
    ///   - header: the value of `X-Inngest-Signature`, if present.
    ///   - body: the bytes as received. Inngest sends them in the form that it signs.
    ///   - now: the current time, in seconds since 1970.
    /// - Returns: the verdict.
    package func verdict(_ header: String?, over body: [UInt8], now: Int64) -> Verdict {
        guard let header else { return .unsigned }
        guard let signature = Signature(header) else { return .refused }
        for key in all where signature.isValid(of: body, by: key, now: now) { return .signed(by: key) }
        return .refused
    }
}
