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
                    "database connections", "connections of analyses", "Sentry", "alerts", "intake", "notifications",
                    "waiting leads", "schedule",
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
                        "database connections", "connections of analyses", "Inngest events", "alerts", "traces",
                        "intake", "notifications",
                        "waiting leads", "schedule", "Inngest registration", "HTTP",
                    ]
                )
            }
        }
    }

    /// No header opens the metrics, and none closes them.
    @Test
    func metricsNeedTheirTokenAtTheAPIPort() async throws {
        try await withTestDatabase { database in
            try await RunningServer.with(database: database.connectionString) { running in
                let refused = try await running.get("/metrics")
                #expect(refused.status == 403 && refused.body.contains("METRICS_TOKEN"))
            }
            try await RunningServer.with(database: database.connectionString, ["METRICS_TOKEN": "reader"]) { running in
                #expect(try await running.get("/metrics").status == 401)
                let wrong = try await HTTPExchange("GET", "/metrics", port: running.port, key: "reade")
                #expect(wrong.status == 401)
                let read = try await HTTPExchange("GET", "/metrics", port: running.port, key: "reader")
                #expect(read.status == 200 && read.body.contains("switchyard_build_info"))
                for path in ["//metrics", "/metrics/", "/%6detrics", "/Metrics"] {
                    let answer = try await HTTPExchange("GET", path, port: running.port, key: "reader")
                    #expect(answer.status == 404, "\(path)")
                }
            }
        }
    }

    @Test
    func metricsHaveListenerOfTheirOwn() async throws {
        try await withTestDatabase { database in
            let port = try await freePort()
            let settings = ["METRICS_PORT": "\(port)", "LOG_LEVEL": "critical"]
            try await RunningServer.with(database: database.connectionString, settings) { running in
                #expect(Array(running.server.services.suffix(2)) == ["metrics", "HTTP"])
                let read = try await HTTPExchange("GET", "/metrics", port: port)
                #expect(read.status == 200 && read.body.contains("switchyard_build_info"))
                #expect(try await running.get("/metrics").status == 403)
                for path in ["/healthz", "/api/health", "//metrics", "/metrics/", "/"] {
                    #expect(try await HTTPExchange("GET", path, port: port).status == 404, "\(path)")
                }
                let posted = try await HTTPExchange("POST", "/metrics", port: port, json: "{}")
                #expect(posted.status == 405)
                let error = await #expect(throws: CommandError.self) {
                    try await RunningServer.with(database: database.connectionString, settings) { _ in }
                }
                #expect(error?.remedy?.contains("METRICS_PORT") == true && error?.remedy?.contains("--port") == false)
            }
            let token = ["METRICS_PORT": "\(port)", "METRICS_TOKEN": "reader"]
            try await RunningServer.with(database: database.connectionString, token) { _ in
                let refused = try await HTTPExchange("GET", "/metrics", port: port)
                let read = try await HTTPExchange("GET", "/metrics", port: port, key: "reader")
                #expect(refused.status == 401 && read.status == 200)
            }
        }
    }

    @Test
    func unusableCertificateIsReportedBeforeDatabaseOpens() async throws {
        let error = await #expect(throws: CommandError.self) {
            try await RunningServer.with(
                database: "postgresql://127.0.0.1:1/nothing",
                ["TLS_CERTIFICATE_FILE": "/nowhere/certificate.pem", "TLS_KEY_FILE": "/nowhere/key.pem"]
            ) { _ in }
        }
        #expect(error?.problem.contains("/nowhere/certificate.pem") == true)
        #expect(error?.remedy?.contains("TLS_KEY_FILE") == true)
    }

    /// No secret of a setting or a request is in a line of the log, at any level.
    @Test
    func logHoldsNoSecret() async throws {
        try await withTestDatabase { database in
            let file = FileManager.default.temporaryDirectory.appending(path: "switchyard-token-\(UUID())").path
            try "planted-metrics-token\n".write(toFile: file, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            defer { try? FileManager.default.removeItem(atPath: file) }
            var log: [String] = []
            var key = ""
            try await RunningServer.with(
                database: database.connectionString,
                [
                    "LOG_LEVEL": "trace", "LOG_FORMAT": "json", "SWITCHYARD_DEMO": "true", "METRICS_TOKEN_FILE": file,
                    "SUPABASE_SERVICE_ROLE_KEY": "planted-service-role-key-of-more-than-32",
                    "ALERT_WEBHOOK_URL": "http://127.0.0.1:1/planted-path", "ALERT_WEBHOOK_SECRET": "planted-signature",
                    "DATADOG_API_KEY": "planted-datadog", "DATADOG_URL": "http://127.0.0.1:1",
                    "SENTRY_DSN": "http://planted-dsn@127.0.0.1:1/1",
                    "EGRESS_PROXY": "http://u:planted-proxy@127.0.0.1:1",
                    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS": "k=planted-otel",
                ]
            ) { running in
                key = String(try running.text("demo-key").prefix { !$0.isNewline })
                for token in [key, key + "x", "planted-wrong-key", "planted-service-role-key-of-more-than-32"] {
                    _ = try await HTTPExchange(
                        "POST",
                        "/api/leads?key=planted-query",
                        port: running.port,
                        key: token,
                        json: lead
                    )
                    _ = try await HTTPExchange("GET", "/metrics", port: running.port, key: token)
                    _ = try await HTTPExchange("GET", "/planted-path/\(token)", port: running.port, key: token)
                }
            } afterStop: {
                log = $0
            }
            #expect(log.count > 20)
            #expect(log.contains { $0.contains("METRICS_TOKEN_FILE") && $0.contains("0600") })
            let secret = String(key.suffix(24))
            #expect(secret.utf8.count == 24)
            let leaks = log.filter { $0.contains("planted") || $0.contains(secret) }
            #expect(leaks.isEmpty)
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
