import Digests

/// A code that replaces a code of the app once, for a person who has lost it: 16 letters in four groups, 80 random
/// bits.
package struct RecoveryCode: Sendable, Hashable {
    /// How many codes a person gets.
    package static let count = 10
    private static let byteCount = 10

    /// The text that the person keeps: `ABCD-EFGH-IJKL-MNOP`.
    package let text: String

    /// New codes.
    package static func random() -> [RecoveryCode] {
        (0..<count).map { _ in RecoveryCode(letters: Base32.encode(RandomBytes.make(byteCount))) }
    }

    /// Reads what a person typed; nil for a text that cannot be a code.
    package init?(_ text: String) {
        let letters = text.uppercased().filter { $0 != "-" && $0 != " " }
        guard letters.utf8.count == 16,
            letters.utf8.allSatisfy({
                UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 || UInt8(ascii: "2")...UInt8(ascii: "7") ~= $0
            })
        else { return nil }
        self.init(letters: letters)
    }

    private init(letters: String) {
        var text = ""
        for (place, letter) in letters.enumerated() {
            if place > 0, place.isMultiple(of: 4) { text += "-" }
            text.append(letter)
        }
        self.text = text
    }

    /// What is stored: a plain hash is enough for a random secret.
    package var hash: [UInt8] { SHA256.hash(text) }
}
