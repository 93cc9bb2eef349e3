/// A way to send HTTP requests; the server has one, tests have another.
package protocol InngestTransport: Sendable {
    /// Sends a request and reads the answer, whatever its status.
    ///
    /// - Throws: if there is no answer.
    func send(_ request: OutgoingRequest) async throws -> IncomingResponse
}

/// A request that goes out.
package struct OutgoingRequest: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The method.
    package let method: String
    /// The address.
    ///
    /// It may hold the event key, so it is not printed.
    package let url: String
    /// The header fields.
    package let headers: [HeaderField]
    /// The body.
    package let body: [UInt8]
    /// How long the answer may take.
    package let timeout: Duration

    package var description: String { "\(method) …" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// An answer that came in.
package struct IncomingResponse: Sendable, Hashable {
    /// The status code.
    package let status: Int
    /// The body.
    package let body: [UInt8]

    /// An answer.
    package init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }
}

/// A field of a header.
package struct HeaderField: Sendable, Hashable {
    /// The name.
    package let name: String
    /// The value.
    package let value: String

    /// A field.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
