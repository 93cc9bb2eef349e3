import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import RoutingRules
import Tracing

/// The endpoints, over a backend.
struct API<Backend: RoutingBackend>: Sendable {
    /// The rest of the server.
    let backend: Backend
    /// How much is accepted.
    let limits: WebConfiguration.Limits
    /// Paths that answer for themselves.
    let mounts: [MountedEndpoint]
    /// What makes a span of each request; nil: nobody, and nothing is spent on it.
    var tracer: (any Tracer)?
    /// What counts and times requests; nil: nobody.
    var meter: HTTPMeter?

    /// The routes, with an answer for every path and every method.
    func router() -> Router<WebContext> {
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        if let meter { router.add(middleware: MeterMiddleware(meter: meter)) }
        if let tracer { Self.trace(tracer, router) }
        router.add(middleware: AnswerMiddleware())
        var routes = Routes(router: router)
        addLeadRoutes(to: &routes)
        addStreamRoutes(to: &routes)
        addRetryRoutes(to: &routes)
        addPauseRoutes(to: &routes)
        addErasureRoutes(to: &routes)
        addAnalysisRoutes(to: &routes)
        addRuleRoutes(to: &routes)
        addRuleSetRoutes(to: &routes)
        addWorkspaceRoutes(to: &routes)
        addCapacityRoutes(to: &routes)
        addAgreementRoutes(to: &routes)
        addHealthRoutes(to: &routes)
        addStatisticsRoutes(to: &routes)
        for endpoint in mounts { mount(endpoint, in: &routes) }
        routes.refuseOtherMethods()
        meter?.learn(routes.known)
        return router
    }

    private static func trace(_ tracer: some Tracer, _ router: Router<WebContext>) {
        router.add(middleware: TraceMiddleware(tracer: tracer))
    }

    /// Who sends a request; it has to have the scope.
    func principal(of request: Request, with scope: Scope) async throws -> Principal {
        guard let header = request.headers[.authorization] else {
            throw Problem.unauthenticated("The request has no Authorization header.", isInvalidToken: false)
        }
        let scheme = header.utf8.prefix(7)
        guard scheme.count == 7, String(decoding: scheme, as: UTF8.self).lowercased() == "bearer " else {
            throw Problem.unauthenticated(
                "The Authorization header is not of the scheme Bearer.",
                isInvalidToken: false
            )
        }
        let token = String(decoding: header.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
        guard 1...4096 ~= token.utf8.count, let principal = try await backend.authenticate(token: token) else {
            throw Problem.unauthenticated("This key is unknown, expired or revoked.", isInvalidToken: true)
        }
        guard principal.may(scope) else { throw Problem.missingScope(scope) }
        return principal
    }

    /// The id in a path.
    func id(_ name: String, in context: WebContext) throws -> UUID {
        guard let id = context.parameters.get(name).flatMap({ UUID(text: $0) }) else {
            throw Problem.invalid(name, "This is not a UUID.", remedy: "Use an id as the server gave it.")
        }
        return id
    }

    /// An answer of JSON.
    func json(
        _ status: HTTPResponse.Status = .ok,
        capacity: Int = 512,
        _ print: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter(capacity: capacity)
        print(&writer)
        return Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: writer.buffer)
        )
    }
}

/// Collects the routes, so that a known path with another method is told from an unknown path.
struct Routes {
    private let router: Router<WebContext>
    private var methods: [(path: String, methods: [HTTPRequest.Method])] = []

    init(router: Router<WebContext>) { self.router = router }

    /// Adds an endpoint, which works on the threads of the language's runtime: it may compute for as long as it takes.
    mutating func on(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ handler: @escaping @Sendable (Request, WebContext) async throws -> Response
    ) {
        onLoop(method, path) { request, context in try await offLoop { try await handler(request, context) } }
    }

    /// Adds an endpoint that works on the event loop of its connection, where other connections wait for it: for the
    /// few that are called thousands of times a second and compute for some microseconds.
    mutating func onLoop(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ handler: @escaping @Sendable (Request, WebContext) async throws -> Response
    ) {
        router.on(RouterPath(path), method: method, use: handler)
        if let index = methods.firstIndex(where: { $0.path == path }) {
            methods[index].methods.append(method)
        } else {
            methods.append((path, [method]))
        }
    }

    /// Every path with its methods, HEAD where there is GET.
    var known: [(path: String, methods: [HTTPRequest.Method])] {
        methods.map { ($0.path, $0.methods.contains(.get) ? $0.methods + [.head] : $0.methods) }
    }

    /// Adds an answer of 405 for every other method at every path.
    func refuseOtherMethods() {
        var all: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect]
        if let query = HTTPRequest.Method(rawValue: "QUERY") { all.append(query) }
        for (path, allowed) in known {
            for method in all where !allowed.contains(method) {
                router.on(RouterPath(path), method: method) { (_, _) -> Response in
                    throw Problem.methodNotAllowed(allowed)
                }
            }
        }
    }
}
