package import EmbeddedPostgres
import FoundationEssentials
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

    /// Switches row-level security on for the installation's tables that every client may use, and repeats the
    /// migrations that let members read what is theirs there.
    ///
    /// - Parameter progress: receives a line for each migration.
    /// - Returns: the tables, with the rights that clients had.
    /// - Throws: `PostgresError`, `MigrationError`.
    package func secure(_ progress: @escaping @Sendable (String) -> Void) async throws -> [OpenTable] {
        let open = try await stores.schema.openTables()
        guard !open.isEmpty else { return [] }
        try await stores.schema.secureTables()
        let migrator = Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in SchemaMigrations.afterSecuring }
        _ = try await migrator.up(progress: progress)
        return open
    }

    /// Applies the missing migrations, and settles the leads that had no workspace before them.
    ///
    /// - Parameters:
    ///   - existing: what happens to those leads; nil: they are kept as they are, if this adds routing to them.
    ///   - migrate: applies the migrations.
    /// - Returns: the migrations that were applied.
    /// - Throws: what `migrate` throws; `PostgresError`.
    package func migrating(
        existing: ExistingLeads?,
        _ migrate: (Migrator) async throws -> [Migration]
    ) async throws -> [Migration] {
        let isFirst = try await isAddingRouting()
        let applied = try await migrate(migrator)
        if existing != nil || isFirst { try await settleExisting(existing) }
        return applied
    }

    /// What the missing migrations would do to the leads that are there; nil if none would fill them.
    package func backfillForecast() async throws -> BackfillForecast? {
        try await isAddingRouting() ? try await stores.schema.backfillForecast() : nil
    }

    private func isAddingRouting() async throws -> Bool {
        try await migrator.status().contains { $0.migration.version == SchemaMigrations.fillingLeads && !$0.isApplied }
    }

    /// Settles the leads that had no workspace before routing; nothing final happens to them without a choice.
    private func settleExisting(_ choice: ExistingLeads?) async throws {
        let count = try await stores.schema.settle(choice ?? .keep)
        guard count > 0 else { return }
        let what =
            switch choice ?? .keep {
            case .keep: "are kept as they are: neither routed nor expired"
            case .route: "are routed from now on, and expire in 90 days if nothing takes them"
            case .expire: "have expired"
            }
        terminal.error("\(count) leads that had no workspace \(what).")
        if choice == nil {
            terminal.error("`switchyard migrate up --existing route` or `--existing expire` chooses otherwise.")
        }
    }

    /// The tables of the installation that every client of its API may read or write.
    package func openTables() async throws -> [OpenTable] { try await stores.schema.openTables() }

    /// Warns of tables of the installation that every client of its API may read or write.
    private func warnOfOpenTables() async throws {
        for table in try await stores.schema.openTables() {
            logger.error(
                "a table has no row-level security, and clients have rights on it",
                metadata: [
                    "table": "public.\(table.name)", "rights": "\(table.rights)",
                    "remedy": "switchyard migrate up --secure",
                ]
            )
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
    ///   - createsCluster: whether an embedded PostgreSQL is created where there is none.
    /// - Returns: the open database; the caller closes it.
    /// - Throws: `CommandError` with its remedy.
    package static func open(
        settings: Settings,
        logger: Logger,
        terminal: Terminal,
        schema preparation: Preparation,
        createsCluster: Bool = true
    ) async throws -> DatabaseSession {
        let folder = settings.directory + "/postgres"
        if settings.databaseURL == nil, !createsCluster, !FileManager.default.fileExists(atPath: folder) {
            throw CommandError(
                "There is no database: DATABASE_URL is not set, and \(folder) does not exist.",
                remedy: "Set DATABASE_URL, or create a database here with `switchyard serve` or `switchyard demo`."
            )
        }
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
            let isFirst = try await isAddingRouting()
            _ = try await migrator.up { terminal.error($0) }
            if isFirst { try await settleExisting(nil) }
            if preparation == .migrated { try await warnOfOpenTables() }
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
