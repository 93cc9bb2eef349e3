import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Runs the tasks of a connection on the connection's own event loop.
///
/// Otherwise each request changes threads several times, from the loop that reads it to the pool of the language's
/// runtime and back to the loop that writes the answer, and each change may have to wake a thread: on few cores that
/// costs more than what is done in between. The price is that a handler that works long on a loop keeps its other connections
/// waiting: only what takes some microseconds may stay; see ``Routes/on(_:_:_:)``.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    /// An executor on a loop, which has to outlive its tasks.
    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs something on the threads of the language's runtime, from wherever it is called.
func offLoop<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(globalConcurrentExecutor) { try await body() }
}

/// Hummingbird's HTTP/1.1 connection, handled on its event loop.
struct LoopBoundChannel: ServerChildChannel {
    /// What reads requests and writes answers.
    let http: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        http.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await http.handle(value: value, logger: logger)
        }
    }
}
