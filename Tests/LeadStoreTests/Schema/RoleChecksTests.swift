import LeadStore
import Logging
import Postgres
import TestDatabase
import Testing

/// The checks of the roles act as them: a catalogue's word is not enough.
@Suite struct RoleChecksTests {
    /// Takes away from the owner what it needs of the roles, and the check that then fails.
    struct Loss: Sendable, CustomTestStringConvertible {
        let name: String
        /// For PostgreSQL 16 and later, where a membership has options.
        let statement: String
        /// For PostgreSQL 15, where it has none.
        let earlierStatement: String
        let check: String
        var testDescription: String { name }
    }

    private static let losses = [
        Loss(
            name: "member of authenticated without SET",
            statement: "GRANT authenticated TO OWNER WITH SET FALSE",
            earlierStatement: "REVOKE authenticated FROM OWNER",
            check: "requests read as authenticated"
        ),
        Loss(
            name: "member of service_role without INHERIT",
            statement: "GRANT service_role TO OWNER WITH INHERIT FALSE",
            earlierStatement: "REVOKE service_role FROM OWNER",
            check: "the database user has the rows of service_role"
        ),
        Loss(
            name: "authenticated may not read leads",
            statement: "REVOKE SELECT ON leads FROM authenticated",
            earlierStatement: "REVOKE SELECT ON leads FROM authenticated",
            check: "requests read as authenticated"
        ),
        Loss(
            name: "a policy hides a workspace's leads",
            statement: "ALTER POLICY switchyard_members ON leads USING (false)",
            earlierStatement: "ALTER POLICY switchyard_members ON leads USING (false)",
            check: "requests read as authenticated"
        ),
    ]

    /// Asks by a session of its own: an earlier one keeps the plans, and so the policies, of before a GRANT.
    private func failed(_ database: OwnedDatabase) async throws -> [SchemaCheck] {
        let pool = pool(PostgresConfiguration(connectionString: database.connectionString))
        let checks: Result<[SchemaCheck], any Error>
        do {
            checks = .success(try await Stores(pool: pool).schema.verify())
        } catch {
            checks = .failure(error)
        }
        await pool.shutdown()
        return try checks.get().filter { !$0.isOK }
    }

    private func pool(_ configuration: PostgresConfiguration) -> PostgresPool {
        PostgresPool(
            configuration: configuration,
            maximumConnections: 1,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    private func versionNumber(_ pool: PostgresPool) async throws -> Int {
        try await Int(pool.simple("SHOW server_version_num").last?.first?.texts.first ?? "") ?? 0
    }

    /// A waiting lead of an own workspace, so that there is a row to read.
    private static let oneLead = """
        INSERT INTO workspaces (id, name) VALUES ('00000000-0000-4000-8000-000000000001', 'A');
        INSERT INTO leads (id, workspace_id, source_workspace_id, email)
        VALUES (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'a@example.com')
        """

    @Test func ordinaryOwnerPassesEveryCheck() async throws {
        try await withOwnedDatabase { database in
            try await Migrator(migrations: SchemaMigrations.all, pool: database.pool).up()
            #expect(try await failed(database) == [])
            _ = try await database.pool.simple(Self.oneLead)
            #expect(try await failed(database) == [])
        }
    }

    @Test(arguments: losses) func lossOfRightsIsSeen(loss: Loss) async throws {
        try await withOwnedDatabase { database in
            try await Migrator(migrations: SchemaMigrations.all, pool: database.pool).up()
            _ = try await database.pool.simple(Self.oneLead)
            let isRecent = try await versionNumber(database.administrator) >= 160_000
            let statement = isRecent ? loss.statement : loss.earlierStatement
            _ = try await database.administrator.simple(
                statement.split(separator: "OWNER", omittingEmptySubsequences: false).joined(separator: database.owner)
            )
            let checks = try await failed(database)
            #expect(checks.map(\.name).contains(loss.check), "\(checks)")
            // The remedy that the check names is sufficient where the membership is the cause.
            guard loss.name.hasPrefix("member"), let detail = checks.first(where: { $0.name == loss.check })?.detail,
                let grant = detail.firstRange(of: "GRANT ")
            else { return }
            _ = try await database.administrator.simple(String(detail[grant.lowerBound...]))
            let left = try await failed(database)
            #expect(left == [])
        }
    }

    /// A lock on `leads` is no loss of rights: the error is thrown, so that no check names a wrong remedy.
    @Test func lockedTableIsNoLossOfRights() async throws {
        try await withOwnedDatabase { database in
            try await Migrator(migrations: SchemaMigrations.all, pool: database.pool).up()
            try await database.administrator.withTransaction { connection in
                _ = try await connection.simple("LOCK TABLE leads")
                var configuration = PostgresConfiguration(connectionString: database.connectionString)
                configuration.lockTimeout = .milliseconds(50)
                let pool = pool(configuration)
                let error = await #expect(throws: PostgresError.self) {
                    try await Stores(pool: pool).schema.roleChecks()
                }
                await pool.shutdown()
                #expect(error?.sqlState == "55P03")
            }
        }
    }
}
