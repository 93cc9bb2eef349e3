/// Removes from a text what could be personal: addresses of mail, numbers of phones, keys, passwords in addresses.
///
/// A second line of defence: nothing of the person is meant to get this far.
enum Scrubber {
    /// What stands for what was taken out.
    static let mark = "[removed]"
    private static let longest = 500

    /// A text without it, cut to 500 characters.
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

    /// Runs of at least seven digits with what people write between them; ids in hexadecimal stay.
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
