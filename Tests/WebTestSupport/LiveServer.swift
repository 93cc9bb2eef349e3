import Hummingbird
package import LeadRouting
import Logging
import ServiceLifecycle
package import Web

/// Serves the API on a free port while a test runs, which gets the port; over TLS with a certificate.
package func withLiveServer<Value: Sendable>(
    _ limits: WebConfiguration.Limits = .init(),
    certificate: ServerCertificate? = nil,
    useCases: UseCases = .withoutDatabase(),
    _ test: @escaping @Sendable (Int) async throws -> Value
) async throws -> Value {
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    var configuration = WebConfiguration(port: 0, limits: limits)
    configuration.certificate = certificate
    let application = makeApplication(
        configuration: configuration,
        useCases: useCases,
        version: "1.0.0",
        logger: .quiet
    ) { listening.yield($0) }
    let group = ServiceGroup(
        configuration: .init(services: [application], gracefulShutdownSignals: [], logger: .quiet)
    )
    return try await withThrowingTaskGroup { tasks in
        tasks.addTask {
            defer { listening.finish() }
            try await group.run()
        }
        guard let port = await ports.first(where: { _ in true }) else { throw NotListening() }
        do {
            let value = try await test(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
    }
}

private struct NotListening: Error {}
