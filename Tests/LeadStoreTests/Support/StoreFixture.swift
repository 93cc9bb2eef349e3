import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

/// A migrated database with three workspaces, and short ways to query it.
struct StoreFixture: Sendable {
    /// The workspaces: a sends to b, and c is unrelated.
    static let a = UUID.sample(0xA)
    static let b = UUID.sample(0xB)
    static let c = UUID.sample(0xC)
    /// A workspace that does not exist.
    static let missingWorkspace = UUID.sample(0xEE)
    static let rule = UUID.sample(0x51)

    let pool: PostgresPool
    let stores: Stores

    /// Runs a test in a fixture of its own.
    static func with(connections: Int = 6, _ body: (StoreFixture) async throws -> Void) async throws {
        try await withTestDatabase(connections: connections) { database in
            let fixture = StoreFixture(pool: database.pool, stores: Stores(pool: database.pool))
            try await fixture.run(
                """
                INSERT INTO workspaces (id, name) VALUES
                    ('\(a.text)', 'A'), ('\(b.text)', 'B'), ('\(c.text)', 'C')
                """
            )
            try await body(fixture)
        }
    }

    /// Runs commands, and returns the rows of the last one as text; NULL is “-”.
    @discardableResult
    func run(_ sql: String) async throws -> [[String]] {
        try await pool.simple(sql).last?.map(\.texts) ?? []
    }

    /// The one value that a query gives, as text.
    func value(_ sql: String) async throws -> String {
        try await run(sql).first?.first ?? "no row"
    }

    /// How many rows of a table meet a condition.
    func count(_ table: String, where condition: String = "true") async throws -> Int {
        Int(try await value("SELECT count(*) FROM \(table) WHERE \(condition)")) ?? -1
    }

    /// Stores leads under the current rules.
    @discardableResult
    func ingest(_ batch: DecidedLead..., isRepeat: Bool = false) async throws -> [IngestException] {
        let result = try await stores.intake.ingest(
            batch,
            version: stores.ruleSets.version(),
            isRepeat: isRepeat
        )
        guard case .written(let exceptions) = result else { throw UnexpectedlyStale() }
        return exceptions
    }

    /// Claims what is due and settles all of it in the same way.
    @discardableResult
    func settle(
        _ assignment: Assignment,
        limit: Int = 100,
        leadID: UUID? = nil,
        kinds: [WaitingClaim.Kind] = WaitingClaim.Kind.allCases,
        maximumAttempts: Int = 5
    ) async throws -> [SettledLead] {
        let version = try await stores.ruleSets.version()
        let claims = leadID.map { [WaitingClaim.lead($0)] } ?? kinds.map { .due($0, limit: limit) }
        var all: [SettledLead] = []
        for claim in claims {
            let result = try await stores.queue.claimAndSettle(claim, maximumAttempts: maximumAttempts) { leads in
                (version, leads.map { _ in assignment })
            }
            guard case .settled(let settled) = result else { throw UnexpectedlyStale() }
            all += settled
        }
        return all
    }
}

/// The rules had changed, though the test has not changed them.
struct UnexpectedlyStale: Error {}
