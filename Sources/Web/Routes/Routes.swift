import HTTPTypes
import Hummingbird
import LeadRouting

/// The access to an endpoint.
enum RouteAccess: Sendable, Hashable {
    /// Callers whose key has all of these scopes.
    case scopes([Scope])
    /// Callers with any valid key or session.
    case authenticated
    /// Any client; no key is read.
    case open
    /// Clients that the endpoint authenticates itself.
    case mounted
}

/// A method at a path, with its access.
struct Route: Sendable, Hashable {
    let method: HTTPRequest.Method
    /// The pattern, as `/api/leads/:id`.
    let path: String
    let access: RouteAccess
}

/// Collects the routes: each must state its access.
///
/// The list also distinguishes a known path with another method from an unknown path, and tests compare it with the
/// OpenAPI document.
struct Routes {
    /// A handler of requests whose key has the scopes of the route.
    typealias Handler = @Sendable (Request, WebContext, Caller) async throws -> Response
    /// A handler of requests without a key.
    typealias OpenHandler = @Sendable (Request, WebContext) async throws -> Response

    let router: Router<WebContext>
    /// Every route, without those that refuse other methods.
    private(set) var all: [Route] = []
    private let caller: @Sendable (Request, WebContext, Scope) async throws -> Caller
    /// Counts a request without a key.
    private let admit: @Sendable (Request, WebContext) async throws -> Void
    /// The limits of a caller, for the answer.
    private let readings: @Sendable (Caller) -> (requests: RateReading, leads: RateReading?)?

    /// An empty list.
    ///
    /// - Parameters:
    ///   - router: the router to which the routes are added.
    ///   - caller: finds the caller of a request, who must have the scope, and counts the request.
    ///   - admit: counts a request without a key.
    ///   - readings: the limits of a caller.
    init(
        router: Router<WebContext>,
        caller: @escaping @Sendable (Request, WebContext, Scope) async throws -> Caller,
        admit: @escaping @Sendable (Request, WebContext) async throws -> Void = { _, _ in },
        readings: @escaping @Sendable (Caller) -> (requests: RateReading, leads: RateReading?)? = { _ in nil }
    ) {
        self.admit = admit
        self.readings = readings

        self.router = router
        self.caller = caller
    }

    /// Adds an endpoint for callers with a scope, and optionally a second scope.
    ///
    /// It runs on the Swift runtime's threads, so it may compute for long.
    mutating func on(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ scope: Scope,
        and another: Scope? = nil,
        _ handler: @escaping Handler
    ) {
        let scopes = [scope] + [another].compactMap(\.self)
        let guarded = guarded(by: scopes, handler)
        add(Route(method: method, path: path, access: .scopes(scopes))) { request, context in
            try await offLoop { try await guarded(request, context) }
        }
    }

    /// Adds an endpoint that computes for long and changes nothing: it is cancelled when its client disconnects.
    mutating func onWhileConnected(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ scope: Scope,
        and another: Scope? = nil,
        _ handler: @escaping Handler
    ) {
        on(method, path, scope, and: another) { request, context, caller in
            try await ClientPresence.whileConnected { try await handler(request, context, caller) }
        }
    }

    /// Adds an endpoint that runs on the event loop of its connection, where it delays other connections.
    ///
    /// For the few that are called thousands of times a second and compute for some microseconds.
    mutating func onLoop(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ scope: Scope,
        _ handler: @escaping Handler
    ) {
        add(Route(method: method, path: path, access: .scopes([scope])), guarded(by: [scope], handler))
    }

    /// Adds an endpoint for every caller with a valid key or session, whom the handler asks for.
    mutating func authenticated(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping OpenHandler) {
        add(Route(method: method, path: path, access: .authenticated)) { request, context in
            try await offLoop { try await handler(request, context) }
        }
    }

    /// Adds an endpoint that needs no key.
    mutating func open(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping OpenHandler) {
        let admit = admit
        add(Route(method: method, path: path, access: .open)) { request, context in
            try await admit(request, context)
            return try await offLoop { try await handler(request, context) }
        }
    }

    /// Adds a mounted endpoint, which authenticates its callers itself.
    mutating func mount(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping OpenHandler) {
        add(Route(method: method, path: path, access: .mounted)) { request, context in
            try await offLoop { try await handler(request, context) }
        }
    }

    private mutating func add(_ route: Route, _ handler: @escaping OpenHandler) {
        router.on(RouterPath(route.path), method: route.method, use: handler)
        all.append(route)
    }

    /// The handler behind a check of the key.
    private func guarded(by scopes: [Scope], _ handler: @escaping Handler) -> OpenHandler {
        let caller = caller
        let readings = readings
        return { request, context in
            let caller = try await caller(request, context, scopes[0])
            for scope in scopes.dropFirst() { try caller.requireLiveOrTest(scope) }
            var response = try await handler(request, context, caller)
            if let readings = readings(caller) { response.headers.setRateLimit(readings.requests, readings.leads) }
            return response
        }
    }

    /// Every path with its methods: also OPTIONS, and HEAD where there is GET.
    var methods: [(path: String, methods: [HTTPRequest.Method])] {
        var found: [(path: String, methods: [HTTPRequest.Method])] = []
        for route in all {
            if let index = found.firstIndex(where: { $0.path == route.path }) {
                found[index].methods.append(route.method)
            } else {
                found.append((route.path, [route.method]))
            }
        }
        return found.map { path, methods in
            let more = (methods.contains(.get) ? [HTTPRequest.Method.head] : []) + [.options]
            return (path, methods + more.filter { !methods.contains($0) })
        }
    }

    /// Adds an answer to OPTIONS with the methods of the path, and an answer of 405 for every other method, at every path.
    ///
    /// Neither needs a key: a browser's preflight has none.
    func answerOtherMethods() {
        var every: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect]
        if let query = HTTPRequest.Method(rawValue: "QUERY") { every.append(query) }
        for (path, allowed) in methods {
            if !all.contains(where: { $0.path == path && $0.method == .options }) {
                router.on(RouterPath(path), method: .options) { (_, _) -> Response in
                    let names = allowed.map(\.rawValue).joined(separator: ", ")
                    return Response(status: .noContent, headers: [.allow: names, .cacheControl: "no-store"])
                }
            }
            for method in every where !allowed.contains(method) {
                router.on(RouterPath(path), method: method) { (_, _) -> Response in
                    throw Problem.methodNotAllowed(allowed)
                }
            }
        }
    }
}
