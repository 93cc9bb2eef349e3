package import Logging
import ServiceLifecycle

/// Hears what is sent by NOTIFY, on a connection of its own.
///
/// NOTIFY is not kept for who is not there: after every gap there is a ``Event/reconnected``, upon which a listener
/// looks for itself what it has missed.
package final class NotificationListener: Sendable, Service {
    /// An event for a listener.
    package enum Event: Sendable, Hashable {
        /// The channels are being listened to, for the first time.
        case listening
        /// They are again, after the connection had been lost: notifications may have been missed.
        case reconnected
        /// A notification.
        case notification(Notification)
    }

    /// What happens, in order, for one reader; the oldest of more than 1,024 unread events are dropped.
    package let events: AsyncStream<Event>
    private let connection: ListenerConnection

    /// A listener that does nothing until it runs.
    ///
    /// - Parameters:
    ///   - configuration: how to reach the database.
    ///   - channels: the names of the channels, taken literally.
    ///   - logger: told of connections lost.
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

    /// The notifications alone, for a reader that misses nothing by being away.
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
