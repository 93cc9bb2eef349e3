import Glibc
import LeadStore
import Logging
import Postgres
import TestDatabase
import Testing

@testable import EmbeddedPostgres

/// The roles of an embedded cluster; each test has its own cluster, and takes some seconds.
@Suite("Embedded PostgreSQL: roles")
struct ClusterRolesTests {
    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The rows of the last statement of a text, each as its columns joined by a space.
    private func ask(_ connectionString: String, _ sql: String) async throws -> [String] {
        try await withPool(connectionString) { pool in
            try await pool.simple(sql).last?.map { $0.texts.joined(separator: " ") } ?? []
        }
    }

    private func withPool<Value: Sendable>(
        _ connectionString: String,
        _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: connectionString),
            maximumConnections: 2,
            logger: Self.quiet
        )
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        return try result.get()
    }

    private static let roles = """
        SELECT r.rolname, r.rolsuper, r.rolcanlogin, r.rolcreatedb, r.rolcreaterole, r.rolbypassrls,
            (SELECT d.datdba = r.oid FROM pg_database d WHERE d.datname = current_database())
        FROM pg_roles r WHERE r.rolname IN ('switchyard', 'postgres', 'switchyard_conversion') ORDER BY 1
        """
    private static let expectedRoles = ["postgres t t t t t f", "switchyard f t t t t t"]

    /// Everything of the database that the administrator owns, beside the system's own.
    private static let ownedByAdministrator = """
        SELECT c.oid::regclass::text FROM pg_class c
        WHERE c.relowner = 10 AND c.oid >= 16384 AND c.relnamespace::regnamespace::text NOT LIKE 'pg_%'
        UNION ALL SELECT n.nspname::text FROM pg_namespace n WHERE n.nspowner = 10 AND n.oid >= 16384
        UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.proowner = 10 AND p.oid >= 16384
        UNION ALL SELECT t.typname::text FROM pg_type t
        WHERE t.typowner = 10 AND t.oid >= 16384 AND t.typnamespace::regnamespace::text NOT LIKE 'pg_%'
        """

    /// The login of a new cluster migrates, verifies and acts for a tenant, and may not do what a superuser may.
    @Test func newClusterBelongsToAnOrdinaryRole() async throws {
        try await withPrivateCluster { _, connection in
            #expect(try await ask(connection.connectionString, Self.roles) == Self.expectedRoles)
            try await expectComplete(connection)
            await #expect(throws: PostgresError.self) {
                try await ask(connection.connectionString, "COPY (SELECT 1) TO '/dev/null'")
            }
            let administrator = connection.connectionString(role: ConnectionInfo.administrator)
            #expect(try await ask(administrator, "COPY (SELECT 1) TO '/dev/null'") == [])
        }
    }

    /// A cluster as earlier versions made it: its first superuser is `switchyard`, and owns everything.
    @Test func clusterOfSuperuserIsConverted() async throws {
        try await withPrivateCluster { server, connection in
            await server.stop()
            let place = try await place(of: connection)
            try await makeOldCluster(place)
            // With the mark of a converted cluster nothing is converted.
            try await place.account.write("1\n", to: place.data + "/switchyard_roles")
            try await withServer(place) { old in
                #expect(
                    try await ask(old.connectionString, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
                        == ["t"]
                )
                try await withPool(old.connectionString) { pool in
                    try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
                    _ = try await pool.simple(
                        """
                        SET search_path = public;
                        CREATE TABLE own (id serial PRIMARY KEY, number integer GENERATED ALWAYS AS IDENTITY);
                        CREATE VIEW own_view AS SELECT 1 AS x; CREATE MATERIALIZED VIEW own_copy AS SELECT 1 AS x;
                        CREATE SEQUENCE own_sequence; CREATE DOMAIN own_domain AS integer; CREATE TYPE own_row AS (a integer);
                        CREATE TYPE own_enum AS ENUM ('a'); CREATE PROCEDURE own_procedure() LANGUAGE sql AS '';
                        CREATE AGGREGATE own_sum(integer) (sfunc = int4pl, stype = integer); INSERT INTO own DEFAULT VALUES
                        """
                    )
                }
            }
            unlink(place.data + "/switchyard_roles")
            try await withServer(place) { converted in
                #expect(try await ask(converted.connectionString, Self.roles) == Self.expectedRoles)
                #expect(try await ask(converted.connectionString, Self.ownedByAdministrator) == [])
                #expect(try await ask(converted.connectionString, "UPDATE own SET id = 7; SELECT id FROM own") == ["7"])
                try await expectComplete(converted)
            }
            // The next start finds the mark; without it the conversion changes nothing more.
            unlink(place.data + "/switchyard_roles")
            try await withServer(place) { again in
                let roles = try await ask(again.connectionString, Self.roles)
                #expect(roles == Self.expectedRoles)
            }
        }
    }

    @Test func conversionThatIsImpossibleIsRefusedWithItsReason() async throws {
        try await withPrivateCluster { server, connection in
            await server.stop()
            let place = try await place(of: connection)
            try await makeOldCluster(place, more: "CREATE ROLE postgres\n")
            let error = await #expect(throws: EmbeddedPostgresError.self) { try await withServer(place) { _ in } }
            #expect(error?.code == .initialisation)
            let text = try #require(error?.description)
            #expect(text.contains("could not be given to a role that is no superuser"), "\(text)")
            #expect(text.contains("there is another role of that name: rename that one"), "\(text)")
            #expect(access(place.data + "/switchyard_roles", F_OK) != 0)
        }
    }

    /// The schema is complete for the owner, and a request can act as its role.
    private func expectComplete(_ connection: ConnectionInfo) async throws {
        try await withPool(connection.connectionString) { pool in
            try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
            let broken = try await Stores(pool: pool).schema.verify().filter { !$0.isOK }
            #expect(broken == [])
        }
    }

    private func place(of connection: ConnectionInfo) async throws -> ClusterPlace {
        let root = String(connection.socketDirectory.dropLast("/socket".count))
        return try await ClusterPlace.prepare(root, environment: [:]) { _ in }
    }

    private func withServer(_ place: ClusterPlace, _ body: (ConnectionInfo) async throws -> Void) async throws {
        let server = EmbeddedPostgres(directory: place.root, settings: .throwaway, logger: Self.quiet)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(try await server.start()))
        } catch {
            result = .failure(error)
        }
        await server.stop()
        try result.get()
    }

    /// Replaces the data of a cluster by those of one whose superuser is `switchyard`.
    private func makeOldCluster(_ place: ClusterPlace, more: String = "") async throws {
        let binaries = try await ServerBinaries.find(major: place.dataMajor, environment: Self.environment)
        _ = try await place.account.output(of: "/bin/rm", ["-rf", place.data])
        let made = try await place.account.output(
            of: binaries.initdb,
            ["-D", place.data, "-U", "switchyard", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "--no-sync"]
        )
        try #require(made.isSuccess, "\(made.errors)")
        _ = try await place.account.output(
            of: binaries.postgres,
            ["--single", "-D", place.data, "postgres"],
            input: "CREATE DATABASE switchyard\n" + more
        )
    }

    private static var environment: [String: String] {
        let names = ["PATH", "SWITCHYARD_POSTGRES_BIN"]
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        )
    }
}
