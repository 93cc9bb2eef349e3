import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Runs the tasks of a connection on the connection's own event loop.
///
/// Otherwise each request changes threads several times, from the loop that reads it to the Swift runtime's pool and
/// back to the loop that writes the answer, and each change may have to wake a thread: on few cores that costs more
/// than the work itself. But a handler that runs long on a loop delays its other connections: only work of some
/// microseconds may run there; see ``Routes/on(_:_:_:)``.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    /// An executor on a loop, which must outlive its tasks.
    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs a body on the Swift runtime's threads.
func offLoop<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(globalConcurrentExecutor) { try await body() }
}

/// Hummingbird's HTTP/1.1 connection, handled on its event loop, with or without TLS.
struct LoopBoundChannel: ServerChildChannel {
    private struct NoMemory: Error {}

    /// Reads requests and writes answers.
    let http: HTTP1Channel
    /// The certificate of a server with TLS.
    let certificate: ServerCertificate?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        guard let certificate else { return http.setup(channel: channel, logger: logger) }
        do {
            guard let session = TLSSession(certificate.context) else { throw NoMemory() }
            try channel.pipeline.syncOperations.addHandler(TLSHandler(session))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return http.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            // On the event loop, where the handlers of the connection may be used.
            let presence = try? value.channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).presence
            await ClientPresence.$current.withValue(presence) {
                await http.handle(value: value, logger: logger)
            }
        }
    }
}
