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
    let stores: Stores
    /// The way in for new leads.
    let intake: LeadIntake
    /// The way for leads that wait.
    let waiting: WaitingLeadRouter
    /// What would become of leads under other rules.
    let simulator: RuleSimulator
    /// Who owns which token.
    let principals: PrincipalDirectory
    /// What kept the database from storing leads lately.
    let refusals = RecentRefusal()

    func authenticate(token: String) async throws -> Principal? {
        try await tellingCaller { try await principals.principal(of: token) }
    }

    func submit(_ lead: SubmittedLead, as principal: Principal) async throws -> RoutingOutcome {
        try await tellingCaller {
            let outcome = try await refusals.noting {
                try await intake.submit(
                    lead.lead,
                    from: lead.sourceWorkspaceID,
                    idempotency: lead.idempotency,
                    trace: lead.trace
                )
            }
            return outcome.hidingTwin(unless: await visibleTwins(of: [outcome], to: principal))
        }
    }

    func submit(
        batch: [SubmittedLead],
        as principal: Principal
    ) async throws -> [Result<RoutingOutcome, BackendError>] {
        let outcomes = try await tellingCaller { try await refusals.noting { try await self.outcomes(of: batch) } }
        return await showing(outcomes, to: principal)
    }

    /// Outcomes as the caller is told of them.
    private func showing(
        _ outcomes: [Result<RoutingOutcome, IntakeError>],
        to principal: Principal
    ) async -> [Result<RoutingOutcome, BackendError>] {
        let visible = await visibleTwins(of: outcomes.compactMap { try? $0.get() }, to: principal)
        return outcomes.map { outcome in
            switch outcome {
            case .success(let outcome): .success(outcome.hidingTwin(unless: visible))
            case .failure(let error): .failure(BackendError(error))
            }
        }
    }

    func begin(batch: [SubmittedLead], as principal: Principal) async throws -> BegunBatch {
        try await tellingCaller {
            let ticket: BatchTicket
            do {
                ticket = try await intake.begin(
                    batch.map { ($0.lead, $0.sourceWorkspaceID) },
                    trace: batch.first?.trace
                )
            } catch let error as IntakeError where error.code == .unknownWorkspace {
                // Which of them it is has to be found out, and the others taken in.
                return BegunBatch { try await submit(batch: batch, as: principal) }
            }
            return BegunBatch { await showing(ticket.outcomes(), to: principal) }
        }
    }

    func route(leadID: UUID, as principal: Principal) async throws -> RoutingOutcome {
        try await tellingCaller {
            let outcome = try await waiting.route(leadID: leadID, as: principal.access)
            return outcome.hidingTwin(unless: await visibleTwins(of: [outcome], to: principal))
        }
    }

    /// Takes the batch in; a workspace that does not exist sinks its own leads only.
    private func outcomes(of batch: [SubmittedLead]) async throws -> [Result<RoutingOutcome, IntakeError>] {
        let all = batch.map { (lead: $0.lead, source: $0.sourceWorkspaceID) }
        let refusal: IntakeError
        do {
            return try await intake.submit(batch: all, idempotency: batch.map(\.idempotency), trace: batch.first?.trace)
        } catch {
            refusal = error
        }
        guard refusal.code == .unknownWorkspace else { throw refusal }
        var unknown: Set<UUID> = []
        for id in Set(batch.map(\.sourceWorkspaceID)) {
            if try await stores.workspaces.workspace(id, as: .administrator) == nil { unknown.insert(id) }
        }
        let kept = batch.filter { !unknown.contains($0.sourceWorkspaceID) }
        var known =
            try await
            intake.submit(
                batch: kept.map { ($0.lead, $0.sourceWorkspaceID) },
                idempotency: kept.map(\.idempotency),
                trace: kept.first?.trace
            )[...]
        return all.map { lead in
            if unknown.contains(lead.source) { return .failure(refusal) }
            return known.popFirst() ?? .failure(IntakeError(.shuttingDown))
        }
    }

    /// Which of the leads that came first the caller may be told of; none when the database does not say.
    ///
    /// The leads are stored by now: an answer that says less is better than an error that says they are not.
    private func visibleTwins(of outcomes: [RoutingOutcome], to principal: Principal) async -> Set<UUID> {
        let twins = Set(outcomes.compactMap(\.duplicateLeadID))
        guard !twins.isEmpty else { return [] }
        return (try? await stores.leads.visible(twins, to: principal.access)) ?? []
    }
}

extension RoutingOutcome {
    /// Whether a lead is known is told to its sender; whose it is, is not.
    fileprivate func hidingTwin(unless visible: Set<UUID>) -> RoutingOutcome {
        guard let twin = duplicateLeadID, !visible.contains(twin) else { return self }
        var outcome = self
        outcome.duplicateLeadID = nil
        return outcome
    }
}

extension Principal {
    /// On whose behalf statements run.
    var access: Access { workspaceID.map(Access.workspace) ?? .administrator }
}
