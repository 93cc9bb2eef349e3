import Hummingbird
import Logging

/// What goes with a request through the middleware to its handler.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The id of the request: the caller's `X-Request-Id`, or one of ours.
    var requestID = ""

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
