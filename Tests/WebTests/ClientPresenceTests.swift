import Hummingbird
import LeadRouting
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing
import WebTestSupport

@testable import Web

/// Work for a client that disconnects is cancelled.
@Suite struct ClientPresenceTests {
    @Test func leavingCancelsTheWork() async throws {
        let presence = ClientPresence()
        let (started, starting) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            try await ClientPresence.$current.withValue(presence) {
                try await ClientPresence.whileConnected {
                    starting.yield()
                    try await Task.sleep(for: .seconds(3600))
                }
            }
        }
        _ = await started.first { _ in true }
        presence.leave()
        await #expect(throws: ClientHasLeft.self) { try await work.value }
        // Work that begins later is cancelled at once.
        await #expect(throws: ClientHasLeft.self) {
            try await ClientPresence.$current.withValue(presence) {
                try await ClientPresence.whileConnected { try Task.checkCancellation() }
            }
        }
    }

    @Test func withoutAConnectionTheWorkRuns() async throws {
        #expect(try await ClientPresence.whileConnected { 7 } == 7)
    }

    @Test(.timeLimit(.minutes(1)))
    func closedConnectionCancelsItsHandler() async throws {
        let (events, event) = AsyncStream.makeStream(of: String.self)
        let router = Router(context: WebContext.self)
        router.get("/long") { _, _ -> Response in
            try await ClientPresence.whileConnected {
                event.yield("started")
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    event.yield("cancelled")
                    throw error
                }
                return Response(status: .ok)
            }
        }
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let application = WebApplication(
            settings: WebConfiguration(port: 0),
            router: router.buildResponder(),
            logger: .quiet
        ) { listening.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [application], gracefulShutdownSignals: [], logger: .quiet)
        )
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            var seen = events.makeAsyncIterator()
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "localhost", port: port).get()
            try await channel.writeAndFlush(ByteBuffer(string: "GET /long HTTP/1.1\r\nHost: x\r\n\r\n"))
            #expect(await seen.next() == "started")
            try await channel.close()
            #expect(await seen.next() == "cancelled")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
