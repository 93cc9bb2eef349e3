import Hummingbird
import LeadRouting
import Logging
import NIOCore
import NIOPosix
import Testing
import WebTestSupport

@testable import Web

/// Clients that connect and send nothing do not block others.
struct ConnectionLimiterTests {
    @Test(.timeLimit(.minutes(1))) func silentConnectionsAreClosedFirst() async throws {
        var limits = WebConfiguration.Limits()
        limits.connections = 16
        limits.idleTime = .seconds(600)
        try await withLiveServer(limits) { port in
            var silent: [any Channel] = []
            for _ in 0..<64 {
                silent.append(
                    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                        .connect(host: "localhost", port: port).get()
                )
            }
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "localhost", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request))
                var text = ""
                for try await buffer in inbound { text += String(buffer: buffer) }
                return text
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
            // The idle ones are closed.
            try await silent[0].closeFuture.get()
            for channel in silent { try? await channel.close() }
        }
    }
}
