import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules

/// Ours: normalise, match in memory, and write the batch by one statement.
struct SetBasedIngest: BenchmarkCase {
    let world: BenchmarkWorld
    let batch: Int
    let clients: Int

    var name: String { "set-based ingest, batches of \(batch), \(clients) clients" }

    func client(until isOver: @Sendable () -> Bool, done: @Sendable (Int) -> Void) async throws {
        while !isOver() { done(try await sendBatch()) }
    }

    private func sendBatch() async throws -> Int {
        let decided = world.decidedBatch(batch)
        let result = try await world.stores.intake.ingest(decided, version: world.rules.version, isRepeat: false)
        guard case .written(let exceptions) = result else { throw BenchmarkFault.unexpected("the rules have changed") }
        guard exceptions.isEmpty else {
            throw BenchmarkFault.unexpected(
                "\(exceptions.count) of \(batch) leads were not new: \(exceptions[0])"
            )
        }
        return batch
    }
}

/// A result that makes the figures worthless.
enum BenchmarkFault: Error {
    case unexpected(String)
}

extension BenchmarkWorld {
    /// New leads, normalised and decided.
    func decidedBatch(_ count: Int) -> [DecidedLead] {
        (0..<count)
            .map { _ in
                let (lead, source) = lead()
                let prepared = PreparedLead(
                    id: UUID.v7(milliseconds: LeadIntake.systemMilliseconds()),
                    source: source,
                    lead: lead
                )
                return DecidedLead(prepared, Assignment(rules.decide(lead, from: source)))
            }
    }
}
