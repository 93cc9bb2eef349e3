import RoutingRules

/// What a short text of a rule, a workspace or a query has to be like; the texts of leads have ``LeadValidation``.
enum TextChecks {
    /// A trimmed text; nil if nothing is left of it or it cannot be stored, and then a problem.
    ///
    /// - Parameters:
    ///   - text: the text as it came.
    ///   - limit: how many characters (scalars) it may have.
    ///   - field: where it was given.
    ///   - problems: what is wrong.
    /// - Returns: the text, or nil.
    static func clean(_ text: String, _ limit: Int, _ field: String, _ problems: inout [FieldProblem]) -> String? {
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
