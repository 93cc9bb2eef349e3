import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Ingest by subscripts leaves the same in the database as ingest by unnested arrays, which it took the place of.
///
/// One case after the other: each holds two databases, and cases that each hold one of the few there are would wait for ever.
@Suite(.serialized) struct IngestFormTests {
    @Test(arguments: 1...8) func bothFormsWriteTheSame(seed: UInt64) async throws {
        try await Scene.with { before in
            try await before.run(try Self.earlierForm())
            try await Scene.with { after in
                try #require(await after.value(Self.form) != before.value(Self.form))
                var random = RandomNumbers(seed: seed)
                if seed.isMultiple(of: 2) {
                    let partners = """
                        INSERT INTO partners (id, workspace_id, name) VALUES
                            ('\(UUID.sample(0x71).text)', '\(Scene.a.text)', 'P'), ('\(UUID.sample(0x72).text)', '\(Scene.c.text)', 'Q')
                        """
                    for scene in [before, after] { try await scene.run(partners) }
                }
                // Leads of few people are duplicates most of the time, of many hardly ever.
                let people = [20, 150, 100_000][Int(seed % 3)]
                var first = 0
                for _ in 0..<16 {
                    let size = Int.random(in: 1...30, using: &random)
                    let batch = (first..<first + size).map { Self.lead($0, of: people, &random) }
                    let isRepeat = Int.random(in: 0..<3, using: &random) != 0
                    var outcomes: [String] = []
                    for scene in [before, after] { outcomes.append(await Self.outcome(batch, isRepeat, scene)) }
                    #expect(outcomes[0] == outcomes[1])
                    // Now and then some of the same ids come again.
                    first += Int.random(in: 0..<2, using: &random) == 0 ? size / 2 : size
                }
                for (table, columns, order) in Self.tables {
                    let rows = "SELECT \(columns) FROM \(table) ORDER BY \(order)"
                    let (old, new) = (try await before.run(rows), try await after.run(rows))
                    #expect(old == new)
                    #expect(!new.isEmpty)
                }
            }
        }
    }

    private static let form = """
        SELECT p.prosrc FROM pg_proc p WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname = 'ingest_decided'
        """

    /// Everything but times, and ids that the database makes.
    private static let tables = [
        (
            "leads",
            """
            id, workspace_id, source_workspace_id, email, phone, first_name, last_name, company_name, company_industry, company_size,
            company_revenue, company_location, source, source_id, metadata, routing_status, routing_attempts,
            routing_last_attempted_at IS NULL, routing_error, dedupe_hash, matched_rule_id, duplicate_of, routed_at IS NULL, assignee_id,
            lead_expires_at IS NULL
            """, "id"
        ), ("lead_identity_claims", "encode(identity, 'hex'), lead_id, workspace_id", "1"),
        ("lead_attributions", "lead_id, workspace_id, partner_id, returned_at", "1"),
        (
            "lead_routing_queue",
            "lead_id, workspace_id, attempt_number, next_retry_at = 'infinity', last_error, waiting_for", "1"
        ),
        (
            "lead_routing_logs",
            """
            lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result, reason, error_message, attempt,
            rule_set_version, duplicate_of, metadata
            """, "1, 5, 6, 11"
        ),
    ]

    /// The function as the migration of capacity made it.
    private static func earlierForm() throws -> String {
        let sql = try #require(SchemaMigrations.all.first { $0.version == "20260601000001" }).sql
        let start = try #require(sql.firstRange(of: "CREATE OR REPLACE FUNCTION switchyard.ingest_decided("))
        let end = try #require(sql[start.lowerBound...].firstRange(of: "\n$$;\n"))
        return String(sql[start.lowerBound..<end.upperBound])
    }

    private static func lead(_ number: Int, of people: Int, _ random: inout RandomNumbers) -> DecidedLead {
        func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
        let person = Int.random(in: 0..<people, using: &random)
        let lead = Lead(
            email: maybe("person\(person)@example.com"),
            phone: maybe("+44 20 7\(100_000 + Int.random(in: 0..<people, using: &random))"),
            firstName: maybe("Ada"),
            lastName: maybe("L\(number)"),
            companyName: maybe("Company \(person)"),
            industry: maybe("software"),
            companySize: maybe("11-50"),
            revenue: maybe("$1M"),
            location: maybe(LeadLocation(country: "US", city: "Zo\"ë\n")),
            source: maybe("web"),
            sourceID: maybe("\(number)"),
            metadata: maybe(Int.random(in: 0..<200, using: &random) == 0 ? "{" : #"{"a": [1, null]}"#)
        )
        var assignment: Assignment =
            switch Int.random(in: 0..<12, using: &random) {
            case 0: .kept
            case 1: .retry
            case 2: .queued
            case 3: Assignment(result: .waiting, reason: "Waiting for rule R.")
            case 4: Assignment(result: .fallback, destination: Scene.c, reason: "Fallback.")
            default: .to(Scene.b)
            }
        if assignment.result == .waiting { assignment.waitingFor = Scene.rule }
        if assignment.result == .success, Int.random(in: 0..<20, using: &random) == 0 {
            assignment = .to(Int.random(in: 0..<20, using: &random) == 0 ? Scene.nobody : Scene.c)
        }
        if Int.random(in: 0..<5, using: &random) == 0 { assignment.assignee = .sample(0x61) }
        if Int.random(in: 0..<5, using: &random) == 0 { assignment.use = StateUse() }
        let claim = IdempotencyClaim(
            key: "key \(Int.random(in: 0..<60, using: &random))",
            place: 0,
            request: IdempotencyClaim.digest(of: [UInt8(truncatingIfNeeded: number % 2)])
        )
        return DecidedLead(
            PreparedLead(
                id: .lead(number),
                source: Bool.random(using: &random) ? Scene.a : Scene.c,
                lead: lead,
                idempotency: Int.random(in: 0..<30, using: &random) == 0 ? claim : nil
            ),
            assignment
        )
    }

    private static func outcome(_ batch: [DecidedLead], _ isRepeat: Bool, _ scene: Scene) async -> String {
        do {
            let result = try await scene.stores.intake.ingest(
                batch,
                version: scene.stores.ruleSets.ruleSetVersion(),
                isRepeat: isRepeat
            )
            guard case .written(let exceptions) = result else { return "stale" }
            return "\(exceptions.sorted { ($0.index, "\($0.outcome)") < ($1.index, "\($1.outcome)") })"
        } catch let error as PostgresError {
            return "\(error.sqlState ?? "") \(error.column ?? "")"
        } catch {
            return "\(error)"
        }
    }
}

/// Random numbers that a seed repeats.
private struct RandomNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
