import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Web

/// The HTTP API's backend: routing and storage behind the protocol that the API declares.
///
/// Its only duties are to find out who is asking, to run reads and edits on their behalf, and to turn refusals into
/// the API's terms. What it offers is spread over the extensions of this type, one subject a file.
struct StoreBackedRouting: RoutingBackend {
    /// Every statement.
    let store: LeadStore
    /// The way in for new leads.
    let intake: LeadIntake
    /// The way for leads that wait.
    let waiting: WaitingLeadRouter
    /// Who owns which token.
    let principals: PrincipalDirectory

    func authenticate(token: String) async throws -> Principal? {
        try await tellingCaller { try await principals.principal(of: token) }
    }

    func submit(_ lead: SubmittedLead, as principal: Principal) async throws -> RoutingOutcome {
        try await tellingCaller {
            let outcome = try await intake.submit(lead.lead, from: lead.sourceWorkspaceID)
            return try await hidingForeignTwin(outcome, from: principal)
        }
    }

    func submit(
        batch: [SubmittedLead],
        as principal: Principal
    ) async throws -> [Result<RoutingOutcome, BackendError>] {
        let outcomes = try await tellingCaller { try await self.outcomes(of: batch) }
        var results: [Result<RoutingOutcome, BackendError>] = []
        results.reserveCapacity(outcomes.count)
        for outcome in outcomes {
            switch outcome {
            case .success(let outcome):
                results.append(.success(try await tellingCaller { try await hidingForeignTwin(outcome, from: principal) }))
            case .failure(let error):
                results.append(.failure(BackendError(error)))
            }
        }
        return results
    }

    func route(leadID: UUID, as principal: Principal) async throws -> RoutingOutcome {
        try await tellingCaller {
            let outcome = try await waiting.route(leadID: leadID, as: principal.access)
            return try await hidingForeignTwin(outcome, from: principal)
        }
    }

    /// Takes the batch in; a workspace that does not exist sinks its own leads only.
    private func outcomes(of batch: [SubmittedLead]) async throws -> [Result<RoutingOutcome, IntakeError>] {
        let all = batch.map { (lead: $0.lead, source: $0.sourceWorkspaceID) }
        let refusal: IntakeError
        do {
            return try await intake.submit(batch: all)
        } catch {
            refusal = error
        }
        guard refusal.code == .unknownWorkspace else { throw refusal }
        var unknown: Set<UUID> = []
        for id in Set(batch.map(\.sourceWorkspaceID)) {
            if try await store.workspace(id, as: .administrator) == nil { unknown.insert(id) }
        }
        guard !unknown.isEmpty else { return try await intake.submit(batch: all) }
        var known = try await intake.submit(batch: all.filter { !unknown.contains($0.source) })[...]
        return all.map { lead in
            if unknown.contains(lead.source) { return .failure(refusal) }
            return known.popFirst() ?? .failure(IntakeError(.shuttingDown))
        }
    }

    /// Whether a lead is known is told to its sender; whose it is, is not.
    private func hidingForeignTwin(_ outcome: RoutingOutcome, from principal: Principal) async throws -> RoutingOutcome {
        guard let twin = outcome.duplicateLeadID, !principal.isAdministrator else { return outcome }
        guard try await store.lead(twin, as: principal.access) == nil else { return outcome }
        var outcome = outcome
        outcome.duplicateLeadID = nil
        return outcome
    }
}

extension Principal {
    /// On whose behalf statements run.
    var access: Access { workspaceID.map(Access.workspace) ?? .administrator }
}
