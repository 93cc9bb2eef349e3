import Logging
import Postgres
import SwitchyardCommands
import TestDatabase
import Testing

/// The commands of an installation whose login is an ordinary owner, from the first migration on.
@Suite struct OwnerCommandTests {
    /// The application's tables as they were before, with leads.
    private static let earlier = """
        CREATE TABLE workspaces (id uuid PRIMARY KEY, name text NOT NULL);
        CREATE TABLE leads (id uuid PRIMARY KEY, workspace_id uuid REFERENCES workspaces, email text);
        INSERT INTO workspaces VALUES ('00000000-0000-4000-8000-000000000001', 'A');
        INSERT INTO leads SELECT gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'p' || n || '@example.com'
            FROM generate_series(1, 100) n
        """

    private func run(_ database: OwnedDatabase, _ arguments: String...) async -> CommandRun {
        await CommandRun(
            arguments,
            variables: ["DATABASE_URL": database.connectionString, "DATABASE_CONNECTIONS": "3"]
        )
    }

    /// A copy by template counts nothing of the copying; one by pg_restore has to be told from it.
    @Test(arguments: [false, true]) func ownerRehearses(isUsed: Bool) async throws {
        try await withOwnedDatabase { database in
            let setup = PostgresPool(
                configuration: PostgresConfiguration(connectionString: database.connectionString),
                maximumConnections: 1,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            _ = try await setup.simple(Self.earlier)
            await setup.shutdown()
            // PostgreSQL copies by template only what no session is connected to.
            if isUsed { _ = try await database.pool.simple("SELECT 1") }
            let run = await run(database, "migrate", "rehearse")
            #expect(run.code == 0, "\(run.output) \(run.error)")
            #expect(run.output.contains(isUsed ? "by pg_dump and pg_restore" : "by template"), "\(run.output)")
            let leads = run.output.split(separator: "\n").first { $0.contains("public.leads") && !$0.contains("Lock") }
            let figures = leads?.split(separator: " ").compactMap { Int($0.filter { $0 != "," }) }
            // Inserted, updated, deleted: the backfill updates each lead, and inserts none.
            #expect(figures?.first == 0 && (figures?.dropFirst().first ?? 0) >= 100, "\(run.output)")
        }
    }

    @Test func ownerMigratesVerifiesAndIsDiagnosed() async throws {
        try await withOwnedDatabase { database in
            #expect(await run(database, "migrate", "up").code == 0)
            #expect(await run(database, "migrate", "verify").code == 0)
            let doctor = await run(database, "doctor")
            // The tests' server does not sync; everything else is as it should be, with nothing to improve.
            #expect(
                doctor.output.split(separator: "\n").filter { $0.hasPrefix("✗") }.map { $0.prefix(13) } == [
                    "✗ durability:"
                ]
            )
            #expect(doctor.output.contains("✓ login: \(database.owner) is subject to row-level security"))
            _ = try await database.administrator.simple("REVOKE authenticated FROM \(database.owner)")
            let verify = await run(database, "migrate", "verify")
            #expect(verify.code == 1)
            #expect(verify.output.contains("requests read as authenticated"), "\(verify.output)")
            #expect(
                await run(database, "doctor").output
                    .contains("GRANT anon, authenticated, service_role TO \(database.owner)")
            )
        }
    }
}
