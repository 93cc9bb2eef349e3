/// An HTTP request to another system.
package struct OutboundRequest: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// How much of the response's body is read.
    package enum ResponseBody: Sendable, Hashable {
        /// Only the status counts: the body is read and dropped, and a body that is long or breaks off is no error.
        case ignored
        /// The whole body; one of more bytes than this is an error.
        case upTo(bytes: Int)
    }

    /// The method.
    package let method: String
    /// The address; it may hold a key, so it is never logged.
    package let url: String
    /// The header fields.
    package let headers: [HeaderField]
    /// The body.
    package let body: [UInt8]
    /// How much of the response's body is read.
    package let responseBody: ResponseBody
    /// How long everything may take, from the name lookup to the last byte.
    package let timeout: Duration

    /// A request.
    package init(
        _ method: String,
        _ url: String,
        headers: [HeaderField] = [],
        body: [UInt8] = [],
        responseBody: ResponseBody = .ignored,
        timeout: Duration = .seconds(10)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.responseBody = responseBody
        self.timeout = timeout
    }

    /// The same request with more header fields.
    package func adding(_ fields: [HeaderField]) -> OutboundRequest {
        OutboundRequest(
            method,
            url,
            headers: headers + fields,
            body: body,
            responseBody: responseBody,
            timeout: timeout
        )
    }

    /// The host of the address, without a user's name and password; empty if there is none.
    package var host: String {
        guard let scheme = url.firstRange(of: "://") else { return "" }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        if host.first == "[" { return String(host.dropFirst().prefix { $0 != "]" }) }
        return String(host.prefix { $0 != ":" })
    }

    package var description: String { "\(method) …" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The response to an ``OutboundRequest``.
package struct OutboundResponse: Sendable, Hashable {
    /// The status code.
    package let status: Int
    /// The body, as far as the request asked for it.
    package let body: [UInt8]

    /// A response.
    package init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }
}

/// Sends HTTP requests: ``OutboundHTTPClient`` in the server, a recording in tests.
package protocol HTTPTransport: Sendable {
    /// Sends a request and returns the response, whatever its status.
    ///
    /// - Throws: ``OutboundError`` without a response.
    func send(_ request: OutboundRequest) async throws -> OutboundResponse
}
