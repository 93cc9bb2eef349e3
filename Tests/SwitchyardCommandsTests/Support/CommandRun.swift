import ArgumentParser
import FoundationEssentials
import SwitchyardCommands
import SwitchyardServer
import Synchronization
import TestDatabase

/// A folder that is removed after the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "switchyard-test-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A command that ran in this process, with its exit code and output.
struct CommandRun: Sendable {
    /// The exit code.
    let code: Int32
    /// The standard output.
    let output: String
    /// The standard error, including the final error message.
    let error: String

    /// Runs a command.
    ///
    /// - Parameters:
    ///   - arguments: the arguments of `switchyard`.
    ///   - variables: its environment.
    init(_ arguments: [String], variables: [String: String]) async {
        let written = Captured()
        var context = CommandContext()
        context.variables = variables
        context.terminal = Terminal { line, stream in written.add(line, to: stream) }
        do {
            try await CommandContext.$current.withValue(context) {
                var command = try Switchyard.parseAsRoot(arguments)
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            }
            code = 0
            error = written.error
        } catch let failure {
            code = Switchyard.exitCode(for: failure).rawValue
            error = written.error + Switchyard.fullMessage(for: failure)
        }
        output = written.output
    }

    /// Collects a command's output.
    private final class Captured: Sendable {
        private let text = Mutex((output: "", error: ""))

        var output: String { text.withLock { $0.output } }
        var error: String { text.withLock { $0.error } }

        func add(_ line: String, to stream: Terminal.Stream) {
            text.withLock { stream == .output ? ($0.output += line) : ($0.error += line) }
        }
    }
}

/// The command line with the test's own database.
struct CommandLineUnderTest: Sendable {
    let database: TestDatabase
    /// The folder that `SWITCHYARD_DIR` names.
    let folder: String

    /// Runs a test with a migrated database and the demo's workspaces and rules.
    static func withDemo(_ body: (CommandLineUnderTest) async throws -> Void) async throws {
        try await with { commands in
            _ = await commands.run("demo")
            try await body(commands)
        }
    }

    /// Runs a test with a migrated database.
    static func with(_ body: (CommandLineUnderTest) async throws -> Void) async throws {
        try await withTestDatabase { database in
            let folder = try TemporaryFolder()
            try await body(CommandLineUnderTest(database: database, folder: folder.path))
        }
    }

    /// Runs a command.
    func run(_ arguments: String...) async -> CommandRun { await run(arguments) }

    /// Runs a command.
    func run(_ arguments: [String]) async -> CommandRun {
        await CommandRun(
            arguments,
            variables: [
                "DATABASE_URL": database.connectionString, "SWITCHYARD_DIR": folder, "DATABASE_CONNECTIONS": "3",
            ]
        )
    }

    /// Writes a file into the test's folder, and returns its path.
    func write(_ text: String, to name: String) throws -> String {
        let file = folder + "/" + name
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }

    /// The text of a file.
    func text(_ file: String) throws -> String { try String(contentsOfFile: file, encoding: .utf8) }
}
