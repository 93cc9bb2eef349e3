/// Removes possible personal data from a text: email addresses, phone numbers, keys, passwords in URLs.
///
/// A second line of defence: personal data should not get this far.
enum Scrubber {
    /// Replaces removed text.
    static let mark = "[removed]"
    private static let longest = 500

    /// The text without personal data, cut to 500 characters.
    static func scrub(_ text: String) -> String {
        var words: [String] = []
        var isSecretNext = false
        for word in text.prefix(longest).split(separator: " ", omittingEmptySubsequences: false) {
            let lower = word.lowercased()
            if isSecretNext, !word.isEmpty {
                words.append(mark)
                isSecretNext = false
                continue
            }
            isSecretNext = lower.hasSuffix("bearer") || lower.hasSuffix("basic")
            words.append(holdsSecret(lower) ? mark : String(word))
        }
        return withoutPhones(words.joined(separator: " "))
    }

    private static func holdsSecret(_ word: String) -> Bool {
        if word.contains("@") || word.contains("sw_") { return true }
        return ["password=", "secret=", "token=", "api_key=", "apikey="].contains { word.contains($0) }
    }

    /// Removes runs of at least seven digits with the usual separators; hexadecimal ids are kept.
    private static func withoutPhones(_ text: String) -> String {
        var result = ""
        var run = ""
        var digits = 0
        func isSeparator(_ character: Character) -> Bool { "+-(). /".contains(character) }
        func flush() {
            let isPhone = digits >= 7 && digits <= 15 && !(result.last?.isLetter ?? false)
            if isPhone {
                let tail = run.reversed().prefix { isSeparator($0) }.reversed()
                let head = run.prefix { $0 == " " }
                result += head + mark + (tail.allSatisfy { $0 == " " } ? String(tail) : "")
            } else {
                result += run
            }
            run = ""
            digits = 0
        }
        for character in text {
            if character.isASCII, character.isNumber {
                run.append(character)
                digits += 1
            } else if !run.isEmpty, isSeparator(character) {
                run.append(character)
            } else if character == "+" || character == "(" {
                flush()
                run.append(character)
            } else if character.isLetter, !run.isEmpty, run.last?.isNumber == true {
                // Part of an id: digits and letters in one word.
                result += run
                run = ""
                digits = 0
                result.append(character)
            } else {
                flush()
                result.append(character)
            }
        }
        flush()
        return result
    }
}
