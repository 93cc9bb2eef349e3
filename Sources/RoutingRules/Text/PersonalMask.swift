/// Removes personal data from a message of the database.
///
/// The values of the lead, everything with an @, numbers of five digits and more, and rows in parentheses become “…”.
/// Names of objects stay, so that the message still says what is wrong.
package struct PersonalMask: Sendable {
    /// The values to remove, in lower case, longest first.
    private let values: [[Character]]

    /// A mask for messages about a lead; without a lead only addresses, numbers and rows are removed.
    package init(_ lead: Lead?) {
        let texts = [
            lead?.email, lead?.phone, lead?.firstName, lead?.lastName, lead?.companyName, lead?.sourceID,
            lead?.location?.city,
        ]
        values = texts.compactMap { $0.map { Array($0.lowercased()) } }.filter { $0.count > 1 }
            .sorted { $0.count > $1.count }
    }

    /// The longest message, in characters.
    private static let longest = 300

    /// The message without personal data, at most 300 characters long, on one line.
    package func masked(_ message: String) -> String {
        var text = Array(message.prefix(4 * Self.longest).map { $0.isNewline ? " " : $0 })
        for value in values { Self.replace(value, in: &text) }
        text = Self.withoutRows(text)
        var words = text.split(separator: " ", omittingEmptySubsequences: true).map { Self.masked(Array($0)) }
        Self.joinNumbers(&words)
        let joined = words.joined(separator: " ")
        return joined.count > Self.longest ? joined.prefix(Self.longest - 1) + "…" : joined
    }

    /// Replaces whole occurrences of a value, whatever their case.
    private static func replace(_ value: [Character], in text: inout [Character]) {
        var start = 0
        while start + value.count <= text.count {
            let end = start + value.count
            let isFound = text[start..<end].elementsEqual(value) { $0.lowercased() == String($1) }
            let isWhole =
                (start == 0 || !text[start - 1].isLetter) && (end == text.count || !text[end].isLetter)
            if isFound, isWhole {
                text.replaceSubrange(start..<end, with: ["…"])
            }
            start += 1
        }
    }

    /// Replaces a row in parentheses, as `NEW` is written, and the values of a key: three commas and more, or “=(”.
    private static func withoutRows(_ text: [Character]) -> [Character] {
        var result: [Character] = []
        var index = 0
        while index < text.count {
            if text[index] == "(", let end = text[index...].firstIndex(of: ")") {
                let inner = text[(index + 1)..<end]
                if inner.count(where: { $0 == "," }) >= 3 || result.last == "=" {
                    result += ["(", "…", ")"]
                    index = end + 1
                    continue
                }
            }
            result.append(text[index])
            index += 1
        }
        return result
    }

    private static func masked(_ word: [Character]) -> String {
        if word.contains("@") { return "…" }
        guard word.count(where: \.isNumber) >= 5 else { return String(word) }
        // The digits of a name such as leads_20260131 are the schema's.
        return word.contains("_") && word.contains(where: \.isLetter) ? String(word) : "…"
    }

    /// Numbers that are written in groups, such as a telephone number.
    private static func joinNumbers(_ words: inout [String]) {
        var start: Int?
        var digits = 0
        for index in words.indices.reversed() {
            let word = words[index]
            let isGroup = word.contains(where: \.isNumber) && !word.contains(where: \.isLetter)
            if isGroup {
                start = start ?? index
                digits += word.count(where: \.isNumber)
            }
            if !isGroup || index == words.startIndex, let last = start {
                let first = isGroup ? index : index + 1
                if digits >= 5 { words.replaceSubrange(first...last, with: ["…"]) }
                start = nil
                digits = 0
            }
        }
    }
}
