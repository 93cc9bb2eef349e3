import FoundationEssentials
import LeadStore
import Postgres
import TestDatabase
import Testing

/// An installation whose own tables have no row-level security and the default rights of Supabase.
@Suite struct SecureTests {
    private static let member = "7b0f5a1e-0000-4000-8000-000000000001"
    private static let stranger = "7b0f5a1e-0000-4000-8000-000000000002"
    private static let workspace = "7b0f5a1e-0000-4000-8000-000000000003"

    private func withInstallation(_ body: (PostgresPool, SchemaStore) async throws -> Void) async throws {
        try await withEmptyDatabase { database in
            let pool = database.pool
            _ = try await pool.simple(
                """
                DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
                DO $$ BEGIN CREATE ROLE authenticated; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
                DO $$ BEGIN CREATE ROLE service_role; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
                ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
                ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
                CREATE TABLE workspaces (id uuid PRIMARY KEY, name text, number serial);
                CREATE TABLE user_workspaces (user_id uuid, workspace_id uuid, PRIMARY KEY (user_id, workspace_id));
                CREATE TABLE leads (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), workspace_id uuid, email text);
                INSERT INTO workspaces VALUES ('\(Self.workspace)', 'W');
                INSERT INTO user_workspaces VALUES ('\(Self.member)', '\(Self.workspace)');
                INSERT INTO leads (workspace_id, email) VALUES ('\(Self.workspace)', 'a@example.com');
                """
            )
            let schema = Stores(pool: pool).schema
            _ = try await Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in [] }.up()
            try await body(pool, schema)
        }
    }

    /// Runs a statement as a client of the installation's API.
    private func run(_ sql: String, as role: String, user: String, _ pool: PostgresPool) async throws -> Int {
        let rows = try await pool.simple(
            """
            BEGIN; SET LOCAL ROLE \(role);
            SELECT set_config('request.jwt.claims', '{"sub": "\(user)"}', true);
            \(sql);
            ROLLBACK
            """
        )
        return rows.dropLast().last?.count ?? 0
    }

    @Test func openTablesAreReportedAndSecured() async throws {
        try await withInstallation { pool, schema in
            #expect(try await schema.openTables().map(\.name) == ["leads", "user_workspaces", "workspaces"])
            let failed = try await schema.verify().filter { !$0.isOK }
            #expect(
                failed.map(\.name)
                    == ["leads", "user_workspaces", "workspaces"]
                    .map {
                        "row-level security of the installation on public.\($0)"
                    }
            )
            #expect(failed.allSatisfy { $0.remedy?.contains("--secure") == true })
            // Nothing that a migration restores, so a second run does nothing.
            #expect(try await schema.missingMigrations().isEmpty)
            #expect(try await run("SELECT * FROM leads", as: "anon", user: Self.stranger, pool) == 1)

            try await schema.secureTables()
            _ = try await Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in SchemaMigrations.afterSecuring }
                .up()
            #expect(try await schema.openTables().isEmpty)
            #expect(try await schema.verify().filter { !$0.isOK } == [])
            await #expect(throws: PostgresError.self) {
                try await run("SELECT * FROM leads", as: "anon", user: Self.stranger, pool)
            }
            await #expect(throws: PostgresError.self) {
                try await run("UPDATE leads SET email = 'x'", as: "authenticated", user: Self.member, pool)
            }
            await #expect(throws: PostgresError.self) {
                try await run(
                    "INSERT INTO user_workspaces VALUES ('\(Self.stranger)', '\(Self.workspace)')",
                    as: "authenticated",
                    user: Self.stranger,
                    pool
                )
            }
            await #expect(throws: PostgresError.self) {
                try await run("SELECT setval('workspaces_number_seq', 1)", as: "anon", user: Self.stranger, pool)
            }
            // A member reads what is its own, a stranger nothing.
            #expect(try await run("SELECT email FROM leads", as: "authenticated", user: Self.member, pool) == 1)
            #expect(try await run("SELECT email FROM leads", as: "authenticated", user: Self.stranger, pool) == 0)
        }
    }

    /// The sequence of the log is ours: the migrations take the rights that the default gives.
    @Test func logSequenceIsClosed() async throws {
        try await withInstallation { pool, _ in
            for role in ["anon", "authenticated"] {
                await #expect(throws: PostgresError.self) {
                    try await run("SELECT setval('lead_routing_logs_id_seq', 1)", as: role, user: Self.stranger, pool)
                }
            }
        }
    }
}
