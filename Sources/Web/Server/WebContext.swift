import Hummingbird
import LeadRouting
import Logging
import NIOCore
import RoutingRules

/// What goes with a request through the middleware to its handler.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The id of the request: the caller's `X-Request-Id`, or one of ours.
    var requestID = ""
    /// The W3C trace context of the request: of the server's own span, or the caller's where no spans are made.
    var parent: TraceParent?
    /// The connection that it came by.
    let channel: any Channel

    /// What is carried along, so that a line in the log can be found from an answer.
    var trace: RequestTrace { RequestTrace(requestID: requestID, parent: parent) }

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        coreContext = CoreRequestContextStorage(source: source)
    }
}
