import JSON
package import Outbound

/// A request to the endpoint, as it came.
package struct InngestRequest: Sendable {
    /// The method.
    package let method: String
    /// The query's values by name.
    package let query: [String: String]
    /// The bytes of the body, untouched: a signature is over them.
    package let body: [UInt8]
    private let headers: [String: String]

    /// A request.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - query: the query's values by name.
    ///   - headers: the header's fields; of two with one name the first counts.
    ///   - body: the bytes of the body.
    package init(method: String, query: [String: String] = [:], headers: [HeaderField] = [], body: [UInt8] = []) {
        self.method = method
        self.query = query
        self.body = body
        self.headers = Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
    }

    /// A header's value, whatever the case of its name.
    package func header(_ name: String) -> String? { headers[name.lowercased()] }

    /// What signs the request, if anything does.
    var signature: String? { header("X-Inngest-Signature") }

    /// The origin that the request came to, as its sender says; nil if what he says is no host.
    var origin: String? {
        guard let host = header("X-Forwarded-Host") ?? header("Host"), 1...255 ~= host.utf8.count,
            host.utf8.allSatisfy({ byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                    || "-._:[]".utf8.contains(byte)
            })
        else { return nil }
        return (header("X-Forwarded-Proto")?.lowercased() == "https" ? "https://" : "http://") + host
    }
}

/// An answer of the endpoint.
package struct InngestResponse: Sendable, Hashable {
    /// The status code.
    package var status: Int
    /// The header's fields.
    package var headers: [HeaderField]
    /// The body; JSON.
    package var body: [UInt8]

    init(_ status: Int, _ json: JSONValue, headers: [HeaderField] = []) {
        self.status = status
        self.headers = headers
        body = json.bytes
    }

    /// A header's value, whatever the case of its name.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
