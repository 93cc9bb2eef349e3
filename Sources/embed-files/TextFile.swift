import FoundationEssentials

/// A file of text that a Swift string literal can hold.
struct TextFile {
    let path: String
    let text: String

    /// The name without folders and extension.
    var stem: String { URL(filePath: path).deletingPathExtension().lastPathComponent }

    init(path: String) throws {
        self.path = path
        guard let text = String(bytes: try Data(contentsOf: URL(filePath: path)), encoding: .utf8) else {
            throw EmbeddingError("\(path): error: not UTF-8")
        }
        guard !text.unicodeScalars.contains(where: { $0 == "\0" || $0 == "\r" }) else {
            throw EmbeddingError("\(path): error: holds a NUL or a carriage return")
        }
        self.text = text
    }

    /// The text as a raw string literal over several lines, with more number signs than any run of them in the text.
    var literal: String { Self.literal(text) }

    /// A raw string literal of any text.
    static func literal(_ text: String) -> String {
        var longest = 0
        var run = 0
        for character in text.utf8 {
            run = character == UInt8(ascii: "#") ? run + 1 : 0
            longest = max(longest, run)
        }
        let marks = String(repeating: "#", count: longest + 1)
        return "\(marks)\"\"\"\n\(text)\n\"\"\"\(marks)"
    }
}
