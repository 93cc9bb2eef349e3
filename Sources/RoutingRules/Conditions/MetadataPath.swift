import JSON

/// A path into the free metadata: `metadata.plan`, `metadata.utm.source`, `metadata.tags[0]`, `metadata["a.b"]`.
package struct MetadataPath: Sendable, Hashable {
    /// The most steps.
    static let maximumSteps = 16

    /// The steps; at least one.
    let steps: [JSONLookup.Step]
    /// The path as it was written, with `metadata` in front.
    package let name: String

    /// Parses a path; nil if it is invalid.
    init?(field: String) {
        guard field.utf8.count <= 200, field.hasPrefix("metadata") else { return nil }
        var rest = field.dropFirst("metadata".count)
        var steps: [JSONLookup.Step] = []
        while let first = rest.first {
            rest.removeFirst()
            if first == "." {
                let end = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
                guard end > rest.startIndex else { return nil }
                steps.append(.member(String(rest[..<end])))
                rest = rest[end...]
            } else if first == "[", rest.first == "\"" {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: "\""), end > rest.startIndex else { return nil }
                steps.append(.member(String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
                guard rest.first == "]" else { return nil }
                rest.removeFirst()
            } else if first == "[" {
                guard let end = rest.firstIndex(of: "]"), rest[..<end].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                    let number = Int(rest[..<end]), number < 100_000
                else { return nil }
                steps.append(.element(number))
                rest = rest[rest.index(after: end)...]
            } else {
                return nil
            }
        }
        guard (1...Self.maximumSteps).contains(steps.count) else { return nil }
        self.steps = steps
        name = field
    }
}
