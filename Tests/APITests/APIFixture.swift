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
    private let pool: PostgresPool

    /// Runs a test with its own database.
    static func with(
        limits: WebConfiguration.Limits = .init(),
        mounts: [MountedEndpoint] = [],
        logger: Logger = .quiet,
        _ test: @Sendable (APIFixture) async throws -> Void
    ) async throws {
        try await withTestDatabase { database in
            let pool = database.pool
            let tokens = try await prepare(pool)
            let useCases = UseCases(testing: pool)
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
            ("alpha-key", alpha, Scope.admin), ("beta-key", beta, .admin), ("reader-key", alpha, .leadsRead),
        ] {
            let token = APIKeyToken.random()
            _ = try await stores.keys.create(
                token,
                id: UUID(),
                workspaceID: workspace,
                name: name,
                scopes: [scope.rawValue]
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
                id: UUID(),
                workspaceID: Self.alpha,
                name: "all but \(scope.rawValue)",
                scopes: Scope.allCases.filter { $0 != scope && $0 != .admin }.map(\.rawValue)
            )
        return token.text
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
