/// Checks short texts of rules, workspaces and queries; ``LeadValidation`` checks those of leads.
package enum TextChecks {
    /// The trimmed text; nil if it is blank, or with a problem if it cannot be stored.
    ///
    /// - Parameters:
    ///   - text: the text of the request.
    ///   - limit: the most characters (scalars).
    ///   - field: its field.
    ///   - problems: collects the problems.
    /// - Returns: the text, or nil.
    package static func clean(
        _ text: String,
        _ limit: Int,
        _ field: String,
        _ problems: inout [FieldProblem]
    ) -> String? {
        let value = trimmed(text)
        if value.utf8.isEmpty { return nil }
        if value.unicodeScalars.count > limit {
            problems.append(
                FieldProblem(field: field, message: "This is longer than \(limit) characters.", remedy: "Shorten it.")
            )
            return nil
        }
        if value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            problems.append(
                FieldProblem(
                    field: field,
                    message: "This holds a NUL byte or another control character.",
                    remedy: "Send plain text."
                )
            )
            return nil
        }
        return value
    }

    private static func trimmed(_ text: String) -> String {
        let rest = text.unicodeScalars.drop { $0.properties.isWhitespace }
        var end = rest.endIndex
        while end > rest.startIndex, rest[rest.index(before: end)].properties.isWhitespace {
            end = rest.index(before: end)
        }
        return String(rest[..<end])
    }
}
