import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules

/// Every lead to one workspace with a cap: each batch holds the same rows while it is decided and written.
struct CappedIngest: BenchmarkCase {
    let world: BenchmarkWorld
    let rules: CompiledRuleSet
    let batch: Int
    let clients: Int

    var name: String { "the same, every lead to one capped workspace" }

    /// The world's rules, with one before them that sends everything to a workspace with caps.
    ///
    /// They are not stored, so that the other cases go on with theirs; the version is the stored one's.
    init(world: BenchmarkWorld, batch: Int, clients: Int) async throws {
        self.world = world
        self.batch = batch
        self.clients = clients
        var snapshot = try await world.stores.ruleSets.load()
        let hot = world.workspaces[0]
        for place in snapshot.workspaces.indices where snapshot.workspaces[place].id == hot {
            snapshot.workspaces[place].capacity = WorkspaceCapacity(
                timeZone: "America/New_York",
                caps: [Cap(per: .day, limit: Cap.largestLimit), Cap(per: .month, limit: Cap.largestLimit)]
            )
        }
        snapshot.rules.append(
            RoutingRule(id: hot, workspaceID: nil, name: "Hot", priority: 1000, destinationWorkspaceID: hot)
        )
        rules = CompiledRuleSet(snapshot)
    }

    func client(until isOver: @Sendable () -> Bool, done: @Sendable (Int) -> Void) async throws {
        while !isOver() { done(try await sendBatch()) }
    }

    private func sendBatch() async throws -> Int {
        let leads = (0..<batch)
            .map { _ in
                let (lead, source) = world.lead()
                return PreparedLead(
                    id: UUID.v7(milliseconds: LeadIntake.systemMilliseconds()),
                    source: source,
                    lead: lead
                )
            }
        let request = rules.stateRequest(for: leads.lazy.map { ($0.lead, $0.source) })
        let (_, result) = try await world.stores.intake.ingest(
            holding: request,
            version: rules.version,
            isRepeat: false
        ) {
            state in
            leads.map { DecidedLead($0, Assignment(rules.decide($0.lead, from: $0.source, in: &state))) }
        }
        guard result == .written(exceptions: []) else { throw BenchmarkFault.unexpected(String(describing: result)) }
        return batch
    }
}
