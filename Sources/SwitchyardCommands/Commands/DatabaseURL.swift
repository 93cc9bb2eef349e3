import ArgumentParser
import SwitchyardServer

/// Prints the connection string of the database, for other programs.
///
/// The embedded PostgreSQL has no network port, and its socket may be in a temporary folder, so clients cannot guess
/// its address.
struct DatabaseURL: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database-url",
        abstract: "Print the connection string of the database, for psql and pg_dump.",
        discussion: """
            psql "$(switchyard database-url)" opens it. The embedded PostgreSQL is available while a server in this folder \
            runs. May hold a password, if DATABASE_URL does.
            """
    )

    func run() async throws {
        if let url = try CommandContext.current.settings().databaseURL { return terminal.output(url) }
        try await withDatabase(schema: .none) { session in
            guard session.embedded == nil else {
                throw CommandError(
                    "No server runs in this folder, so its PostgreSQL does not run.",
                    remedy: "Start `switchyard serve` here first, or set DATABASE_URL."
                )
            }
            terminal.output(session.connectionString)
        }
    }
}
