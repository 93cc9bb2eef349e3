import Digests

/// Codes that change every 30 seconds: TOTP (RFC 6238) with HMAC-SHA1, as every authenticator app has it.
package struct TimeCode: Sendable, Hashable {
    /// How many seconds a code lasts.
    package static let step: Int64 = 30
    /// How many steps a clock may be early or late.
    private static let tolerance: Int64 = 1
    private static let secretBytes = 20

    /// The secret, which the server and the app share.
    package let secret: [UInt8]

    /// The codes of a stored secret.
    package init(secret: [UInt8]) { self.secret = secret }

    /// A new secret of 160 bits.
    package static func random() -> TimeCode { TimeCode(secret: RandomBytes.make(secretBytes)) }

    /// The secret as a person types it into an app.
    package var text: String { Base32.encode(secret) }

    /// The address that an app reads from a QR code.
    ///
    /// - Parameters:
    ///   - account: the user's address.
    ///   - issuer: the name of the installation.
    /// - Returns: `otpauth://totp/ISSUER:ACCOUNT?secret=…`
    package func address(account: String, issuer: String) -> String {
        let issuer = Self.escaped(issuer)
        return "otpauth://totp/\(issuer):\(Self.escaped(account))?secret=\(text)&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=6&period=\(Self.step)"
    }

    /// The code of a step, with a number of digits.
    package func code(at step: Int64, digits: Int = 6) -> String {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * $0)) }
        let hash = SHA1.authenticationCode(of: bytes, key: secret)
        let place = Int(hash[19] & 15)
        let number = hash[place..<(place + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let modulus = (0..<digits).reduce(UInt32(1)) { power, _ in power * 10 }
        let text = String(number % modulus)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// The step to which a code belongs: now, or a step earlier or later; nil for a wrong code.
    ///
    /// All steps are compared, so that the time tells nothing. A step that was used before is not accepted again.
    ///
    /// - Parameters:
    ///   - code: six digits.
    ///   - seconds: the time, in seconds since 1970.
    ///   - used: the last step that was used.
    /// - Returns: the step.
    package func step(of code: String, at seconds: Int64, after used: Int64) -> Int64? {
        let now = seconds / Self.step
        let given = Array(code.utf8)
        var found: Int64?
        for step in (now - Self.tolerance)...(now + Self.tolerance) {
            let isEqual = isEqualInConstantTime(Array(self.code(at: step).utf8), given)
            if isEqual, step > used { found = step }
        }
        return found
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(UnicodeScalar(byte))
            default:
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
