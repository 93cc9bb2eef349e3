import ArgumentParser
import SwitchyardServer

/// Prints the way to the database, for programs that are not ours.
///
/// The embedded PostgreSQL has no network port and its socket lies where there is room for its name, so nobody can be
/// expected to guess it.
struct DatabaseURL: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database-url",
        abstract: "Print how libpq reaches the database, for psql and pg_dump.",
        discussion: """
            psql "$(switchyard database-url)" opens it. The embedded PostgreSQL is there while a server of this folder \
            runs. May hold a password, if DATABASE_URL does.
            """
    )

    func run() async throws {
        let settings = try await Settings.load()
        if let url = settings.databaseURL {
            Standard.output(url)
            return
        }
        let session = try await DatabaseSession.open(settings: settings, logger: LogOutput.forCommands(), schema: .none)
        await session.close()
        guard session.embedded == nil else {
            throw CommandFault(
                "No server of this folder runs, so its PostgreSQL does not either.",
                remedy: "Start `switchyard serve` here first, or set DATABASE_URL."
            )
        }
        Standard.output(session.connectionString)
    }
}
