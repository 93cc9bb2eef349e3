import Digests

/// The contents of `X-Inngest-Signature`: the time of signing, and the code.
package struct Signature: Sendable, Hashable, CustomStringConvertible {
    /// How far a signature's time may differ from the current time, in seconds.
    package static let window: Int64 = 300

    /// When it was signed, in seconds since 1970.
    package let time: Int64
    /// The code, as bytes.
    let code: [UInt8]

    /// The header's text.
    package var description: String { "t=\(time)&s=\(Hexadecimal.encode(code))" }

    /// Signs a body.
    package init(of body: [UInt8], with key: SigningKey, at time: Int64) {
        self.time = time
        code = key.code(over: body, at: time)
    }

    /// Parses a header; nil if it is not a signature.
    package init?(_ header: String) {
        var time: Int64?
        var code: [UInt8]?
        for part in header.split(separator: "&") {
            if part.hasPrefix("t="), time == nil {
                time = Int64(part.dropFirst(2))
            } else if part.hasPrefix("s="), code == nil {
                code = Hexadecimal.decode(String(part.dropFirst(2)))
            } else {
                return nil
            }
        }
        guard let time, time >= 0, let code, code.count == SHA256.byteCount else { return nil }
        self.time = time
        self.code = code
    }

    /// Whether this is a key's signature of a body, and recent enough.
    ///
    /// Compares in constant time.
    package func isValid(of body: [UInt8], by key: SigningKey, now: Int64) -> Bool {
        guard (now - Self.window)...(now + Self.window) ~= time else { return false }
        return isEqualInConstantTime(key.code(over: body, at: time), code)
    }
}
