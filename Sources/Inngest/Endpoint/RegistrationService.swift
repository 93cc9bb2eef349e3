import Logging
import ServiceLifecycle
import Synchronization

/// Registers the app once the server listens, and retries until it succeeds.
///
/// It only does so if the app's address is known: by `INNGEST_SERVE_ORIGIN`, or with a dev server.
package struct RegistrationService: Service {
    private let endpoint: InngestEndpoint
    private let clock: any Clock<Duration>
    private let opened = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// A service that registers an endpoint's functions.
    package init(endpoint: InngestEndpoint, clock: any Clock<Duration> = .continuous) {
        self.endpoint = endpoint
        self.clock = clock
    }

    /// Reports the port on which the server listens.
    package func listening(port: Int) {
        opened.continuation.yield(port)
        opened.continuation.finish()
    }

    /// Registers, and then waits for the shutdown.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var ports = opened.stream.makeAsyncIterator()
            if let port = await ports.next(), let origin = origin(port: port) { await register(at: origin) }
        }
        try? await gracefulShutdown()
    }

    private func origin(port: Int) -> String? {
        let settings = endpoint.settings
        guard settings.drivesSchedule else { return nil }
        if let origin = settings.serveOrigin { return origin }
        if settings.mode == .dev { return "http://127.0.0.1:\(port)" }
        endpoint.logger.notice(
            "Inngest does not know the address of this app: set INNGEST_SERVE_ORIGIN, or sync the app in Inngest's dashboard"
        )
        return nil
    }

    private func register(at origin: String) async {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            do {
                let isNew = try await endpoint.client.register(endpoint.registration(at: origin))
                endpoint.logger.notice("registered with Inngest", metadata: ["inngest.modified": "\(isNew)"])
                return
            } catch {
                endpoint.logger.warning("not registered with Inngest yet", metadata: ["error": "\(error)"])
            }
            try? await clock.sleep(for: pause * Double.random(in: 0.75...1.25))
            pause = min(pause * 2, .seconds(60))
        }
    }
}
