package import Logging
import ServiceLifecycle

/// A private PostgreSQL server as a child process: the default database.
///
/// The cluster lives in one directory, listens on a unix socket in a folder that only its own account and root can
/// enter, and authenticates by operating system account (peer). It stops with this process: cleanly on ``stop()`` and
/// on graceful shutdown, within a second when the process is killed. One process at a time owns a directory; others
/// join it by ``startOrJoin(progress:)``.
package struct EmbeddedPostgres: Service {
    private let cluster: Cluster

    /// A server on a directory; not started yet.
    ///
    /// The directory is created if it is missing; a relative path starts at the current directory.
    package init(
        directory: String = ".switchyard/postgres",
        settings: ClusterSettings = .durable,
        logger: Logger
    ) {
        cluster = Cluster(directory: directory, settings: settings, logger: logger)
    }

    /// Starts the server, creating its cluster first if there is none, and returns when it accepts connections.
    ///
    /// The first start takes about two seconds, later ones a tenth. If it is running, the call returns at once. Throws
    /// ``EmbeddedPostgresError``; `.inUse` when another process owns the directory.
    @discardableResult
    package func start(progress: @escaping Progress = { _ in }) async throws -> ConnectionInfo {
        try await cluster.start(progress: progress)
    }

    /// Starts the server, or finds the one that another process has started on this directory.
    package func startOrJoin(progress: @escaping Progress = { _ in }) async throws -> ConnectionInfo {
        do {
            return try await start(progress: progress)
        } catch let error as EmbeddedPostgresError where error.code == .inUse {
            return try await cluster.join(progress: progress)
        }
    }

    /// Keeps the server running until graceful shutdown or cancellation, and returns when it has stopped.
    ///
    /// A server that ends unexpectedly (killed, out of memory) is restarted, at most a few times a minute.
    package func run() async throws {
        try await start { [cluster] in cluster.logger.info("\($0)") }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await cluster.supervise()
            } onGracefulShutdown: {
                Task { await cluster.stop() }
            }
        } onCancel: {
            Task { await cluster.stop() }
        }
    }

    /// Stops the server if this process has started it, and returns when it has ended.
    package func stop() async {
        await cluster.stop()
    }
}

/// Receives a progress message for the operator.
package typealias Progress = @Sendable (String) -> Void
