package import EmbeddedPostgres
package import LeadStore
package import Logging
package import Postgres

/// An open database for the time of a command: the one that DATABASE_URL names, or the embedded one.
///
/// When a server of this folder is running already, its embedded PostgreSQL is joined; otherwise it is started for the
/// command and stopped after it.
package struct DatabaseSession: Sendable {
    package let settings: Settings
    package let pool: PostgresPool
    /// Every statement; commands and routes call use cases instead.
    let stores: Stores
    /// The way to the database on which notifications are heard.
    package let hints: PostgresConfiguration
    package let logger: Logger
    /// Where it tells how migrations and the start of the embedded server go on.
    package let terminal: Terminal
    /// How libpq reaches the database; may hold a password.
    package let connectionString: String
    /// The embedded server, if this process has started it.
    package let embedded: EmbeddedPostgres?
    /// Which database, for people; no password.
    package let summary: String

    /// What a command expects of the schema.
    package enum Preparation {
        /// Whatever is there.
        case none
        /// All of it. An embedded database is brought up to date; another is not changed by the way.
        case required
        /// Brought up to date, wherever it is.
        case migrated
    }

    /// The migrations of this build, over this database, with every check of `verify` to tell what is gone.
    package var migrator: Migrator {
        let stores = stores
        return Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in try await stores.schema.missingMigrations()
        }
    }

    /// Every check of the schema, for `migrate verify`; it runs on any database, whatever is missing there.
    package func verifySchema() async throws -> [SchemaCheck] { try await stores.schema.verify() }

    /// The same server and user, with another database.
    package func connectionString(toDatabase name: String) -> String {
        guard connectionString.contains("://") else { return connectionString + " dbname=\(name)" }
        return connectionString + (connectionString.contains("?") ? "&" : "?") + "dbname=\(name)"
    }

    /// Opens the database, and prepares its schema as asked.
    ///
    /// - Parameters:
    ///   - settings: which database.
    ///   - logger: for its connections.
    ///   - terminal: where progress is written.
    ///   - preparation: what is expected of the schema.
    /// - Returns: the open database; the caller closes it.
    /// - Throws: `CommandError` with what the operator can do about it.
    package static func open(
        settings: Settings,
        logger: Logger,
        terminal: Terminal,
        schema preparation: Preparation
    ) async throws -> DatabaseSession {
        let session = try await connect(settings: settings, logger: logger, terminal: terminal)
        do {
            _ = try await session.stores.health.serverFacts()
            try await session.prepare(preparation)
        } catch {
            await session.close()
            throw Self.explained(error, settings)
        }
        return session
    }

    private func prepare(_ preparation: Preparation) async throws {
        let stores = stores
        switch preparation {
        case .none: return
        case .required where settings.databaseURL != nil:
            try await migrator.refuseUnreleased()
            if try await stores.schema.isMigrated() { return }
            throw CommandError(
                "The database has no complete Switchyard schema.",
                remedy: "`switchyard migrate plan` lists what is missing, `switchyard migrate up` applies it."
            )
        case .required, .migrated:
            // On every start a cheap look has to do; what an operator broke by hand is for `migrate verify`.
            let migrator = Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in
                try await stores.schema.isMigrated() ? [] : Set(SchemaMigrations.all.map(\.version))
            }
            _ = try await migrator.up { terminal.error($0) }
        }
    }

    /// Closes the connections, and stops the embedded server if this process has started it.
    package func close() async {
        await pool.shutdown()
        await embedded?.stop()
    }

    private static func connect(
        settings: Settings,
        logger: Logger,
        terminal: Terminal
    ) async throws -> DatabaseSession {
        var embedded: EmbeddedPostgres?
        let connectionString: String
        let summary: String
        if let url = settings.databaseURL {
            connectionString = url
            summary = "the one that DATABASE_URL names"
        } else {
            let server = EmbeddedPostgres(directory: settings.directory + "/postgres", logger: logger)
            let connection = try await server.startOrJoin { terminal.error($0) }
            if connection.isOurs { embedded = server }
            connectionString = connection.connectionString
            summary = "embedded PostgreSQL in \(settings.directory)/postgres"
        }
        var configuration = PostgresConfiguration(connectionString: connectionString, applicationName: "switchyard")
        configuration.isPooled = settings.databaseIsPooled
        let pool = PostgresPool(
            configuration: configuration,
            maximumConnections: settings.databaseConnections,
            logger: logger
        )
        return DatabaseSession(
            settings: settings,
            pool: pool,
            stores: Stores(pool: pool),
            hints: hints(settings, connectionString),
            logger: logger,
            terminal: terminal,
            connectionString: connectionString,
            embedded: embedded,
            summary: summary
        )
    }

    private static func hints(_ settings: Settings, _ connectionString: String) -> PostgresConfiguration {
        var configuration = PostgresConfiguration(
            connectionString: settings.directDatabaseURL ?? connectionString,
            applicationName: "switchyard hints"
        )
        if settings.directDatabaseURL == nil { configuration.isPooled = settings.databaseIsPooled }
        return configuration
    }

    /// Adds to an error of the database what the operator can do about it; other errors stay as they are.
    package static func explained(_ error: any Error, _ settings: Settings) -> any Error {
        if let error = error as? MigrationError, error.code == .unreleased {
            let start =
                settings.databaseURL == nil
                ? "Stop the server, move \(settings.directory)/postgres away, and start again."
                : "Create a database (`createdb NAME`), name it in DATABASE_URL, and run `switchyard migrate up`."
            return CommandError(
                "\(error)",
                remedy: "\(start) docs/operations.md#a-database-of-an-unreleased-version says how to keep the data."
            )
        }
        guard let error = error as? PostgresError else { return error }
        switch error.code {
        case .cannotConnect where error.sqlState == "25006" || error.sqlState == "57P03":
            return CommandError("\(error)", remedy: "Servers that run go on by themselves; try this again then.")
        case .cannotConnect where error.sqlState == "53300":
            return CommandError("\(error)", remedy: "SELECT * FROM pg_stat_activity shows who has the connections.")
        case .cannotConnect, .configuration:
            return CommandError(
                "\(error)",
                remedy: "Check DATABASE_URL, or unset it to use the embedded PostgreSQL."
            )
        case .connectionLost:
            return CommandError("The connection to the database was lost; the command may or may not be done.")
        default:
            return CommandError("The database refused: \(error)", remedy: "`switchyard doctor` looks for the cause.")
        }
    }
}
