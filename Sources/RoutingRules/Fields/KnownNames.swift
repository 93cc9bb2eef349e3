/// The valid names of an object, for suggesting the name that the client probably meant.
package enum KnownNames {
    /// The known name closest to an unknown one, or nil if none is close.
    package static func closest(to name: String, among known: some Sequence<String>) -> String? {
        let plain = simplified(name)
        guard !plain.isEmpty, plain.count <= 40 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let other = simplified(candidate)
            let distance = distance(plain, other)
            if distance <= max(1, min(plain.count, other.count) / 3), distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.name
    }

    /// Letters and digits in lower case, so that `First-Name` and `first_name` are equal.
    private static func simplified(_ name: String) -> [Character] {
        name.lowercased().filter { $0.isLetter || $0.isNumber }.map(\.self)
    }

    /// How many insertions, deletions, replacements and swaps of neighbours turn one name into the other.
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
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
