import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization

/// Twelve workspaces with twenty rules each, and an endless supply of new leads.
final class BenchmarkWorld: Sendable {
    let pool: PostgresPool
    let stores: Stores
    let rules: CompiledRuleSet
    let workspaces: [UUID]
    let processor: ProcessorTime
    private let next = Atomic<Int>(0)
    private let stamp: UInt64
    /// Twelve digits, somewhere in a million million, so that two runs in one database, even at once, hardly meet.
    private let firstPhone = Int.random(in: 100_000_000_000..<900_000_000_000)

    private init(
        pool: PostgresPool,
        stores: Stores,
        rules: CompiledRuleSet,
        workspaces: [UUID],
        processor: ProcessorTime
    ) {
        self.processor = processor
        self.pool = pool
        self.stores = stores
        self.rules = rules
        self.workspaces = workspaces
        stamp = UInt64.random(in: 0...(.max))
    }

    /// Fills the database with what is needed; safe to repeat.
    static func make(_ pool: PostgresPool) async throws -> BenchmarkWorld {
        _ = try await pool.simple(
            """
            INSERT INTO public.workspaces (id, name)
            SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Benchmark ' || n
            FROM generate_series(1, 12) n
            ON CONFLICT (id) DO NOTHING;
            INSERT INTO public.routing_agreements (receiving_workspace_id, sending_workspace_id)
            SELECT r.id, s.id FROM public.workspaces r, public.workspaces s
            WHERE r.id <> s.id AND r.name LIKE 'Benchmark %' AND s.name LIKE 'Benchmark %'
            ON CONFLICT DO NOTHING;
            DELETE FROM public.lead_routing_rules WHERE rule_name LIKE 'Benchmark %';
            INSERT INTO public.lead_routing_rules (workspace_id, rule_name, priority, conditions, destination_workspace_id)
            SELECT w.id, 'Benchmark ' || n, n,
                jsonb_build_object('us_states', jsonb_build_array((ARRAY['CA','NY','TX','WA','FL','IL','MA','OR','GA','CO'])[n % 10 + 1]),
                    'company_sizes', jsonb_build_array('11-50', '51-200', '1-10')),
                ('00000000-0000-4000-8000-' || lpad(((n + row_number() OVER (ORDER BY w.id)) % 12 + 1)::text, 12, '0'))::uuid
            FROM public.workspaces w, generate_series(1, 20) n
            WHERE w.name LIKE 'Benchmark %';
            """
        )
        let stores = Stores(pool: pool)
        let snapshot = try await stores.ruleSets.load()
        let workspaces = snapshot.workspaces.filter { $0.name.hasPrefix("Benchmark ") }.map(\.id)
        return BenchmarkWorld(
            pool: pool,
            stores: stores,
            rules: CompiledRuleSet(snapshot),
            workspaces: workspaces,
            processor: try await ProcessorTime(pool)
        )
    }

    /// A lead of one of the workspaces, with an e-mail and a phone of its own.
    func lead() -> (lead: Lead, source: UUID) {
        let n = next.wrappingAdd(1, ordering: .relaxed).newValue
        let state = ["CA", "NY", "TX", "WA", "FL", "IL", "MA", "OR", "GA", "CO"][n % 10]
        let lead = Lead(
            email: "lead-\(stamp)-\(n)@example.com",
            phone: "+44 \(firstPhone + n)",
            firstName: "Ada",
            lastName: "Lovelace",
            companyName: "Analytical Engines \(n)",
            industry: "Manufacturing",
            companySize: "11-50",
            revenue: "$1M-$10M",
            location: LeadLocation(country: "US", state: state, city: "Springfield"),
            source: "web",
            sourceID: "\(n)",
            metadata: #"{"campaign":"autumn","utm_source":"newsletter"}"#
        )
        return (lead, workspaces[n % workspaces.count])
    }

    /// How far the write-ahead log has come, in bytes.
    func walPosition() async throws -> Double {
        let rows = try await pool.simple("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return Double(try rows.last?.first?.string(0) ?? "0") ?? 0
    }

    /// Leaves nothing of what was done before to be done later: statistics are new and everything is on disk.
    func settleDown() async throws {
        // On a busy machine either may take longer than statements usually may.
        try await pool.withConnection { connection in
            for command in ["SET statement_timeout = 0", "ANALYZE", "CHECKPOINT"] {
                _ = try await connection.simple(command)
            }
        }
    }
}
