import Hummingbird
import LeadRouting
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing
import WebTestSupport

@testable import Web

/// Behaviour that only shows on a real connection.
struct ConnectionTests {
    /// Sends bytes to a live server in parts and returns the answer until the server closes the connection.
    ///
    /// - Parameters:
    ///   - parts: what is sent, part by part.
    ///   - limits: the server's limits.
    ///   - endless: sent repeatedly afterwards, until the server stops reading.
    /// - Returns: the answer, and how many bytes of `endless` were sent.
    /// - Throws: the socket's error, unless an answer came first.
    private func talk(
        _ parts: [String],
        limits: WebConfiguration.Limits = .init(),
        endless: ByteBuffer? = nil
    ) async throws -> (text: String, sentBytes: Int) {
        try await withLiveServer(limits) { port in
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .connect(host: "localhost", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            return try await channel.executeThenClose { inbound, outbound in
                // On a busy machine the server may close before everything is sent.
                for part in parts where (try? await outbound.write(ByteBuffer(string: part))) == nil { break }
                var sent = 0
                if let endless {
                    // Ends when the server closes; it must have answered by then.
                    while sent < 100 << 20, (try? await outbound.write(endless)) != nil {
                        sent += endless.readableBytes
                    }
                }
                var text = ""
                do {
                    for try await buffer in inbound { text += String(buffer: buffer) }
                } catch  where !text.isEmpty {
                    // A reset after the answer, while the client was still sending.
                }
                return (text, sent)
            }
        }
    }

    private func head(_ path: String, _ fields: [String]) -> String {
        (["POST \(path) HTTP/1.1", "Host: x", "Authorization: Bearer admin-key", "Content-Type: application/json"]
            + fields)
            .joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test func stalledBodyGets408() async throws {
        var limits = WebConfiguration.Limits()
        limits.bodyTime = .milliseconds(200)
        let answer = try await talk([head("/api/leads", ["Content-Length: 100"]), #"{"email":"#], limits: limits)
        #expect(answer.text.hasPrefix("HTTP/1.1 408 "))
        #expect(answer.text.contains("application/problem+json"))
        #expect(answer.text.lowercased().contains("connection: close"))
    }

    @Test func stalledHeadIsClosed() async throws {
        var limits = WebConfiguration.Limits()
        limits.idleTime = .milliseconds(200)
        let answer = try await talk(["POST /api/leads HTTP/1.1\r\nHost: x\r\nX-Slow: "], limits: limits)
        #expect(answer.text.isEmpty)
    }

    @Test func largeBodyIsRefusedByLength() async throws {
        let answer = try await talk([head("/api/leads", ["Content-Length: \(100 << 20)"])])
        #expect(answer.text.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.text.contains("/problems/too-large"))
        #expect(answer.text.lowercased().contains("connection: close"))
    }

    @Test func largeBodyIsRefusedWhileSent() async throws {
        let megabyte = ByteBuffer(repeating: UInt8(ascii: " "), count: 1 << 20)
        let answer = try await talk([head("/api/leads", ["Content-Length: \(100 << 20)"])], endless: megabyte)
        #expect(answer.text.hasPrefix("HTTP/1.1 413 "))
    }

    @Test func largeBodyOfUnknownLengthIsRefused() async throws {
        var limits = WebConfiguration.Limits()
        limits.leadBodyBytes = 64 << 10
        let chunk = ByteBuffer(string: "8000\r\n" + String(repeating: " ", count: 0x8000) + "\r\n")
        let answer = try await talk(
            [head("/api/leads", ["Transfer-Encoding: chunked"])],
            limits: limits,
            endless: chunk
        )
        #expect(answer.text.hasPrefix("HTTP/1.1 413 "))
    }

    @Test func expectContinueIsAnswered() async throws {
        let body = #"{"email":"a@b.co","workspaceId":"00000000-0000-4000-8000-000000000001"}"#
        let fields = ["Content-Length: \(body.utf8.count)", "Expect: 100-continue", "Connection: close"]
        let answer = try await talk([head("/api/leads/decode", fields), body])
        #expect(answer.text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "))
    }

    @Test(arguments: ["NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n", "\u{16}\u{03}\u{01}\r\n\r\n"])
    func invalidHTTPIsAnsweredWithProblem(_ text: String) async throws {
        let answer = try await talk([text])
        #expect(answer.text.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.text.contains("application/problem+json"))
    }

    @Test func largeHeaderIsAnsweredWithProblem() async throws {
        let field = "X-Long: " + String(repeating: "x", count: 100_000)
        let answer = try await talk([head("/api/leads", [field])])
        #expect(answer.text.hasPrefix("HTTP/1.1 431 "))
        #expect(answer.text.contains("application/problem+json"))
    }

    @Test func malformedChunkIsAnsweredWithProblem() async throws {
        let answer = try await talk([head("/api/leads", ["Transfer-Encoding: chunked"]) + "zz\r\n{}\r\n0\r\n\r\n"])
        #expect(answer.text.hasPrefix("HTTP/1.1 400 "))
    }

    @Test func refusalOfShortBodyKeepsConnection() async throws {
        let first = "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        let second = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        let answer = try await talk([first, second])
        #expect(answer.text.hasPrefix("HTTP/1.1 404 "))
        #expect(answer.text.contains("HTTP/1.1 200 OK"))
    }

    @Test func occupiedPortIsReported() async throws {
        let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        let app = makeApplication(
            configuration: WebConfiguration(port: port),
            useCases: .withoutDatabase(),
            version: "1.0.0",
            logger: .quiet
        )
        let error = await #expect(throws: ListenError.self) { try await (app as any Service).run() }
        #expect(error?.code == .portInUse)
        #expect(error?.description.contains("Port \(port)") == true)
        try await taken.close()
    }

    @Test func invalidAddressIsReported() async throws {
        let app = makeApplication(
            configuration: WebConfiguration(host: "203.0.113.7", port: 0),
            useCases: .withoutDatabase(),
            version: "1.0.0",
            logger: .quiet
        )
        let error = await #expect(throws: ListenError.self) { try await (app as any Service).run() }
        #expect(error?.code == .noSuchAddress)
    }
}
