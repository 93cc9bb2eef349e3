import EmbeddedPostgres
import FoundationEssentials
import LeadStore
import Logging
import Postgres
import RoutingRules
import TestDatabase

/// A database with so many leads that a plan which reads them all is detected, on a server that logs its plans.
struct LargeStoreFixture: Sendable {
    /// Leads that are routed, and that wait: new ones, tried ones, and some for the capacity of a rule.
    static let routed = 30_000
    static let waiting = 9_000
    /// A plan that reads more rows than this reads a backlog, or worse.
    static let mostRows = 3_000.0

    /// Its statements are not recorded.
    let fixture: StoreFixture
    /// All of its statements are recorded.
    let watched: Stores

    /// Runs a test in a filled database, with statistics as they are after ANALYZE or from when everything was empty.
    static func with(isAnalysed: Bool, _ body: (LargeStoreFixture) async throws -> Void) async throws {
        var settings = ClusterSettings.throwaway
        settings.more = [
            "shared_preload_libraries = 'auto_explain'", "auto_explain.log_nested_statements = on",
            "auto_explain.log_analyze = on", "auto_explain.log_timing = off", "auto_explain.log_format = json",
            "autovacuum = off",
            // PostgreSQL's default, as in a user's database: an index is used although it costs more here.
            "random_page_cost = 4",
        ]
        try await withPrivateCluster(settings: settings) { _, connection in
            let administrator = connection.connectionString(role: ConnectionInfo.administrator)
            let pool = pool(administrator)
            let watchedPool = self.pool(administrator + " options='-c auto_explain.log_min_duration=0'")
            try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
            let filled = LargeStoreFixture(
                fixture: StoreFixture(pool: pool, stores: Stores(pool: pool)),
                watched: Stores(pool: watchedPool)
            )
            try await filled.fixture.run("ANALYZE")
            // Plans are cached, and these are made while no lead waits.
            for _ in 0..<3 { _ = try await filled.watched.queue.claimAndSettle(.due(.new, limit: 10)) { _ in (0, []) } }
            try await filled.fixture.run(fill)
            if isAnalysed { try await filled.fixture.run("ANALYZE") }
            try await body(filled)
            await watchedPool.shutdown()
            await pool.shutdown()
        }
    }

    private static func pool(_ connectionString: String) -> PostgresPool {
        PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: connectionString,
                applicationName: "switchyard tests"
            ),
            maximumConnections: 4,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    /// The plans of the statements that a body runs with the recorded store, including those in functions and triggers.
    func plans(_ body: (Stores) async throws -> Void) async throws -> [SeenPlan] {
        let log = try await fixture.value(
            "SELECT current_setting('data_directory') || '/' || pg_current_logfile() WHERE pg_current_logfile() NOT LIKE '/%'"
                + " UNION ALL SELECT pg_current_logfile() WHERE pg_current_logfile() LIKE '/%'"
        )
        let before = try await mark(log)
        try await body(watched)
        let after = try await mark(log)
        return try SeenPlan.all(in: String(decoding: after.dropFirst(before.count), as: UTF8.self))
    }

    /// The log up to a line that is written now: another process writes it asynchronously, in order.
    private func mark(_ log: String) async throws -> Data {
        let mark = "seen-\(UUID().uuidString)"
        try await fixture.run("DO $$BEGIN RAISE LOG '%', '\(mark)'; END$$")
        for _ in 0..<2_000 {
            let text = FileManager.default.contents(atPath: log) ?? Data()
            if let place = text.firstRange(of: Data((mark + "\n").utf8)) { return text[..<place.upperBound] }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw CocoaError(.fileReadUnknown)
    }

    /// Leads of eleven sources: every fourth waiting one has been tried, and every tenth waits for a rule.
    private static let fill = """
        INSERT INTO workspaces (id, name) VALUES ('\(StoreFixture.a.text)', 'A'), ('\(StoreFixture.b.text)', 'B'), ('\(StoreFixture.c.text)', 'C');
        INSERT INTO workspaces (id, name) SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'W' || n
            FROM generate_series(1, 10) n;
        SET switchyard.deciding = 'batch';
        INSERT INTO leads (id, workspace_id, source_workspace_id, email, company_name, routing_status, dedupe_hash, created_at,
            routing_attempts)
        SELECT ('10000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid, w.id, w.id, 'lead-' || n || '@example.com', 'C' || n,
            CASE WHEN n <= \(routed) THEN 'routed'::lead_routing_status ELSE 'pending' END,
            encode(sha256(('lead' || n)::bytea), 'hex'), now() - n * interval '1 second', (n % 4 = 0)::int
        FROM generate_series(1, \(routed + waiting)) n
        JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM workspaces) w ON w.place = n % 11 + 1;
        RESET switchyard.deciding;
        INSERT INTO lead_identity_claims (identity, lead_id, workspace_id)
        SELECT decode(dedupe_hash, 'hex'), id, source_workspace_id FROM leads;
        INSERT INTO lead_attributions (lead_id, workspace_id) SELECT id, source_workspace_id FROM leads WHERE routing_status = 'routed';
        INSERT INTO lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at, waiting_for)
        SELECT id, workspace_id, routing_attempts,
            CASE WHEN right(id::text, 1) = '5' THEN 'infinity' ELSE created_at END,
            CASE WHEN right(id::text, 1) = '5' THEN '\(StoreFixture.rule.text)'::uuid END
        FROM leads WHERE routing_status = 'pending';
        INSERT INTO lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, routing_result, attempt, created_at)
        SELECT id, source_workspace_id, workspace_id, CASE WHEN routing_status = 'routed' THEN 'success' ELSE 'retry' END, 1, created_at
        FROM leads;
        INSERT INTO switchyard.idempotency_keys (workspace_id, key, request, lead_id, created_at)
        SELECT source_workspace_id, sha256(id::text::bytea), sha256(id::text::bytea), id, now() FROM leads LIMIT 5000
        """
}
