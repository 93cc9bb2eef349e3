import FoundationEssentials
import SwitchyardServer
import TestDatabase
import Testing

/// A server that starts and stops within the process.
struct ServerTests {
    private let lead =
        #"{"email":"grace@example.com","location":{"country":"US","state":"CA"},"industry":"Information"}"#

    @Test
    func postedLeadIsRoutedAndServerStops() async throws {
        try await withTestDatabase { database in
            var port = 0
            try await RunningServer.with(database: database.connectionString, ["SWITCHYARD_DEMO": "true"]) { running in
                port = running.port
                let key = String(try running.text("demo-key").prefix { !$0.isNewline })
                let sent = try await HTTPExchange("POST", "/api/leads", port: port, key: key, json: lead)
                #expect(sent.status == 201)
                #expect(sent.body.contains(#""status":"routed""#))

                let health = try await running.get("/api/health")
                #expect(health.status == 200)
                #expect(health.body.contains(#""pendingCount":0"#))
                #expect(running.terminal.output.contains("http://127.0.0.1:\(port)/api/leads"))
                #expect(running.terminal.output.contains(key))
            }
            let stopped = port
            await #expect(throws: (any Error).self, "the stopped server still listens") {
                try await HTTPExchange("GET", "/api/health", port: stopped)
            }
        }
    }

    @Test
    func twoServersInOneProcessShareDatabase() async throws {
        try await withTestDatabase { database in
            try await RunningServer.with(database: database.connectionString) { first in
                try await RunningServer.with(database: database.connectionString) { second in
                    #expect(first.port != second.port)
                    for running in [first, second] {
                        let ready = try await running.get("/readyz")
                        #expect(ready.status == 200)
                    }
                }
                let ready = try await first.get("/readyz")
                #expect(ready.status == 200)
            }
        }
    }

    @Test
    func servicesStopInReverseOrder() async throws {
        try await withTestDatabase { database in
            var services: [String] = []
            var log: [String] = []
            try await RunningServer.with(
                database: database.connectionString,
                ["LOG_LEVEL": "debug", "LOG_FORMAT": "json", "SENTRY_DSN": "http://key@127.0.0.1:1/1"]
            ) {
                services = $0.server.services
            } afterStop: {
                log = $0
            }
            #expect(
                services == [
                    "database connections", "Sentry", "alerts", "intake", "notifications", "waiting leads", "schedule",
                    "auto-rollback", "HTTP",
                ]
            )
            let stopped =
                log.filter { $0.contains(#""message":"Service finished""#) }
                .compactMap { line in services.first { line.contains(#""sl-service":"\#($0)""#) } }
            #expect(stopped == services.reversed())
        }
    }

    @Test
    func optionalServicesFollowTheSettings() async throws {
        try await withTestDatabase { database in
            try await RunningServer.with(
                database: database.connectionString,
                [
                    "ROUTING_AUTO_ROLLBACK": "false", "INNGEST_DEV": "http://127.0.0.1:1",
                    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
                ]
            ) { running in
                #expect(
                    running.server.services == [
                        "database connections", "Inngest events", "alerts", "traces", "intake", "notifications",
                        "waiting leads", "schedule", "Inngest registration", "HTTP",
                    ]
                )
            }
        }
    }

    @Test
    func takenPortIsRefusedBeforeDatabaseOpens() async throws {
        try await withTestDatabase { database in
            try await RunningServer.with(database: database.connectionString) { running in
                let error = await #expect(throws: CommandError.self) {
                    try await RunningServer.with(
                        database: "postgresql://127.0.0.1:1/nothing",
                        ["PORT": "\(running.port)"]
                    ) { _ in }
                }
                #expect(error?.problem == "Port \(running.port) on 127.0.0.1 is in use by another program.")
                #expect(error?.remedy?.contains("--port") == true)
            }
        }
    }

    @Test
    func unreachableDatabaseIsReportedWithRemedy() async throws {
        let error = await #expect(throws: CommandError.self) {
            try await RunningServer.with(database: "postgresql://127.0.0.1:1/nothing") { _ in }
        }
        #expect(error?.remedy?.contains("DATABASE_URL") == true)
    }

    @Test
    func emptyDatabaseIsMigratedOnStart() async throws {
        try await withEmptyDatabase { database in
            try await RunningServer.with(database: database.connectionString) { running in
                let ready = try await running.get("/readyz")
                #expect(ready.status == 200)
                #expect(running.terminal.error.contains("20260131000001"))
            }
        }
    }
}
