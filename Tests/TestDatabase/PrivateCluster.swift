package import EmbeddedPostgres
import Logging
import Synchronization

private let clusterCount = Atomic(0)

/// Runs a test with its own cluster, which it may stop, kill and starve; takes about two seconds.
package func withPrivateCluster<Value: Sendable>(
    settings: ClusterSettings = .throwaway,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (EmbeddedPostgres, ConnectionInfo) async throws -> Value
) async throws -> Value {
    let number = clusterCount.add(1, ordering: .relaxed).newValue
    let directory = ThrowawayDirectory.claim("-\(number)")
    let server = EmbeddedPostgres(
        directory: directory,
        settings: settings,
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    )
    ThrowawayDirectory.removeAtExit(directory)
    let connection = try await server.start()
    let outcome: Result<Value, any Error>
    do {
        outcome = .success(try await body(server, connection))
    } catch {
        outcome = .failure(error)
    }
    await Task { await server.stop() }.value
    return try outcome.get()
}
