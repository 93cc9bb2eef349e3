package import Logging
package import Postgres
import ServiceLifecycle

/// Wakes the loop when the database notifies that leads have entered the queue.
///
/// Only a hint: notifications are lost with a connection, and a pooler in transaction mode has none. The loop finds all
/// leads by polling, within a second; with hints, leads that another program inserts wait milliseconds.
package struct WaitingHints: Service {
    /// The channel of the trigger `switchyard_hint`.
    package static let channel = "switchyard_waiting"

    private let listener: NotificationListener
    private let wake: WakeEvent

    /// Hints for a loop.
    ///
    /// - Parameters:
    ///   - configuration: a direct connection to the database.
    ///   - wake: ends the loop's pause.
    ///   - logger: logs a lost connection.
    package init(configuration: PostgresConfiguration, wake: WakeEvent, logger: Logger) {
        listener = NotificationListener(configuration: configuration, channels: [Self.channel], logger: logger)
        self.wake = wake
    }

    /// Listens until the graceful shutdown.
    package func run() async throws {
        let listener = listener
        let wake = wake
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run() }
            // Ends with the listener, which ends the stream.
            for await _ in listener.events { wake.set() }
            try await group.waitForAll()
        }
    }
}
