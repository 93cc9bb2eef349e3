package import Logging
import ServiceLifecycle

/// Receives notifications (NOTIFY) on its own connection.
///
/// PostgreSQL does not keep notifications for a disconnected listener. After every gap there is a
/// ``Event/reconnected``, and the listener then reads what it may have missed.
package final class NotificationListener: Sendable, Service {
    /// An event of a listener.
    package enum Event: Sendable, Hashable {
        /// The channels are being listened to, for the first time.
        case listening
        /// The channels are being listened to again after the connection was lost: notifications may have been missed.
        case reconnected
        /// A notification.
        case notification(Notification)
    }

    /// The events, in order, for one reader; the oldest of more than 1,024 unread events are dropped.
    package let events: AsyncStream<Event>
    private let connection: ListenerConnection

    /// A listener that does nothing until it runs.
    ///
    /// - Parameters:
    ///   - configuration: how to reach the database.
    ///   - channels: the names of the channels, taken literally.
    ///   - logger: logs lost connections.
    package init(configuration: PostgresConfiguration, channels: [String], logger: Logger) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Event.self,
            bufferingPolicy: .bufferingNewest(1024)
        )
        events = stream
        connection = ListenerConnection(
            configuration: configuration,
            channels: channels,
            logger: logger,
            events: continuation
        )
    }

    deinit {
        let connection = connection
        _ = connection.loop.submit { connection.close() }
    }

    /// Only the notifications, for a reader that needs no ``Event/reconnected``.
    package var notifications: AsyncStream<Notification> {
        let events = events
        return AsyncStream { continuation in
            let task = Task {
                for await case .notification(let notification) in events {
                    continuation.yield(notification)
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Listens until the service group shuts down or the task is cancelled.
    package func run() async throws {
        let connection = connection
        _ = connection.loop.submit { connection.open() }
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Closes the connection and ends ``events``.
    package func shutdown() async {
        let connection = connection
        await withCheckedContinuation { continuation in
            let accepted = connection.loop.submit {
                connection.close()
                continuation.resume()
            }
            if !accepted { continuation.resume() }
        }
    }
}
