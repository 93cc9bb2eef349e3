import ArgumentParser
import Postgres
import SwitchyardServer
import UnixSignals

/// Runs the server until it is stopped.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server.",
        discussion: """
            Without DATABASE_URL it starts an embedded PostgreSQL in .switchyard/, migrates it and loads demo data on \
            first start. SIGTERM or SIGINT stops it cleanly.
            """
    )

    @Option(help: "Address to listen on (HOST).")
    var host: String?

    @Option(help: "Port to listen on (PORT); 0 lets the system choose.")
    var port: Int?

    func run() async throws {
        FreeMemory.limitRetention()
        var settings = try CommandContext.current.settings()
        settings.host = host ?? settings.host
        settings.port = port ?? settings.port
        let log = LogOutput(settings)
        defer { log.close() }
        log.bootstrapLoggingSystem()
        try await Server(settings: settings, log: log, terminal: terminal, signals: [.sigterm, .sigint]).run()
    }
}
