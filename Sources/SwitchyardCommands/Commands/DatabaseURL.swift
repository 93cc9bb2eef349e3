import ArgumentParser
import SwitchyardServer

/// Prints the way to the database, for programs that are not ours.
///
/// The embedded PostgreSQL has no network port and its socket lies where there is room for its name, so no client can
/// be expected to guess it.
struct DatabaseURL: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database-url",
        abstract: "Print the connection string of the database, for psql and pg_dump.",
        discussion: """
            psql "$(switchyard database-url)" opens it. The embedded PostgreSQL is there while a server of this folder \
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
