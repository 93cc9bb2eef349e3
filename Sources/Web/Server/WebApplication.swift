package import CoreMetrics
package import Hummingbird
import HummingbirdCore
package import LeadRouting
import LeadStore
package import Logging
import NIOCore
package import Tracing

/// The HTTP API as an application: routes, limits and the socket.
///
/// It is a service: it runs until it is shut down, and then answers the requests in progress. It starts nothing else:
/// the caller runs what the use cases need.
///
/// - Parameters:
///   - configuration: the address and the limits.
///   - useCases: the use cases.
///   - version: the server's version.
///   - mounts: endpoints with their own protocol.
///   - tracer: creates a span for each request; nil for none.
///   - metrics: counts and times requests; nil for none.
///   - logger: logs requests.
///   - onListening: receives the port once connections are accepted.
/// - Returns: the application. Run as a service (by a `ServiceGroup` or `runService()`), it throws ``ListenError`` if
///   it cannot listen; `run()` on the opaque value itself is Hummingbird's and throws the socket error.
package func makeApplication(
    configuration: WebConfiguration,
    useCases: UseCases,
    version: String,
    mounts: [MountedEndpoint] = [],
    tracer: (any Tracer)? = nil,
    metrics: (any MetricsFactory)? = nil,
    logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
) -> some ApplicationProtocol {
    let api = API(
        useCases: useCases,
        version: version,
        limits: configuration.limits,
        trustedProxies: configuration.trustedProxies,
        cors: configuration.cors,
        mounts: mounts,
        tracer: tracer,
        meter: metrics.map(HTTPMeter.init)
    )
    return WebApplication(
        settings: configuration,
        router: api.router().buildResponder(),
        logger: logger,
        onListening: onListening
    )
}

/// Mounted endpoints alone, at an address of their own: what must not be reachable where the API is.
///
/// - Parameters:
///   - configuration: the address and the limits.
///   - mounts: the endpoints.
///   - logger: logs requests.
///   - onListening: receives the port once it listens.
/// - Returns: the application, a service as that of the API.
package func makeApplication(
    configuration: WebConfiguration,
    mounts: [MountedEndpoint],
    logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
) -> some ApplicationProtocol {
    let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: AnswerMiddleware())
    router.add(middleware: ExactPathMiddleware())
    var routes = Routes(router: router) { (_, _, _) in throw Problem.noSuchPath }
    for endpoint in mounts {
        routes.mount(endpoint, bodyBytes: configuration.limits.bodyBytes) { (_, _, _) in throw Problem.noSuchPath }
    }
    routes.answerOtherMethods()
    return WebApplication(
        settings: configuration,
        router: router.buildResponder(),
        logger: logger,
        onListening: onListening
    )
}

/// Hummingbird's application with a connection guard, limits and its own errors.
struct WebApplication: ApplicationProtocol {
    let settings: WebConfiguration
    let router: RouterResponder<WebContext>
    let logger: Logger
    let onListening: @Sendable (Int) async -> Void

    var responder: RouterResponder<WebContext> { router }

    var configuration: ApplicationConfiguration {
        ApplicationConfiguration(
            address: .hostname(settings.host, port: settings.port),
            backlog: 1024,
            availableConnectionsDelegate: MaximumAvailableConnections(settings.limits.connections, logger: logger)
        )
    }

    var server: HTTPServerBuilder {
        let limits = settings.limits
        let certificate = settings.certificate
        // A few are accepted beyond this number, while idle ones are being closed.
        let limiter = ConnectionLimiter(capacity: limits.connections - max(1, limits.connections / 16))
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionGuard(bodyTime: limits.bodyTime, continuesUpTo: limits.leadBodyBytes, limiter: limiter)
            ],
            idleTimeout: TimeAmount(limits.idleTime),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerFieldBytes,
                maxHeaderListSize: limits.headerBytes,
                maxHeaderFieldCount: limits.headerCount
            )
        )
        return HTTPServerBuilder { responder in
            LoopBoundChannel(
                http: HTTP1Channel(responder: responder, configuration: configuration),
                certificate: certificate
            )
        }
    }

    func onServerRunning(_ channel: any Channel) async {
        await onListening(channel.localAddress?.port ?? settings.port)
    }

    /// Serves until shutdown.
    ///
    /// - Throws: ``ListenError`` if it cannot listen.
    func run() async throws {
        do {
            try await hummingbird.run()
        } catch {
            throw ListenError(error, host: settings.host, port: settings.port, variables: settings.variables) ?? error
        }
    }

    /// The same application, run by Hummingbird.
    private var hummingbird: Application<RouterResponder<WebContext>> {
        Application(
            responder: router,
            server: server,
            configuration: configuration,
            onServerRunning: onServerRunning,
            logger: logger
        )
    }
}
