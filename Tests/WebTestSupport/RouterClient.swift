import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded
import Synchronization

/// Sends requests straight to an application's router, without a socket.
///
/// Hummingbird's own test client does the same, but depends on an HTTP client and a TLS library: minutes of compiling.
struct RouterClient: Sendable {
    private let respond: @Sendable (Request) async throws -> Response

    /// A client of an application.
    init<App: ApplicationProtocol>(_ application: App) async throws {
        let responder = try await application.responder
        let logger = application.logger
        respond = { request in
            let context = App.Responder.Context(source: .init(channel: NIOAsyncTestingChannel(), logger: logger))
            return try await responder.respond(to: request, context: context)
        }
    }

    /// Sends a request, whose body arrives in parts of 32 KB, and collects the response.
    func execute(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: HTTPFields,
        body: ByteBuffer?
    ) async throws -> (response: Response, body: ByteBuffer) {
        var headers = headers
        if let body { headers[.contentLength] = "\(body.readableBytes)" }
        let parts = AsyncStream<ByteBuffer> { stream in
            var rest = body ?? ByteBuffer()
            while rest.readableBytes > 0, let part = rest.readSlice(length: min(32 << 10, rest.readableBytes)) {
                stream.yield(part)
            }
            stream.finish()
        }
        let response = try await respond(
            Request(
                head: .init(method: method, scheme: "http", authority: "localhost", path: path, headerFields: headers),
                body: RequestBody(asyncSequence: parts)
            )
        )
        let writer = BodyWriter()
        try await response.body.write(writer)
        return (response, writer.bytes)
    }

    private final class BodyWriter: ResponseBodyWriter {
        private let buffer = Mutex(ByteBuffer())
        var bytes: ByteBuffer { buffer.withLock { $0 } }

        func write(_ part: ByteBuffer) async throws { _ = buffer.withLock { $0.writeImmutableBuffer(part) } }
        func finish(_ trailers: HTTPFields?) async throws {}
    }
}
