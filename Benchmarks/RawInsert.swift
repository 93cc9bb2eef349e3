import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules

/// The floor: the same final rows into the same tables by INSERT … SELECT unnest, with no look-up at all.
struct RawInsert: BenchmarkCase {
    let world: BenchmarkWorld
    let batch: Int
    let clients: Int

    var name: String { "raw INSERT of the same final rows, batches of \(batch), \(clients) clients" }

    func client(until isOver: @Sendable () -> Bool, done: @Sendable (Int) -> Void) async throws {
        while !isOver() { done(try await sendBatch()) }
    }

    private func sendBatch() async throws -> Int {
        let decided = world.decidedBatch(batch)
        let leads = decided.map(\.prepared)
        var parameters = Parameters()
        parameters.append(array: leads.map { Optional($0.id) })
        parameters.append(array: leads.map { Optional($0.source) })
        parameters.append(array: decided.map { $0.assignment.destination ?? $0.prepared.source as UUID? })
        parameters.append(array: decided.map(\.assignment.rule))
        parameters.append(array: decided.map { Optional($0.assignment.result.rawValue) })
        parameters.append(array: decided.map { Optional($0.assignment.reason.stored) })
        parameters.append(array: leads.map(\.lead.email))
        parameters.append(array: leads.map(\.lead.phone))
        parameters.append(array: leads.map(\.lead.firstName))
        parameters.append(array: leads.map(\.lead.lastName))
        parameters.append(array: leads.map(\.lead.companyName))
        parameters.append(array: leads.map(\.lead.industry))
        parameters.append(array: leads.map(\.lead.companySize))
        parameters.append(array: leads.map(\.lead.revenue))
        parameters.append(array: leads.map(\.locationJSON))
        parameters.append(array: leads.map(\.lead.source))
        parameters.append(array: leads.map(\.lead.sourceID))
        parameters.append(array: leads.map(\.lead.metadata))
        parameters.append(array: leads.map(\.identities.strongest?.hex))
        parameters.append(array: leads.map { $0.identities.claims.first?.digest })
        parameters.append(array: leads.map { $0.identities.claims.dropFirst().first?.digest })
        parameters.append(world.rules.version)
        _ = try await world.pool.query(Self.insert, parameters)
        return batch
    }

    private static let insert = Statement(
        "bench_raw_insert",
        """
        WITH src AS MATERIALIZED (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
                $16::text[], $17::text[], $18::text[], $19::text[], $20::bytea[], $21::bytea[])
            AS u(id, source, destination, rule, result, reason, email, phone, first_name, last_name, company_name,
                industry, size, revenue, location, lead_source, source_id, metadata, hash, claim_1, claim_2)
        ), claims AS (
            INSERT INTO public.lead_identity_claims (identity, lead_id, workspace_id)
            SELECT identity, id, source FROM (
                SELECT claim_1 AS identity, id, source FROM src WHERE claim_1 IS NOT NULL
                UNION ALL SELECT claim_2, id, source FROM src WHERE claim_2 IS NOT NULL) c
            ORDER BY identity
        ), credits AS (
            INSERT INTO public.lead_attributions (lead_id, workspace_id)
            SELECT id, source FROM src WHERE result IN ('success', 'fallback')
        ), inserted AS (
            INSERT INTO public.leads (id, workspace_id, source_workspace_id, email, phone, first_name, last_name,
                company_name, company_industry, company_size, company_revenue, company_location, source, source_id,
                metadata, routing_status, routing_attempts, routing_last_attempted_at, dedupe_hash, matched_rule_id,
                routed_at)
            SELECT id, destination, source, email, phone, first_name, last_name, company_name, industry, size, revenue,
                location::jsonb, lead_source, source_id, metadata::jsonb, 'routed', 1, now(), hash, rule, now()
            FROM src
        )
        INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
            routing_result, reason, attempt, rule_set_version)
        SELECT id, source, destination, rule, result, reason, 1, $22 FROM src
        """
    )
}
