/// Why a request to another system got no response, or a mail was not accepted.
package struct OutboundError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The causes that callers tell apart.
    package enum Code: Sendable, Hashable {
        /// The request cannot be sent as it is: its address or a header field is malformed.
        case invalidRequest
        /// The host's name has no address.
        case cannotResolve
        /// No connection: refused, unreachable, or ended before the response.
        case cannotConnect
        /// The host's addresses are all in networks that this request may not reach.
        case addressRefused
        /// The proxy cannot be reached, or does not connect us.
        case proxy
        /// No TLS, or a certificate that is not trusted.
        case tls
        /// The time limit passed.
        case timedOut
        /// The response's body is longer than the request allows.
        case bodyTooLong
        /// The server refused: its SMTP code is in the description.
        case refused
        /// The task was cancelled.
        case cancelled
        /// Anything else.
        case other
    }

    /// The cause.
    package let code: Code
    /// The cause in words, without the address: it may hold a key.
    package let description: String
    /// Whether the same request may succeed later.
    package let isRetriable: Bool

    /// The error of a task that was cancelled.
    static let cancellation = OutboundError(.cancelled, "the task was cancelled")

    /// An error.
    package init(_ code: Code, _ description: String, isRetriable: Bool = true) {
        self.code = code
        self.description = description
        self.isRetriable = isRetriable
    }
}
