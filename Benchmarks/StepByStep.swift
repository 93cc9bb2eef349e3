import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules

/// The flow of the system before: one statement a step and lead, each its own transaction.
///
/// Insert, lock, read, check for a duplicate, fetch the rules, complete; the functions are the guide's own.
struct StepByStep: BenchmarkCase {
    let world: BenchmarkWorld
    let clients: Int

    var name: String { "step-by-step flow, \(clients) clients" }

    /// Each client has a connection to itself, as the application servers of such a system have.
    func client(until isOver: @Sendable () -> Bool, done: @Sendable (Int) -> Void) async throws {
        try await world.pool.withConnection { connection in
            while !isOver() {
                try await route(connection)
                done(1)
            }
        }
    }

    private func route(_ connection: PostgresConnection) async throws {
        let (lead, source) = world.lead()
        let id = UUID.v7(milliseconds: LeadIntake.systemMilliseconds())
        let owner = UUID()
        let prepared = PreparedLead(id: id, source: source, lead: lead)
        _ = try await connection.query(Self.insert, Self.row(prepared))
        guard try await Self.truth(connection, Self.lock, [id, owner]) else {
            throw BenchmarkFault.unexpected("not locked")
        }
        _ = try await connection.query(Self.read, Self.ids([id]))
        var check = Parameters()
        check.append(prepared.identities.strongest?.hex)
        check.append(source)
        _ = try await connection.query(Self.check, check)
        _ = try await connection.query(Self.rules, Self.ids([source]))
        let assignment = Assignment(world.rules.decide(lead, from: source))
        let destination = assignment.destination ?? source
        guard try await Self.truth(connection, Self.complete, [id, destination, assignment.rule, owner]) else {
            throw BenchmarkFault.unexpected("not completed")
        }
    }

    private static func truth(
        _ connection: PostgresConnection,
        _ statement: Statement,
        _ ids: [UUID?]
    ) async throws -> Bool {
        guard let row = try await connection.query(statement, Self.ids(ids)).first else { return false }
        return try row.bool(0)
    }

    private static func ids(_ ids: [UUID?]) -> Parameters {
        var parameters = Parameters()
        for id in ids { parameters.append(id) }
        return parameters
    }

    private static func row(_ prepared: PreparedLead) -> Parameters {
        let lead = prepared.lead
        var parameters = Parameters()
        parameters.append(prepared.id)
        parameters.append(prepared.source)
        for text in [
            lead.email, lead.phone, lead.firstName, lead.lastName, lead.companyName, lead.industry, lead.companySize,
            lead.revenue, prepared.locationJSON, lead.source, lead.sourceID, lead.metadata,
            prepared.identities.strongest?.hex,
        ] { parameters.append(text) }
        return parameters
    }

    private static let insert = Statement(
        "bench_insert",
        """
        INSERT INTO public.leads (id, workspace_id, source_workspace_id, email, phone, first_name, last_name,
            company_name, company_industry, company_size, company_revenue, company_location, source, source_id,
            metadata, dedupe_hash)
        VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::jsonb, $12, $13, $14::text::jsonb, $15)
        """
    )
    private static let lock = Statement("bench_lock", "SELECT public.acquire_routing_lock($1, $2)")
    private static let read = Statement("bench_read", "SELECT * FROM public.leads WHERE id = $1")
    private static let check = Statement(
        "bench_check",
        "SELECT duplicate_lead_id FROM public.check_cross_partner_duplicate($1::text::varchar, $2)"
    )
    private static let rules = Statement(
        "bench_rules",
        "SELECT * FROM public.lead_routing_rules WHERE workspace_id = $1 AND is_active ORDER BY priority DESC"
    )
    private static let complete = Statement("bench_complete", "SELECT public.complete_routing($1, $2, $3, $4)")
}
