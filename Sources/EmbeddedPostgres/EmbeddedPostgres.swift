package import Logging
import ServiceLifecycle

/// A private PostgreSQL server as a child process: the database when no other is named.
///
/// The cluster lives in one directory, listens on a unix socket in a folder that only its own account and root can
/// enter, and admits by the operating system's word for who is calling (peer). It stops with this process: cleanly on
/// ``stop()`` and on graceful shutdown, within a second when the process is killed. One process at a time owns a
/// directory; others join it by ``startOrJoin(progress:)``.
package struct EmbeddedPostgres: Service {
    private let cluster: Cluster

    /// A server over a directory; nothing happens before it is started.
    ///
    /// The directory is made when it is missing; a relative one is taken from the current directory.
    package init(
        directory: String = ".switchyard/postgres",
        settings: ClusterSettings = .durable,
        logger: Logger
    ) {
        cluster = Cluster(directory: directory, settings: settings, logger: logger)
    }

    /// Starts the server, making its cluster first if there is none, and returns when it takes connections.
    ///
    /// The first start takes about two seconds, later ones a tenth. Started already, it answers at once. Throws
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
    /// A server that ends by itself (killed, out of memory) is started again, a few times a minute at most.
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

    /// Stops the server if this process has started it, and returns when it is gone.
    package func stop() async {
        await cluster.stop()
    }
}

/// Takes a line for people about a step that takes a while.
package typealias Progress = @Sendable (String) -> Void
