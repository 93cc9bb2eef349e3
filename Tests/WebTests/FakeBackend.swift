import FoundationEssentials
import JSON
import RoutingRules
import Synchronization
import Web

/// A backend that lives in memory: enough routing to see every answer of the API.
final class FakeBackend: RoutingBackend {
    static let alpha = id(1)
    static let beta = id(2)
    static let gamma = id(3)
    static let pendingLead = id(101)
    static let failedLead = id(102)

    /// An error that the API has never heard of.
    struct Mystery: Error {
        let secret = "p@ssw0rd"
    }

    private struct State {
        var workspaces: [UUID: StoredWorkspace] = [:]
        var rules: [UUID: StoredRule] = [:]
        var agreements: [StoredAgreement] = []
        var leads: [StoredLead] = []
        var firstLeads: [LeadIdentity: (lead: UUID, source: UUID)] = [:]
        var nextID = 1000
        var pauses: [StoredPause] = []
        var ruleSets = FakeRuleSets()
    }

    private let state: Mutex<State>
    private let keepsLeads: Bool
    /// What `readiness()` says.
    let readinessAnswer: Readiness

    init(readiness: Readiness = .ready, keepsLeads: Bool = true) {
        readinessAnswer = readiness
        self.keepsLeads = keepsLeads
        var state = State()
        for (id, name) in [(Self.alpha, "Alpha"), (Self.beta, "Beta"), (Self.gamma, "Gamma")] {
            state.workspaces[id] = StoredWorkspace(
                workspace: Workspace(id: id, name: name),
                createdAt: 0,
                updatedAt: nil
            )
        }
        for (id, status) in [(Self.pendingLead, LeadStatus.pending), (Self.failedLead, .failed)] {
            state.leads.append(
                StoredLead(
                    id: id,
                    lead: Lead(email: "old@example.com"),
                    workspaceID: Self.alpha,
                    sourceWorkspaceID: Self.alpha,
                    status: status,
                    createdAt: 0
                )
            )
        }
        self.state = Mutex(state)
    }

    /// How many leads are stored.
    var leadCount: Int { state.withLock { $0.leads.count } }

    static func id(_ number: Int) -> UUID {
        let digits = String(number)
        return UUID(text: "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)
            ?? UUID()
    }

    func authenticate(token: String) async throws -> Principal? {
        switch token {
        case "admin-key": Principal(id: "admin", name: "Admin", workspaceID: nil, scopes: [.admin])
        case "alpha-key": Principal(id: "alpha", name: "Alpha", workspaceID: Self.alpha, scopes: [.admin])
        case "beta-key": Principal(id: "beta", name: "Beta", workspaceID: Self.beta, scopes: [.admin])
        case "reader-key": Principal(id: "reader", name: "Reader", workspaceID: Self.alpha, scopes: [.leadsRead])
        default: nil
        }
    }

    func submit(_ lead: SubmittedLead, as principal: Principal) async throws -> RoutingOutcome {
        switch lead.lead.email {
        case "overload@example.com": throw BackendError.overloaded(retryAfterSeconds: 7)
        case "down@example.com": throw BackendError.unavailable(reason: "The database cannot be reached.")
        case "bug@example.com": throw Mystery()
        case "replay@example.com":
            // What the API made of the header comes back in the answer.
            guard let claim = lead.idempotency else { throw BackendError.reusedKey }
            let place = IdempotencyClaim(key: "k-1", place: 0, request: claim.request)
            var outcome = RoutingOutcome(leadID: Self.alpha, status: .routed, reason: "\(claim == place)")
            outcome.isReplay = true
            return outcome
        default: break
        }
        return try state.withLock { state in
            guard state.workspaces[lead.sourceWorkspaceID] != nil else {
                let problem = FieldProblem(field: "workspaceId", message: "There is no such workspace.")
                throw BackendError.invalid([problem])
            }
            guard keepsLeads else {
                return RoutingOutcome(leadID: Self.alpha, status: .routed, reason: "Not kept.")
            }
            return Self.store(lead, in: &state, principal)
        }
    }

    private static func store(
        _ submitted: SubmittedLead,
        in state: inout State,
        _ principal: Principal
    ) -> RoutingOutcome {
        let lead = submitted.lead
        let id = nextID(&state)
        let identities = LeadIdentities(email: lead.email, phone: lead.phone, companyName: lead.companyName)
        let known = state.firstLeads
        let first = identities.claims.lazy.compactMap { known[$0] }.first
        if first == nil {
            for claim in identities.claims { state.firstLeads[claim] = (id, submitted.sourceWorkspaceID) }
        }
        let rule = state.rules.values.first { $0.rule.isActive }?.rule
        let destination = first == nil ? rule?.destinationWorkspaceID : nil
        let isVisible = principal.isAdministrator || first?.source == principal.workspaceID
        let outcome = RoutingOutcome(
            leadID: id,
            status: .routed,
            destinationWorkspaceID: destination ?? submitted.sourceWorkspaceID,
            matchedRuleID: first == nil ? rule?.id : nil,
            matchedRuleName: first == nil ? rule?.name : nil,
            reason: first == nil ? "No rule matched; “kept”." : "It was here before.",
            isDuplicate: first != nil,
            duplicateLeadID: isVisible ? first?.lead : nil
        )
        state.leads.append(
            StoredLead(
                id: id,
                lead: lead,
                workspaceID: outcome.destinationWorkspaceID,
                sourceWorkspaceID: submitted.sourceWorkspaceID,
                status: .routed,
                isDuplicate: outcome.isDuplicate,
                duplicateLeadID: outcome.duplicateLeadID,
                createdAt: 1_769_817_600_000_001
            )
        )
        return outcome
    }

    private static func nextID(_ state: inout State) -> UUID {
        state.nextID += 1
        return id(state.nextID)
    }

    func submit(batch: [SubmittedLead], as principal: Principal) async throws -> [Result<RoutingOutcome, BackendError>]
    {
        var results: [Result<RoutingOutcome, BackendError>] = []
        for lead in batch {
            do {
                results.append(.success(try await submit(lead, as: principal)))
            } catch let error as BackendError {
                results.append(.failure(error))
            }
        }
        return results
    }

    func route(leadID: UUID, as principal: Principal) async throws -> RoutingOutcome {
        guard let lead = state.withLock({ $0.leads.first { $0.id == leadID } }), sees(principal, lead) else {
            throw BackendError.notFound("There is no such lead.")
        }
        if lead.status == .failed {
            throw BackendError.conflict(reason: "This lead has failed.", remedy: "Requeue it: switchyard retry.")
        }
        return RoutingOutcome(
            leadID: leadID,
            status: .routed,
            destinationWorkspaceID: lead.workspaceID,
            reason: "Kept."
        )
    }

    func returnLead(_ id: UUID, reason: String?, sendsOn: Bool, as principal: Principal) async throws -> ReturnedLead {
        guard let lead = state.withLock({ $0.leads.first { $0.id == id } }), sees(principal, lead) else {
            throw BackendError.notFound("There is no such lead.")
        }
        return ReturnedLead(id: id, isSentOn: sendsOn, destinationWorkspaceID: nil)
    }

    func capacityUsage(of workspace: UUID, as principal: Principal) async throws -> StoredUsage? {
        guard try await self.workspace(workspace, as: principal) != nil else { return nil }
        return StoredUsage(
            timeZone: "Europe/Berlin",
            isOpen: false,
            opensAt: "2026-11-25T09:00",
            lines: [.init(cap: Cap(per: .day, limit: 50), used: 12, endsAt: 0)]
        )
    }

    func assignees(of workspace: UUID, as principal: Principal) async throws -> [Assignee] {
        [Assignee(id: workspace, workspaceID: workspace, name: "Ada", caps: [Cap(per: .day, limit: 5)])]
    }

    func createAssignee(
        id: UUID?,
        of workspace: UUID,
        _ fields: AssigneeFields,
        as principal: Principal
    ) async throws -> Assignee {
        Assignee(id: id ?? workspace, workspaceID: workspace, name: fields.name ?? "", caps: fields.caps ?? [])
    }

    func changeAssignee(
        _ id: UUID,
        of workspace: UUID,
        _ fields: AssigneeFields,
        as principal: Principal
    ) async throws -> Assignee {
        Assignee(id: id, workspaceID: workspace, name: fields.name ?? "Ada", absentFrom: fields.absentFrom ?? nil)
    }

    func deleteAssignee(_ id: UUID, of workspace: UUID, as principal: Principal) async throws -> Bool { true }

    func retry(leadID: UUID, as principal: Principal) async throws {
        guard let lead = state.withLock({ $0.leads.first { $0.id == leadID } }), sees(principal, lead) else {
            throw BackendError.notFound("There is no such lead.")
        }
        guard lead.status == .failed else {
            throw BackendError.conflict(reason: "This lead has not failed.", remedy: "Look at it.")
        }
    }

    func retry(
        _ search: LeadSearch,
        limit: Int,
        as principal: Principal
    ) async throws -> (requeued: Int, hasMore: Bool) {
        let failed = state.withLock { state in state.leads.filter { $0.status == search.status } }
        return (min(limit, failed.filter { sees(principal, $0) }.count), failed.count > limit)
    }

    func erase(_ request: ErasureRequest, as principal: Principal) async throws -> ErasureReport {
        if case .lead(Self.failedLead) = request.subject {
            throw BackendError.conflict(reason: "Somebody has locked it.", remedy: "Ask again in five minutes.")
        }
        let outcome: ErasureReport.Outcome = request.forgetsIdentity ? .already : .erased
        return ErasureReport(
            leads: [(Self.pendingLead, outcome)],
            examples: request.isRehearsal ? 1 : 0,
            rules: [Self.beta]
        )
    }

    func pauseRouting(of workspace: UUID?, reason: String?, as principal: Principal) async throws -> Bool {
        state.withLock { state in
            guard !state.pauses.contains(where: { $0.workspaceID == workspace }) else { return false }
            state.pauses.append(StoredPause(workspaceID: workspace, since: 0, actor: principal.id, reason: reason))
            return true
        }
    }

    func resumeRouting(of workspace: UUID?, as principal: Principal) async throws -> Bool {
        state.withLock { state in
            let before = state.pauses.count
            state.pauses.removeAll { $0.workspaceID == workspace }
            return state.pauses.count < before
        }
    }

    func routingPauses(as principal: Principal) async throws -> [StoredPause] {
        state.withLock { $0.pauses }
    }

    func statistics(_ search: StatisticsSearch, as principal: Principal) async throws -> StatisticsReport {
        var group = StatisticsReport.Group(key: search.workspaceID?.text ?? search.grouping.rawValue)
        group.out.routed = 3
        group.out.latencyMilliseconds = 4500
        group.out.latencyCounts[2] = 3
        group.in.routed = 1
        return StatisticsReport(groups: [group], countedUpTo: 1_000_000)
    }

    private func sees(_ principal: Principal, _ lead: StoredLead) -> Bool {
        guard let own = principal.workspaceID else { return true }
        return lead.workspaceID == own || lead.sourceWorkspaceID == own
    }

    func leads(
        _ search: LeadSearch,
        after cursor: String?,
        limit: Int,
        as principal: Principal
    ) async throws -> LeadSearchPage {
        let skipped = try cursor.map { text in
            guard let skipped = Int(text) else {
                throw BackendError.invalid([FieldProblem(field: "cursor", message: "This is no cursor.")])
            }
            return skipped
        }
        let all = state.withLock { $0.leads }
            .filter { lead in
                sees(principal, lead) && (search.status.map { $0 == lead.status } ?? true)
                    && (search.email.map { $0 == lead.lead.email } ?? true)
            }
        let page = all.dropFirst(skipped ?? 0).prefix(limit)
        let end = (skipped ?? 0) + page.count
        return LeadSearchPage(leads: Array(page), nextCursor: end < all.count ? String(end) : nil)
    }

    func lead(_ id: UUID, as principal: Principal) async throws -> StoredLeadWithHistory? {
        guard let lead = state.withLock({ $0.leads.first { $0.id == id } }), sees(principal, lead) else { return nil }
        let event = LeadEvent(result: "unmatched", reason: "No rule matched.", attempt: 1, createdAt: lead.createdAt)
        return StoredLeadWithHistory(lead: lead, history: [event])
    }

    func workspaces(as principal: Principal) async throws -> [StoredWorkspace] {
        state.withLock { $0.workspaces.values.sorted { $0.workspace.name < $1.workspace.name } }
            .filter { principal.isAdministrator || $0.workspace.id == principal.workspaceID }
    }

    func workspace(_ id: UUID, as principal: Principal) async throws -> StoredWorkspace? {
        guard principal.isAdministrator || id == principal.workspaceID else { return nil }
        return state.withLock { $0.workspaces[id] }
    }

    func createWorkspace(
        id: UUID?,
        _ fields: WorkspaceFields,
        as principal: Principal
    ) async throws -> StoredWorkspace {
        guard principal.isAdministrator else {
            throw BackendError.forbidden("Only an administrator's key may do that.")
        }
        return state.withLock { state in
            let workspace = Workspace(id: id ?? Self.nextID(&state), name: fields.name ?? "")
            let stored = StoredWorkspace(workspace: Self.changed(workspace, fields), createdAt: 0, updatedAt: nil)
            state.workspaces[stored.workspace.id] = stored
            return stored
        }
    }

    private static func changed(_ workspace: Workspace, _ fields: WorkspaceFields) -> Workspace {
        Workspace(
            id: workspace.id,
            name: fields.name ?? workspace.name,
            type: fields.type ?? workspace.type,
            isActive: fields.isActive ?? workspace.isActive,
            isPaused: fields.isPaused ?? workspace.isPaused,
            unmatchedPolicy: fields.unmatchedPolicy ?? workspace.unmatchedPolicy
        )
    }

    func changeWorkspace(
        _ id: UUID,
        _ fields: WorkspaceFields,
        as principal: Principal
    ) async throws -> StoredWorkspace {
        guard principal.isAdministrator else {
            throw BackendError.forbidden("Only an administrator's key may do that.")
        }
        return try state.withLock { state in
            guard var stored = state.workspaces[id] else { throw BackendError.notFound("There is no such workspace.") }
            stored.workspace = Self.changed(stored.workspace, fields)
            state.workspaces[id] = stored
            return stored
        }
    }

    func deleteWorkspace(_ id: UUID, as principal: Principal) async throws -> Bool {
        guard id != Self.gamma else {
            throw BackendError.conflict(reason: "Rules send leads here.", remedy: "Delete those rules first.")
        }
        return state.withLock { $0.workspaces.removeValue(forKey: id) != nil }
    }

    func rules(of owner: UUID?, as principal: Principal) async throws -> [StoredRule] {
        state.withLock { $0.rules.values.filter { owner == nil || $0.rule.workspaceID == owner } }
            .sorted { $0.rule.priority > $1.rule.priority }
    }

    func rule(_ id: UUID, as principal: Principal) async throws -> StoredRule? { state.withLock { $0.rules[id] } }

    func createRule(
        id: UUID?,
        owner: UUID?,
        _ fields: RuleFields,
        as principal: Principal
    ) async throws -> StoredRule {
        guard fields.name != "Odd" else {
            throw BackendError.invalid([FieldProblem(field: "conditions.regions", message: "Too odd.", remedy: "Less.")]
            )
        }
        return state.withLock { state in
            let rule = RoutingRule(
                id: id ?? Self.nextID(&state),
                workspaceID: owner,
                name: fields.name ?? "",
                priority: fields.priority ?? 0,
                destinationWorkspaceID: fields.destinationWorkspaceID ?? Self.alpha,
                isActive: fields.isActive ?? true,
                conditions: fields.conditions ?? RuleConditions(),
                createdAt: 1_769_817_600_000_000
            )
            state.rules[rule.id] = StoredRule(rule: rule, updatedAt: nil)
            return StoredRule(rule: rule, updatedAt: nil)
        }
    }

    func changeRule(_ id: UUID, _ fields: RuleFields, as principal: Principal) async throws -> StoredRule {
        try state.withLock { state in
            guard var stored = state.rules[id] else { throw BackendError.notFound("There is no such rule.") }
            stored.rule.name = fields.name ?? stored.rule.name
            stored.rule.priority = fields.priority ?? stored.rule.priority
            stored.rule.isActive = fields.isActive ?? stored.rule.isActive
            stored.rule.conditions = fields.conditions ?? stored.rule.conditions
            stored.rule.destinationWorkspaceID = fields.destinationWorkspaceID ?? stored.rule.destinationWorkspaceID
            state.rules[id] = stored
            return stored
        }
    }

    func deleteRule(_ id: UUID, as principal: Principal) async throws -> Bool {
        state.withLock { $0.rules.removeValue(forKey: id) != nil }
    }

    func lint(of owner: UUID?, as principal: Principal) async throws -> RuleLintReport {
        let lint = RuleLint(snapshot())
        return (principal.workspaceID ?? owner).map { lint.report(on: $0) } ?? lint.report()
    }

    func warnings(about rule: RoutingRule, as principal: Principal) async throws -> [RuleFinding] {
        RuleLint(snapshot()).report(on: rule.workspaceID, about: rule.id).findings
    }

    func explain(_ lead: UUID, attempt: Int?, as principal: Principal) async throws -> LeadExplanation? {
        guard let stored = state.withLock({ $0.leads.first { $0.id == lead } }), sees(principal, stored) else {
            return nil
        }
        if let attempt, attempt > 1 {
            throw BackendError.invalid([FieldProblem(field: "attempt", message: "The lead has 1 decisions.")])
        }
        return Explanations.explanation(of: stored, in: snapshot(), for: principal)
    }

    func simulate(
        _ simulation: SimulationBody,
        owner: UUID?,
        as principal: Principal
    ) async throws -> SimulationReport {
        var draft = snapshot().replacingRules(of: owner, with: [])
        var name = "no rules"
        if case .document(let tree) = simulation.draft {
            draft.rules = []
            name = "\(tree["rules"]?.array?.count ?? -1) rules"
        }
        var made = RuleSimulation(live: snapshot(), draft: draft, from: simulation.counters == .live ? .init() : nil)
        switch simulation.leads {
        case .these(let these): made.add(these)
        case .csv(let bytes): name = "\(bytes.count) bytes"
        case .days: throw BackendError.overloaded(retryAfterSeconds: 5)
        }
        var report = made.finished()
        report.draftName = name
        return report
    }

    private func snapshot() -> RuleSetSnapshot {
        state.withLock { state in
            RuleSetSnapshot(
                version: 7,
                workspaces: state.workspaces.values.map(\.workspace),
                rules: state.rules.values.map(\.rule),
                agreements: state.agreements.map(\.agreement)
            )
        }
    }

    func agreements(as principal: Principal) async throws -> [StoredAgreement] { state.withLock { $0.agreements } }

    func grant(
        _ agreement: RoutingAgreement,
        as principal: Principal
    ) async throws -> (agreement: StoredAgreement, isNew: Bool) {
        if let own = principal.workspaceID, own != agreement.receivingWorkspaceID {
            throw BackendError.forbidden("Only the receiving workspace decides on this.")
        }
        return state.withLock { state in
            if let old = state.agreements.first(where: { $0.agreement == agreement }) { return (old, false) }
            let stored = StoredAgreement(agreement: agreement, createdAt: 0)
            state.agreements.append(stored)
            return (stored, true)
        }
    }

    func revoke(_ agreement: RoutingAgreement, as principal: Principal) async throws -> Bool {
        state.withLock { state in
            let count = state.agreements.count
            state.agreements.removeAll { $0.agreement == agreement }
            return state.agreements.count < count
        }
    }

    func health() async throws -> HealthReport {
        HealthReport(
            status: .healthy,
            pendingCount: 123,
            routingCount: 5,
            failedCount: 2,
            retryQueueCount: 10,
            successRate: 0.975,
            version: "1.0.0"
        )
    }

    func readiness() async -> Readiness { readinessAnswer }

    /// Changes the rule sets.
    func withRuleSets<Value: Sendable>(_ body: (inout FakeRuleSets) throws -> Value) rethrows -> Value {
        try state.withLock { try body(&$0.ruleSets) }
    }
}
