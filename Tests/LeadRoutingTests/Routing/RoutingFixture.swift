import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import TestDatabase

/// A migrated database with the workspaces of ``Samples``, a rule that sends software to the west, and nodes on it.
struct RoutingFixture: Sendable {
    let database: TestDatabase
    var pool: PostgresPool { database.pool }
    var stores: Stores { Stores(pool: pool) }

    /// Runs a test with its own database.
    static func with(connections: Int = 12, _ body: (RoutingFixture) async throws -> Void) async throws {
        try await withTestDatabase(connections: connections) { database in
            let fixture = RoutingFixture(database: database)
            let workspaces = [Samples.partner, Samples.rival, Samples.west, Samples.east]
                .map { "('\($0.text)', '\($0.text.suffix(2))')" }
            try await fixture.run("INSERT INTO workspaces (id, name) VALUES \(workspaces.joined(separator: ", "))")
            var rule = RuleChange()
            rule.name = "Software"
            rule.conditions = RuleConditions(industries: ["software"])
            rule.destinationWorkspaceID = Samples.west
            _ = try await fixture.stores.rules.create(id: Samples.westRule, owner: nil, rule, as: .administrator)
            try await body(fixture)
        }
    }

    /// A node's intake, with its own rules.
    func intake(leadsInBatch: Int = 64, retryTime: Duration = .seconds(20)) -> LeadIntake {
        var limits = LeadIntake.Limits()
        limits.leadsInBatch = leadsInBatch
        limits.batchesInFlight = 3
        // Small batches, so that they race each other.
        limits.leadsForAnother = 1
        limits.retryTime = retryTime
        return LeadIntake(
            store: stores.intake,
            rules: RuleSetCache(source: stores.ruleSets),
            limits: limits,
            logger: Samples.quiet
        )
    }

    /// A node's router, with its own rules.
    func router(maximumAttempts: Int = 5) -> WaitingLeadRouter {
        WaitingLeadRouter(
            queue: stores.queue,
            rules: RuleSetCache(source: stores.ruleSets),
            maximumAttempts: maximumAttempts
        )
    }

    /// Waiting leads that another program inserts.
    func insertWaiting(_ count: Int) async throws {
        try await run(
            """
            INSERT INTO leads (workspace_id, email, company_industry)
            SELECT '\(Samples.partner.text)', 'person' || n || '@example.com', 'software' FROM generate_series(1, \(count)) n
            """
        )
    }

    /// Runs commands, and returns the rows of the last one as text; NULL is “-”.
    @discardableResult
    func run(_ sql: String) async throws -> [[String]] {
        try await pool.simple(sql).last?.map(\.texts) ?? []
    }

    /// The count that a query returns.
    func number(_ sql: String) async throws -> Int {
        Int(try await run(sql).first?.first ?? "") ?? -1
    }

    /// How many leads violate the guarantee: one workspace, one final log row, and one credit if a rule routed it.
    func brokenPromises() async throws -> Int {
        try await number(
            """
            SELECT count(*) FROM leads l
            CROSS JOIN LATERAL (SELECT count(*) AS ends, min(g.routing_result) AS result
                FROM lead_routing_logs g WHERE g.lead_id = l.id AND g.routing_result NOT IN ('retry', 'released')) g
            WHERE l.routing_status <> 'pending' AND (g.ends <> 1
                OR (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id) <> (g.result = 'success')::integer
                OR (g.result = 'duplicate') <> (l.duplicate_of IS NOT NULL)
                OR (g.result <> 'success' AND l.workspace_id <> l.source_workspace_id))
            """
        )
    }
}

extension RoutingFixture {
    /// Sets the distribution of the rule.
    func distribute(_ distribution: Distribution?) async throws {
        var change = RuleChange()
        change.distribution = .some(distribution)
        _ = try await stores.rules.change(Samples.westRule, change, as: .administrator)
    }

    /// Sets the capacity of a workspace.
    func bound(_ workspace: UUID, _ capacity: WorkspaceCapacity?) async throws {
        var change = WorkspaceChange()
        change.capacity = .some(capacity)
        _ = try await stores.workspaces.change(workspace, change, as: .administrator)
    }

    /// Waits until some connection is in a state.
    func until(_ condition: String) async throws {
        while try await number("SELECT count(*) FROM pg_stat_activity WHERE \(condition)") == 0 { await Task.yield() }
    }
}
