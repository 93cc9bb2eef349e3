import Accounts
import FoundationEssentials
import LeadRouting
import LeadStore
import Logging
import Postgres
import RoutingRules
import TestDatabase
import Web
import WebTestSupport

/// The API with its own database and three workspaces, each with a key that has all scopes.
///
/// Keys: `alpha-key` (the default), `beta-key`, `reader-key` (of Alpha, reads leads only), and `admin-key`. Cloning the
/// database takes about 0.1 s.
struct APIFixture: Sendable {
    static let alpha = id(1)
    static let beta = id(2)
    static let gamma = id(3)

    /// The API.
    let server: TestServer
    /// The use cases of the API.
    let useCases: UseCases
    /// The token of each key.
    let tokens: [String: String]
    let pool: PostgresPool

    /// Runs a test with its own database.
    static func with(
        limits: WebConfiguration.Limits = .init(),
        mounts: [MountedEndpoint] = [],
        logger: Logger = .quiet,
        failedKeys: FailedKeys = FailedKeys(limit: 1_000_000),
        passwords: PasswordHasher = .quick,
        _ test: @Sendable (APIFixture) async throws -> Void
    ) async throws {
        try await withTestDatabase { database in
            let pool = database.pool
            let tokens = try await prepare(pool)
            let useCases = UseCases(
                testing: pool,
                failedKeys: failedKeys,
                sessions: Session.verifier,
                passwords: passwords
            )
            try await TestServer.run(
                useCases,
                tokens: tokens,
                defaultKey: "alpha-key",
                limits: limits,
                mounts: mounts,
                logger: logger
            ) { server in
                try await test(APIFixture(server: server, useCases: useCases, tokens: tokens, pool: pool))
            }
        }
    }

    /// Creates the workspaces and keys; returns the token of each key by its short name.
    private static func prepare(_ pool: PostgresPool) async throws -> [String: String] {
        _ = try await pool.simple(
            """
            INSERT INTO workspaces (id, name) VALUES ('\(alpha.text)', 'Alpha'), ('\(beta.text)', 'Beta'),
                ('\(gamma.text)', 'Gamma')
            """
        )
        let stores = Stores(pool: pool)
        var tokens: [String: String] = [:]
        for (name, workspace, scope) in [
            ("alpha-key", alpha, Scope.admin), ("beta-key", beta, .admin), ("gamma-key", gamma, .admin),
            ("reader-key", alpha, .leadsRead),
        ] {
            let token = APIKeyToken.random()
            _ = try await stores.keys.create(
                token,
                NewKey(id: UUID(), workspaceID: workspace, name: name, scopes: [scope.rawValue])
            )
            tokens[name] = token.text
        }
        return tokens
    }

    /// A predictable id.
    static func id(_ number: Int) -> UUID {
        let digits = String(number)
        return UUID(text: "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)
            ?? UUID()
    }

    /// Runs commands.
    func run(_ sql: String) async throws { _ = try await pool.simple(sql) }

    /// A key of Alpha with every scope except one.
    func key(withAllScopesBut scope: Scope) async throws -> String {
        let token = APIKeyToken.random()
        _ = try await Stores(pool: pool).keys
            .create(
                token,
                NewKey(
                    id: UUID(),
                    workspaceID: Self.alpha,
                    name: "all but \(scope.rawValue)",
                    scopes: Scope.allCases.filter { $0 != scope && $0 != .admin }.map(\.rawValue)
                )
            )
        return token.text
    }

    /// A key of a workspace with these scopes.
    func key(of workspace: UUID, with scopes: [Scope]) async throws -> String {
        let token = APIKeyToken.random()
        let key = NewKey(id: UUID(), workspaceID: workspace, name: "some scopes", scopes: scopes.map(\.rawValue))
        _ = try await Stores(pool: pool).keys.create(token, key)
        return token.text
    }

    /// A key of a workspace with a name.
    func addKey(named name: String, of workspace: UUID) async throws {
        _ = try await Stores(pool: pool).keys
            .create(
                .random(),
                NewKey(id: UUID(), workspaceID: workspace, name: name, scopes: [Scope.leadsRead.rawValue])
            )
    }

    /// A test key of a workspace.
    func testKey(of workspace: UUID) async throws -> String {
        let token = APIKeyToken.random(isTest: true)
        let key = NewKey(id: UUID(), workspaceID: workspace, name: "tests", scopes: [Scope.leadsWrite.rawValue])
        _ = try await Stores(pool: pool).keys.create(token, key)
        return token.text
    }

    /// The ids that a query returns.
    func ids(_ sql: String) async throws -> [UUID] {
        try await pool.query(Statement("", sql)).map { try $0.uuid(0) }
    }

    /// The numbers that a query returns.
    func numbers(_ sql: String) async throws -> [Int] {
        try await pool.query(Statement("", sql)).map { try Int($0.int64(0)) }
    }

    /// Every row of every table and view that a role may read, with the columns that it may read, in lower case.
    ///
    /// - Parameters:
    ///   - role: the role; nil for the owner.
    ///   - claims: the claims of its token.
    /// - Returns: the rows as text.
    /// - Throws: `PostgresError` for a table that the role may read only in part.
    func everyRow(as role: String? = nil, claims: String = "{}") async throws -> String {
        try await pool.withTransaction { connection in
            let tables = try await connection.query(
                Statement(
                    "",
                    """
                    SELECT format('%I.%I', n.nspname, c.relname), string_agg(quote_ident(a.attname), ', ')
                    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    WHERE n.nspname IN ('public', 'switchyard', 'auth') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                        AND has_schema_privilege(coalesce(:role, current_user), n.oid, 'USAGE')
                        AND has_column_privilege(coalesce(:role, current_user), c.oid, a.attnum, 'SELECT')
                    GROUP BY n.nspname, c.relname
                    """
                ),
                ["role": .text(role)]
            )
            let readable = try tables.map { (try $0.string(0), try $0.string(1)) }
            if let role {
                _ = try await connection.query(
                    Statement(
                        "",
                        "SELECT set_config('request.jwt.claims', :claims, true), set_config('role', :role, true)"
                    ),
                    ["claims": .text(claims), "role": .text(role)]
                )
            }
            var text = ""
            for (table, columns) in readable {
                let rows = try await connection.query(Statement("", "SELECT row(\(columns))::text FROM \(table)"))
                for row in rows { text += try row.stringIfPresent(0) ?? "" }
            }
            return text.lowercased()
        }
    }

    /// How many leads are stored.
    func leadCount() async throws -> Int64 {
        try await pool.query(Statement("", "SELECT count(*) FROM leads")).first?.int64(0) ?? -1
    }

    /// A waiting lead of Alpha that another program inserted.
    func insertWaitingLead() async throws -> UUID {
        let id = UUID()
        try await run(
            "INSERT INTO leads (id, workspace_id, email) VALUES ('\(id.text)', '\(Self.alpha.text)', 'old@example.com')"
        )
        return id
    }

    /// A lead of Alpha that failed permanently.
    func insertFailedLead() async throws -> UUID {
        let id = try await insertWaitingLead()
        try await run(
            """
            SELECT acquire_routing_lock('\(id.text)', '\(Self.alpha.text)');
            SELECT fail_routing('\(id.text)', 'Not possible.', '\(Self.alpha.text)', 1)
            """
        )
        return id
    }

    /// Lets a workspace agree to receive Alpha's leads.
    func agree(_ key: String = "beta-key") async throws {
        let body = #"{"sendingWorkspaceId":"\#(Self.alpha.text)"}"#
        _ = try await server.post("/api/agreements", body, key: key)
    }
}
