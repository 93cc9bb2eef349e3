/// Which request a piece of work belongs to: carried along, so that a log line can be found from an answer.
///
/// Says nothing of the person: the request's id is the caller's own or made here, and both are plain characters.
package struct RequestTrace: Sendable, Hashable {
    /// The request's id, as `X-Request-Id` tells it.
    package let requestID: String
    /// The W3C trace context of the request: of the server's own span, or the caller's where no spans are made.
    package let parent: TraceParent?

    /// The trace of a request.
    package init(requestID: String, parent: TraceParent? = nil) {
        self.requestID = requestID
        self.parent = parent
    }
}
