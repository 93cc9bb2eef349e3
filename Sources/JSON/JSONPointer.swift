/// JSON pointers (RFC 6901): the places of values, as errors name them.
package enum JSONPointer {
    /// A key as a part of a pointer.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - limit: how many characters of it are kept; a client may send a key of any length.
    /// - Returns: the key with its tildes and slashes escaped.
    package static func part(_ key: String, upTo limit: Int = 64) -> String {
        var part = ""
        for character in key.prefix(limit) {
            switch character {
            case "~": part += "~0"
            case "/": part += "~1"
            default: part.append(character)
            }
        }
        return part
    }
}
