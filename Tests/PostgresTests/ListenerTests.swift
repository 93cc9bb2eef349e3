import Logging
import Synchronization
import Testing

@testable import Postgres

struct ListenerTests {
    @Test func listenerReconnectsAfterConnectionLoss() async throws {
        try await withTestPool { pool, name in
            let channel = "Channel \"\(name)\""
            let configuration = PostgresConfiguration(
                connectionString: try await testConnectionString(),
                applicationName: "\(name)-ear"
            )
            let listener = NotificationListener(configuration: configuration, channels: [channel], logger: quiet)
            let running = Task { try await listener.run() }
            var events = listener.events.makeAsyncIterator()
            let first = await events.next()
            #expect(first == .listening)
            for round in 0..<3 {
                for number in 0..<5 {
                    try await notify(pool, channel, "\(round) \(number) é")
                    let event = await events.next()
                    #expect(event == .notification(.init(channel: channel, payload: "\(round) \(number) é")))
                }
                var parameters = Parameters()
                parameters.append("\(name)-ear")
                let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
                _ = try await pool.query(Statement("", kill), parameters)
                let event = await events.next()
                #expect(event == .reconnected)
            }
            running.cancel()
            try await running.value
            let last = await events.next()
            #expect(last == nil)
        }
    }

    @Test func noticesAreLoggedWithoutText() async throws {
        let log = Log()
        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: try await testConnectionString()),
            logger: Logger(label: "test") { _ in log }
        )
        _ = try await pool.simple("DO $$ BEGIN RAISE WARNING 'jane@example.com'; END $$")
        await pool.shutdown()
        #expect(log.text.contains("WARNING"))
        #expect(log.text.contains("01000"))
        #expect(!log.text.contains("jane"))
    }

    private func notify(_ pool: PostgresPool, _ channel: String, _ payload: String) async throws {
        var parameters = Parameters()
        parameters.append(channel)
        parameters.append(payload)
        _ = try await pool.query(Statement("notify", "SELECT pg_notify($1, $2)"), parameters)
    }
}

/// Collects log messages.
private final class Log: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}
