import Digests

/// What `X-Inngest-Signature` says: when a body was signed, and the code.
package struct Signature: Sendable, Hashable, CustomStringConvertible {
    /// How far a signature's time may lie from ours, in seconds, either way.
    package static let window: Int64 = 300

    /// When it was made, in seconds since 1970.
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

    /// Reads a header; nil for one that is no signature.
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

    /// Whether this is the signature of a body by a key, and new enough.
    ///
    /// Takes the same time wherever a code differs.
    package func isValid(of body: [UInt8], by key: SigningKey, now: Int64) -> Bool {
        guard (now - Self.window)...(now + Self.window) ~= time else { return false }
        return isEqualInConstantTime(key.code(over: body, at: time), code)
    }
}
