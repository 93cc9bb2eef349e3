import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Web

/// Callers that connect and say nothing do not keep others out.
struct CrowdTests {
    @Test func silentConnectionsMakeRoom() async throws {
        var limits = WebConfiguration.Limits()
        limits.connections = 16
        let app = makeApplication(
            configuration: WebConfiguration(port: 0, limits: limits),
            backend: FakeBackend(),
            logger: Logger(label: "web-tests") { _ in SwiftLogNoOpLogHandler() }
        )
        try await app.test(.live) { client in
            let port = try #require(client.port)
            var silent: [any Channel] = []
            for _ in 0..<64 {
                silent.append(
                    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                        .connect(host: "localhost", port: port).get()
                )
            }
            // The client of the tests gives up after its own time limit, long before idle connections are closed.
            let status = try await client.execute(uri: "/healthz", method: .get) { $0.status }
            #expect(status == .ok)
            // Those that made room are told so.
            try await silent[0].closeFuture.get()
            for channel in silent { try? await channel.close() }
        }
    }
}
