/// A text that is not JSON, with the place of the first mistake.
package struct JSONSyntaxError: Error, Sendable, Hashable {
    /// What kind of mistake it is.
    package enum Reason: Sendable, Hashable {
        /// The text breaks the grammar.
        case malformed
        /// Objects and arrays are nested deeper than the reader takes.
        case tooDeep
        /// An escape is half of a surrogate pair.
        case loneSurrogate
        /// A string is not UTF-8.
        case notUTF8
        /// Something follows the value.
        case trailingText
    }

    /// What kind of mistake it is.
    package let reason: Reason
    /// The mistake, in one clause without a full stop; it repeats nothing of the text.
    package let message: String
    /// Bytes before the place.
    package let offset: Int
    /// The line of the place, from 1.
    package let line: Int
    /// The byte within its line, from 1.
    package let column: Int

    init(_ fault: JSONFault, in bytes: [UInt8]) {
        reason = fault.reason
        message = fault.message
        offset = fault.offset
        let before = bytes.prefix(offset)
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        column = offset - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    }
}

extension JSONSyntaxError: CustomStringConvertible {
    package var description: String { "line \(line), column \(column): \(message)" }
}

/// A mistake in a piece of JSON, before its line and column are counted.
struct JSONFault: Error {
    let message: String
    let reason: JSONSyntaxError.Reason
    let offset: Int

    init(_ message: String, _ reason: JSONSyntaxError.Reason = .malformed, at offset: Int) {
        self.message = message
        self.reason = reason
        self.offset = offset
    }
}
