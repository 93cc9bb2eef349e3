/// A text that is not JSON, with the place where that shows.
struct JSONSyntaxError: Error, Sendable, Hashable {
    /// What is wrong, in one clause without a full stop; it repeats nothing of the text.
    let message: String
    /// Bytes before the place.
    let offset: Int
    /// The line of the place, from 1.
    let line: Int
    /// The byte within its line, from 1.
    let column: Int

    /// An error at a place in a text.
    init(_ message: String, in bytes: [UInt8], at offset: Int) {
        self.message = message
        self.offset = offset
        let before = bytes.prefix(offset)
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        column = offset - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    }
}
