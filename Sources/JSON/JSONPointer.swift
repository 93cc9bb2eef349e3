/// JSON pointers (RFC 6901): the places of values, as errors name them.
package enum JSONPointer {
    /// A key as a part of a pointer.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - limit: how many scalars of it are kept; a client may send a key of any length.
    /// - Returns: the key with its tildes and slashes escaped.
    package static func part(_ key: String, upTo limit: Int = 64) -> String {
        // Scalars, not characters: comparing a character normalises it, and one of many combining scalars takes time that
        // grows with the square of their number.
        var part = String.UnicodeScalarView()
        for scalar in key.unicodeScalars.prefix(limit) {
            switch scalar {
            case "~": part.append(contentsOf: "~0".unicodeScalars)
            case "/": part.append(contentsOf: "~1".unicodeScalars)
            default: part.append(scalar)
            }
        }
        return String(part)
    }
}
