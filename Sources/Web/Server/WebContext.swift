import Hummingbird
import LeadRouting
import Logging
import NIOCore
import RoutingRules

/// The data that accompanies a request through the middleware to its handler.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The id of the request: the client's `X-Request-Id`, or a generated one.
    var requestID = ""
    /// The W3C trace context of the request: of the server's own span, or the caller's if the server records no spans.
    var parent: TraceParent?
    /// Its connection.
    let channel: any Channel

    /// The trace of the request, so that log lines can be found from an answer.
    var trace: RequestTrace { RequestTrace(requestID: requestID, parent: parent) }

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        coreContext = CoreRequestContextStorage(source: source)
    }
}
