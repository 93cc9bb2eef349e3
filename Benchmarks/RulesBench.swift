import ArgumentParser
import FoundationEssentials
import LeadStore
import Logging
import Postgres
import RoutingRules

/// Measures rules: a decision against few and many, what they keep in memory, and how soon a published set is live.
struct RulesBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Matching against few and many rules; loading and compiling them."
    )

    @Option(help: "A database that may be filled with junk; without one, loading is not measured.")
    var databaseURL: String?

    @Option(help: "How often all leads are decided.")
    var rounds = 5

    @Option(help: "Leads.")
    var leads = 20_000

    @Option(help: "How many rules, separated by commas.")
    var counts = "100,10000,100000"

    func run() async throws {
        // As a node does.
        FreeMemory.limitRetention()
        for kind in RuleMatching.Kind.allCases {
            print("rules by \(kind.rawValue), \(leads) leads, \(rounds) rounds, one core")
            print("   rules   median ns   p90 ns   to 100   routed   compile ms   resident MB   in use MB")
            var first: Double?
            for count in counts.split(separator: ",").compactMap({ Int($0) }) {
                let figures = RuleMatching.measure(
                    kind,
                    rules: count,
                    leads: RuleMatching.leads(leads, rules: count),
                    rounds: rounds
                )
                let base = first ?? figures.medianNanoseconds
                first = base
                let cells = [
                    (String(count), 8), (whole(figures.medianNanoseconds), 12),
                    (whole(figures.slowestTenthNanoseconds), 9),
                    (tenth(figures.medianNanoseconds / base) + " x", 9), (whole(figures.routedShare * 100) + " %", 9),
                    (tenth(figures.compileMilliseconds), 13), (tenth(figures.kept.residentMegabytes), 14),
                    (tenth(figures.kept.usedMegabytes), 12),
                ]
                print(
                    cells.map { text, width in String(repeating: " ", count: max(1, width - text.count)) + text }
                        .joined()
                )
            }
        }
        if let databaseURL { try await measureLoading(databaseURL) }
    }

    /// What a node does when a rule set has been published: load all of it, and compile it; and what it keeps.
    private func measureLoading(_ databaseURL: String) async throws {
        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: databaseURL, applicationName: "bench"),
            maximumConnections: 2,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
        try await Migrator(migrations: SchemaMigrations.all, pool: pool).up()
        let stores = Stores(pool: pool)
        for count in [10_000, 100_000] {
            try await insert(count, through: pool)
            print("publishing \(count) rules: what each node does")
            for round in 1...rounds {
                let before = RuleMatching.Memory.now()
                let (compiled, load, compile) = try await Self.load(stores)
                let kept = RuleMatching.Memory.now().since(before)
                print(
                    "  round \(round): load \(tenth(load)) ms, compile \(tenth(compile)) ms, "
                        + "\(compiled.ruleCount) rules, \(compiled.unreadableRules.count) unreadable, "
                        + "resident \(tenth(kept.residentMegabytes)) MB, in use \(tenth(kept.usedMegabytes)) MB"
                )
            }
        }
        await pool.shutdown()
    }

    private static func load(_ stores: Stores) async throws -> (CompiledRuleSet, load: Double, compile: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        let snapshot = try await stores.ruleSets.load()
        let loaded = clock.now
        let compiled = CompiledRuleSet(snapshot)
        return (
            compiled, RuleMatching.nanoseconds(loaded - start) / 1e6,
            RuleMatching.nanoseconds(clock.now - loaded) / 1e6
        )
    }

    private func insert(_ count: Int, through pool: PostgresPool) async throws {
        _ = try await pool.simple(
            """
            INSERT INTO public.workspaces (id, name) VALUES ('00000000-0000-4000-8000-0000000000ff', 'Rules bench')
            ON CONFLICT (id) DO NOTHING;
            DELETE FROM public.lead_routing_rules WHERE rule_name LIKE 'Rules bench %';
            INSERT INTO public.lead_routing_rules (workspace_id, rule_name, priority, conditions, destination_workspace_id)
            SELECT '00000000-0000-4000-8000-0000000000ff', 'Rules bench ' || n, n % 100,
                CASE WHEN n % 2 = 0 THEN jsonb_build_object('where', jsonb_build_object('all', jsonb_build_array(
                    jsonb_build_object('field', 'email_domain', 'op', 'equals', 'value', 'company-' || n || '.example'),
                    jsonb_build_object('field', 'revenue', 'op', 'at_least', 'value', '$1M'))))
                ELSE jsonb_build_object('industries', jsonb_build_array('Industry ' || n % 200),
                    'us_states', jsonb_build_array((ARRAY['CA','NY','TX','WA','FL','IL'])[n % 6 + 1])) END,
                '00000000-0000-4000-8000-0000000000ff'
            FROM generate_series(1, \(count)) n;
            """
        )
    }

    private func whole(_ value: Double) -> String { String(Int(value.rounded())) }

    private func tenth(_ value: Double) -> String { String((value * 10).rounded() / 10) }
}
