package import EmbeddedPostgres
package import LeadStore
package import Logging
package import Postgres

/// An open database for a command or server: the one of DATABASE_URL, or the embedded one.
///
/// If a server runs in this folder, its embedded PostgreSQL is joined; otherwise it is started for the command and
/// stopped afterwards.
package struct DatabaseSession: Sendable {
    package let settings: Settings
    package let pool: PostgresPool
    /// Every statement; commands and routes call use cases instead.
    let stores: Stores
    /// The connection that receives notifications.
    package let hints: PostgresConfiguration
    package let logger: Logger
    /// The terminal for the progress of migrations and of the embedded server.
    package let terminal: Terminal
    /// The connection string for libpq; may hold a password.
    package let connectionString: String
    /// The embedded server, if this process has started it.
    package let embedded: EmbeddedPostgres?
    /// The name of the database, for display; no password.
    package let summary: String

    /// What a command requires of the schema.
    package enum Preparation {
        /// Nothing.
        case none
        /// The complete schema. An embedded database is migrated; another is not changed.
        case required
        /// The complete schema; any database is migrated.
        case migrated
    }

    /// The migrator of this build for this database, which detects missing objects with every check of `verify`.
    package var migrator: Migrator {
        let stores = stores
        return Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in try await stores.schema.missingMigrations()
        }
    }

    /// Every check of the schema, for `migrate verify`; it runs on any database, whatever is missing there.
    package func verifySchema() async throws -> [SchemaCheck] { try await stores.schema.verify() }

    /// A connection string with the same server and user, for another database.
    package func connectionString(toDatabase name: String) -> String {
        guard connectionString.contains("://") else { return connectionString + " dbname=\(name)" }
        return connectionString + (connectionString.contains("?") ? "&" : "?") + "dbname=\(name)"
    }

    /// Opens the database, and prepares its schema.
    ///
    /// - Parameters:
    ///   - settings: the settings, which name the database.
    ///   - logger: logs connection events.
    ///   - terminal: the terminal for progress.
    ///   - preparation: what is required of the schema.
    /// - Returns: the open database; the caller closes it.
    /// - Throws: `CommandError` with its remedy.
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
            // Every start needs a cheap check; `migrate verify` finds objects that an operator has removed.
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

    /// A database error with its remedy; other errors are unchanged.
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
            return CommandError("\(error)", remedy: "Running servers continue by themselves; try this again later.")
        case .cannotConnect where error.sqlState == "53300":
            return CommandError("\(error)", remedy: "SELECT * FROM pg_stat_activity shows the open connections.")
        case .cannotConnect, .configuration:
            return CommandError(
                "\(error)",
                remedy: "Check DATABASE_URL, or unset it to use the embedded PostgreSQL."
            )
        case .connectionLost:
            return CommandError(
                "The connection to the database was lost; the command may or may not have taken effect."
            )
        default:
            return CommandError(
                "The database refused: \(error)",
                remedy: "`switchyard doctor` helps to find the cause."
            )
        }
    }
}
