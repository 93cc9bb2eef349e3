/// The valid names of an object, for suggesting the name that the client probably meant.
package enum KnownNames {
    /// The longest name for which one is suggested, in bytes.
    private static let longest = 40

    /// The known name closest to an unknown one, or nil if none is close.
    ///
    /// Some microseconds, whatever the name: a long one is compared with nothing.
    package static func closest(to name: String, among known: some Sequence<String>) -> String? {
        guard name.utf8.count <= longest else { return nil }
        let plain = simplified(name)
        guard !plain.isEmpty else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let other = simplified(candidate)
            let limit = min(max(1, min(plain.count, other.count) / 3), (best?.distance ?? .max) - 1)
            guard limit >= 0, abs(plain.count - other.count) <= limit else { continue }
            let distance = distance(plain, other)
            if distance <= limit { best = (candidate, distance) }
        }
        return best?.name
    }

    /// ASCII letters in lower case, digits, and other characters' bytes, so that `First-Name` and `first_name` are
    /// equal.
    private static func simplified(_ name: String) -> [UInt8] {
        name.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: byte
            default: nil
            }
        }
    }

    /// How many insertions, deletions, replacements and swaps of neighbours turn one name into the other.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var previous: [Int] = []
        var current = Array(0...b.count)
        for i in a.indices {
            var next = [i + 1]
            for j in b.indices {
                var cost = min(current[j + 1] + 1, next[j] + 1, current[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, previous[j - 1] + 1) }
                next.append(cost)
            }
            (previous, current) = (current, next)
        }
        return current[b.count]
    }
}
