/// The signing key, and the one that takes its place while keys are changed.
package struct SigningKeys: Sendable, Hashable {
    /// How a request stands with the keys.
    package enum Verdict: Sendable, Hashable {
        /// It carries no signature.
        case unsigned
        /// It carries one that is wrong, too old, or by a key that we do not have.
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

    /// Looks at a request's signature.
    ///
    /// - Parameters:
    ///   - header: what `X-Inngest-Signature` says, if it is there.
    ///   - body: the bytes as they came. Inngest sends them in the form that it signs.
    ///   - now: our time, in seconds since 1970.
    /// - Returns: by whom it is signed.
    package func verdict(_ header: String?, over body: [UInt8], now: Int64) -> Verdict {
        guard let header else { return .unsigned }
        guard let signature = Signature(header) else { return .refused }
        for key in all where signature.isValid(of: body, by: key, now: now) { return .signed(by: key) }
        return .refused
    }
}
