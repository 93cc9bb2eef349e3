import JSON
package import Outbound

/// A request to the endpoint, unchanged.
package struct InngestRequest: Sendable {
    /// The method.
    package let method: String
    /// The query's values by name.
    package let query: [String: String]
    /// The bytes of the body, unchanged, because they are signed.
    package let body: [UInt8]
    private let headers: [String: String]

    /// A request.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - query: the query's values by name.
    ///   - headers: the header's fields; of two with the same name the first counts.
    ///   - body: the bytes of the body.
    package init(method: String, query: [String: String] = [:], headers: [HeaderField] = [], body: [UInt8] = []) {
        self.method = method
        self.query = query
        self.body = body
        self.headers = Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
    }

    /// A header's value, by its name in any case.
    package func header(_ name: String) -> String? { headers[name.lowercased()] }

    /// The request's signature, if it has one.
    var signature: String? { header("X-Inngest-Signature") }

    /// The origin of the request's address, as its sender states it; nil if it is not a valid host.
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

    /// A header's value, by its name in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
