/// The request that some work belongs to, so that log lines can be found from an answer.
///
/// Holds no personal data: the request's id is the caller's or generated, and consists of plain characters.
package struct RequestTrace: Sendable, Hashable {
    /// The request's id, as in `X-Request-Id`.
    package let requestID: String
    /// The W3C trace context of the request: of the server's own span, or the caller's if the server records no spans.
    package let parent: TraceParent?

    /// The trace of a request.
    package init(requestID: String, parent: TraceParent? = nil) {
        self.requestID = requestID
        self.parent = parent
    }
}
