import HTTPTypes
import Hummingbird
import LeadRouting
import RoutingRules

/// The `Idempotency-Key` of a request.
enum IdempotencyKeyHeader {
    /// The header's name.
    static let name = HTTPField.Name("Idempotency-Key")

    /// The key, or nil without the header.
    ///
    /// The IETF's draft has it in double quotes, most clients send it without: both mean the same key.
    ///
    /// - Throws: ``Problem`` for a header that is repeated, empty or too long, or holds other than printable ASCII.
    static func read(_ headers: HTTPFields) throws -> String? {
        guard let name else { return nil }
        let values = headers[values: name]
        guard let value = values.first else { return nil }
        var text = value[...]
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        guard values.count == 1, 1...255 ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw Problem(
                .invalid,
                "The idempotency key is not valid.",
                remedy: "Send one key of 1 to 255 printable ASCII characters without blanks, such as a UUID.",
                errors: [FieldProblem(field: name.rawName, message: "This is not a valid idempotency key.")]
            )
        }
        return String(text)
    }
}
