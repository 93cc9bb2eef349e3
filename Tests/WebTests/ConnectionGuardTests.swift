import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Web

/// How long a body may take, on a clock that only the test moves.
struct ConnectionGuardTests {
    private let channel = EmbeddedChannel()
    private let bodyTime = Duration.seconds(30)

    init() throws {
        let guarding = ConnectionGuard(bodyTime: bodyTime, continuesUpTo: 1024, limiter: ConnectionLimiter(capacity: 4))
        try channel.pipeline.syncOperations.addHandler(guarding)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private func receive(_ path: String) throws {
        let fields: HTTPFields = [.transferEncoding: "chunked"]
        let head = HTTPRequest(method: .post, scheme: nil, authority: "x", path: path, headerFields: fields)
        try channel.writeInbound(HTTPRequestPart.head(head))
    }

    private func receiveLine() throws {
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "{}\n")))
    }

    /// Whether the reader of the body received the timeout error.
    private var isTimedOut: Bool {
        do {
            try channel.throwIfErrorCaught()
            return false
        } catch { return error is RequestTimedOut }
    }

    @Test func bodyTimeLimitIgnoresProgress() throws {
        try receive("/api/leads")
        for _ in 0..<2 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(14))
            try receiveLine()
        }
        #expect(!isTimedOut)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(isTimedOut)
    }

    @Test func streamContinuesWhileDataArrives() throws {
        try receive(LeadStream.path)
        for _ in 0..<10 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(29))
            try receiveLine()
        }
        #expect(!isTimedOut)
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(isTimedOut)
    }

    @Test func stalledAnsweredStreamIsClosed() throws {
        try receive(LeadStream.path)
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func clientThatDoesNotReadIsClosed() throws {
        try receive("/api/leads")
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(isTimedOut)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(!channel.isActive)
    }
}
