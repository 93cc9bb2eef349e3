import FoundationEssentials
import Glibc
import SwitchyardServer
import Synchronization
import Testing

/// Collects the output of a terminal.
final class CapturedTerminal: Sendable {
    private let text = Mutex((output: "", error: ""))

    var output: String { text.withLock { $0.output } }
    var error: String { text.withLock { $0.error } }

    /// A terminal whose output is collected.
    var terminal: Terminal {
        Terminal { text, stream in
            self.text.withLock { stream == .output ? ($0.output += text) : ($0.error += text) }
        }
    }
}

/// A folder that is removed after the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "switchyard-test-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The text of a file in it.
    func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }
}

/// A server in this process, on its own port.
struct RunningServer: Sendable {
    let server: Server
    let port: Int
    let terminal: CapturedTerminal
    /// The folder that `SWITCHYARD_DIR` names.
    let folder: String

    /// Reads a path.
    func get(_ path: String) async throws -> HTTPExchange { try await HTTPExchange("GET", path, port: port) }

    /// The text of a file in its folder.
    func text(_ name: String) throws -> String { try String(contentsOfFile: folder + "/" + name, encoding: .utf8) }

    /// Runs a body with a server, and stops the server gracefully.
    ///
    /// - Parameters:
    ///   - database: the database's connection string.
    ///   - variables: more settings.
    ///   - body: runs while the server runs.
    ///   - afterStop: receives the log lines after the server has stopped.
    /// - Throws: the error of the start, the body or the server's run.
    static func with(
        database: String,
        _ variables: [String: String] = [:],
        _ body: (RunningServer) async throws -> Void,
        afterStop: ([String]) -> Void = { _ in }
    ) async throws {
        let folder = try TemporaryFolder()
        var all = [
            "DATABASE_URL": database, "SWITCHYARD_DIR": folder.path, "PORT": "0", "LOG_LEVEL": "warning",
            "DATABASE_CONNECTIONS": "4",
        ]
        all.merge(variables) { _, new in new }
        let logFile = folder.path + "/log"
        let descriptor = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        let terminal = CapturedTerminal()
        let settings = try Settings(variables: all)
        let log = LogOutput(settings, descriptor: descriptor)
        defer {
            log.close()
            close(descriptor)
        }
        let server = try await Server(settings: settings, log: log, terminal: terminal.terminal)
        let running = Task { try await server.run() }
        let port = try #require(await server.port)
        do {
            try await body(
                RunningServer(server: server, port: port, terminal: terminal, folder: folder.path)
            )
        } catch {
            await server.stop()
            try? await running.value
            throw error
        }
        await server.stop()
        try await running.value
        afterStop(try folder.text("log").split(separator: "\n").map(String.init))
    }
}
