import Addresses
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import Logging
import NIOCore
import RoutingRules
import Tracing

/// The endpoints: each decodes a request, calls a use case and writes its result.
struct API: Sendable {
    /// The use cases.
    let useCases: UseCases
    /// The server's version.
    let version: String
    /// The limits of requests.
    let limits: WebConfiguration.Limits
    /// The networks of proxies whose `X-Forwarded-For` names the client.
    var trustedProxies: [IPNetwork] = []
    /// The pages of other origins whose scripts may call the API.
    var cors: CORSPolicy = .none
    /// Endpoints with their own protocol.
    var mounts: [MountedEndpoint] = []
    /// Creates a span for each request; nil for none.
    var tracer: (any Tracer)?
    /// Counts and times requests; nil for none.
    var meter: HTTPMeter?

    /// The routes, with an answer for every path and every method.
    func router() -> Router<WebContext> { routes().router }

    /// The endpoints with their access, in a router.
    func routes() -> Routes {
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        // From the outside in: the meter counts the final answers, the span covers the work of the answer.
        if let meter { router.add(middleware: MeterMiddleware(meter: meter)) }
        if let tracer { Self.trace(tracer, router) }
        if cors != .none { router.add(middleware: CORSMiddleware(policy: cors, excluded: Set(mounts.map(\.path)))) }
        router.add(middleware: AnswerMiddleware())
        router.add(middleware: ExactPathMiddleware())
        var routes = Routes(
            router: router,
            caller: caller(of:in:with:),
            admit: { [useCases, trustedProxies] request, context in
                try await useCases.limits.admit(from: context.clientAddress(of: request, trusting: trustedProxies))
            },
            readings: { [useCases] in useCases.limits.readings(for: $0) }
        )
        addLeadRoutes(to: &routes)
        addStreamRoutes(to: &routes)
        addTestLeadRoutes(to: &routes)
        addKeyRoutes(to: &routes)
        addAccountRoutes(to: &routes)
        addSessionRoutes(to: &routes)
        addUserRoutes(to: &routes)
        addAuditRoutes(to: &routes)
        addRetryRoutes(to: &routes)
        addPauseRoutes(to: &routes)
        addErasureRoutes(to: &routes)
        addAnalysisRoutes(to: &routes)
        addRuleRoutes(to: &routes)
        addRuleSetRoutes(to: &routes)
        addWorkspaceRoutes(to: &routes)
        addSuspensionRoutes(to: &routes)
        addQuotaRoutes(to: &routes)
        addCapacityRoutes(to: &routes)
        addAgreementRoutes(to: &routes)
        addHealthRoutes(to: &routes)
        addPageRoutes(to: &routes)
        addStatisticsRoutes(to: &routes)
        for endpoint in mounts { mount(endpoint, in: &routes) }
        routes.answerOtherMethods()
        meter?.learn(routes.methods)
        return routes
    }

    private static func trace(_ tracer: some Tracer, _ router: Router<WebContext>) {
        router.add(middleware: TraceMiddleware(tracer: tracer))
    }

    /// The caller of a request.
    ///
    /// The use case checks the scope too; it is checked here so that a key without it is refused before its body is
    /// read.
    func caller(of request: Request, in context: WebContext, with scope: Scope) async throws -> Caller {
        let token = try Self.token(of: request)
        let address = context.clientAddress(of: request, trusting: trustedProxies)
        let workspace = try Self.workspace(of: request)
        let caller = try await caller(token, actingFor: workspace, from: address, logger: context.logger, with: scope)
        try await useCases.limits.admit(caller, from: address)
        return caller
    }

    /// The caller of a token, if it has a scope.
    func caller(
        _ token: String,
        actingFor workspace: UUID?,
        from address: IPAddress?,
        logger: Logger,
        with scope: Scope
    ) async throws -> Caller {
        let caller = try await identity(token, from: address, logger: logger).caller(actingFor: workspace)
        try caller.requireLiveOrTest(scope)
        return caller
    }

    /// The key or the person of a request, whatever its scopes.
    func identity(of request: Request, in context: WebContext) async throws -> Identity {
        let address = context.clientAddress(of: request, trusting: trustedProxies)
        try await useCases.limits.admit(from: address)
        return try await identity(try Self.token(of: request), from: address, logger: context.logger)
    }

    private func identity(_ token: String, from address: IPAddress?, logger: Logger) async throws -> Identity {
        let identity = try await useCases.callers.identity(of: token, from: address) { notice in
            Self.log(notice, of: address, to: logger)
        }
        guard let identity else {
            throw Problem.unauthenticated("This key or session is unknown, expired or revoked.", isInvalidToken: true)
        }
        return identity
    }

    /// The workspace that a request of a person names, by the header `Switchyard-Workspace`.
    static func workspace(of request: Request) throws -> UUID? {
        guard let text = request.headers[.switchyardWorkspace] else { return nil }
        guard let workspace = UUID(text: text) else {
            throw Problem.invalid(
                "Switchyard-Workspace",
                "This is not a UUID.",
                remedy: "Send the id of one of your workspaces: GET /api/me lists them."
            )
        }
        return workspace
    }

    /// Logs the first wrong key of an address in a minute, and the last that is looked up: never one line for each.
    private static func log(_ notice: FailedKeys.Notice, of address: IPAddress?, to logger: Logger) {
        let client = "\(address?.description ?? "unknown")"
        switch notice {
        case .first: logger.info("A key is wrong", metadata: ["client.address": "\(client)"])
        case .last(let count):
            logger.warning(
                "Unknown keys of an address are refused for a minute",
                metadata: [
                    "client.address": "\(client)", "failures": "\(count)",
                    "remedy": "if this is the address of a proxy, set TRUSTED_PROXIES",
                ]
            )
        case .more: break
        }
    }

    /// The token of a request: of the header, or of the cookie of this server's own pages.
    static func token(of request: Request) throws -> String {
        guard let header = request.headers[.authorization] else {
            if let token = SessionCookie.token(of: request) {
                try SameOrigin.check(request)
                return token
            }
            throw Problem.unauthenticated("The request has no Authorization header.", isInvalidToken: false)
        }
        let scheme = header.utf8.prefix(7)
        guard scheme.count == 7, String(decoding: scheme, as: UTF8.self).lowercased() == "bearer " else {
            throw Problem.unauthenticated(
                "The Authorization header does not use the scheme Bearer.",
                isInvalidToken: false
            )
        }
        let token = String(decoding: header.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
        guard 1...4096 ~= token.utf8.count else {
            throw Problem.unauthenticated("This key or session is unknown, expired or revoked.", isInvalidToken: true)
        }
        return token
    }

    /// The id in a path.
    func id(_ name: String, in context: WebContext) throws -> UUID {
        guard let id = context.parameters.get(name).flatMap({ UUID(text: $0) }) else {
            throw Problem.invalid(name, "This is not a UUID.", remedy: "Use an id that the server returned.")
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

extension HTTPField.Name {
    /// Names the workspace that a person acts for.
    static let switchyardWorkspace = Self("Switchyard-Workspace") ?? .date
}
