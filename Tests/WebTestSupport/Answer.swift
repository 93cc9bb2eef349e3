import FoundationEssentials
package import HTTPTypes
package import Hummingbird
package import NIOCore

/// An answer, with its body as JSON.
package struct Answer: Sendable {
    package let status: Int
    package let headers: HTTPFields
    package let text: String
    package let body: AnyJSON?

    /// Reads a response.
    package init(_ response: Response, _ buffer: ByteBuffer) {
        status = response.status.code
        headers = response.headers
        text = String(buffer: buffer)
        body = try? JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))
    }

    package subscript(_ key: String) -> AnyJSON? { body?[key] }

    /// The invalid fields, in order.
    package var fields: [String] { body?["errors"]?.array?.compactMap { $0["field"]?.string } ?? [] }

    /// Whether this is a complete problem with a status, by RFC 9457.
    package func isProblem(_ expected: Int) -> Bool {
        status == expected && headers[.contentType] == "application/problem+json" && self["status"]?.int == expected
            && self["type"]?.string?.hasPrefix("/problems/") == true && self["title"]?.string != nil
            && self["detail"]?.string != nil
    }
}
