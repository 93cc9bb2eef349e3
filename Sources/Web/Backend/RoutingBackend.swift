package import FoundationEssentials
package import JSON
package import RoutingRules

/// Everything the HTTP API asks of the rest of the server.
///
/// The composition root adapts routing and storage to this protocol; tests use one that lives in memory. Every method
/// may throw ``BackendError``, which becomes an answer that tells the caller what to do; any other error is a fault of
/// ours: it is logged by its type and answered with 500 and no detail.
///
/// The API checks scopes (``Scope``) before it calls; what a principal may see and change beyond that (row-level
/// security, "only the receiver grants an agreement") is the backend's duty, with the principal it is handed.
package protocol RoutingBackend: RuleAnalysis, LeadAnalysis, RoutingStatistics {
    /// Whose token this is, or nil for a token that is unknown, expired or revoked.
    ///
    /// Called for every request: the backend keeps a cache. The token is a secret, never to be logged.
    func authenticate(token: String) async throws -> Principal?

    /// Decides and stores one lead; returns after its commit.
    ///
    /// `duplicateLeadID` is filled in only if the principal may see that lead.
    func submit(_ lead: SubmittedLead, as principal: Principal) async throws -> RoutingOutcome

    /// Decides and stores many leads, each by itself: one that is refused does not stop the others.
    ///
    /// - Returns: one result per lead, in order.
    func submit(batch: [SubmittedLead], as principal: Principal) async throws -> [Result<RoutingOutcome, BackendError>]

    /// Takes leads in like ``submit(batch:as:)``, and returns as soon as they are in the queue: those of a later call
    /// come after them. While there is no room for them it waits.
    func begin(batch: [SubmittedLead], as principal: Principal) async throws -> BegunBatch

    /// Routes a waiting lead now; a routed one is answered as it stands.
    ///
    /// - Throws: `.notFound` for a lead that does not exist or is not visible; `.conflict` with its remedy for one that
    ///   is failed, expired or held by somebody else.
    func route(leadID: UUID, as principal: Principal) async throws -> RoutingOutcome

    /// Puts a lead back into the queue that failed for good, or that no rule matched and its source keeps; who asked is
    /// kept in the log.
    ///
    /// - Throws: `.notFound` for a lead that does not exist or is not visible; `.conflict` for any other.
    func retry(leadID: UUID, as principal: Principal) async throws
    /// Puts leads back into the queue that failed, or that no rule matched, as many as `limit`.
    ///
    /// An unmatched lead that was put back and came to the same is passed over until the rules change, so that whoever calls
    /// again while there are more comes to an end.
    ///
    /// - Parameters:
    ///   - search: which failed or unmatched leads.
    ///   - limit: how many at most.
    ///   - principal: on whose behalf.
    /// - Returns: how many, and whether there are more.
    /// - Throws: ``BackendError``.
    func retry(
        _ search: LeadSearch,
        limit: Int,
        as principal: Principal
    ) async throws -> (requeued: Int, hasMore: Bool)

    /// Blanks what leads say of a person, in all tables.
    ///
    /// - Parameters:
    ///   - request: whose leads.
    ///   - principal: on whose behalf; a workspace erases from leads that it has.
    /// - Returns: what became of each lead.
    /// - Throws: `.notFound` for a lead that is not visible, `.conflict` for one that somebody has locked.
    func erase(_ request: ErasureRequest, as principal: Principal) async throws -> ErasureReport

    /// Has the leads of a source, or of all (nil), wait undecided; they are taken in as before.
    ///
    /// - Returns: whether it was not paused before.
    /// - Throws: `.invalid` for a workspace that does not exist.
    func pauseRouting(of workspace: UUID?, reason: String?, as principal: Principal) async throws -> Bool
    /// Ends a pause; false if there was none.
    func resumeRouting(of workspace: UUID?, as principal: Principal) async throws -> Bool
    /// The pauses that the principal may know of.
    func routingPauses(as principal: Principal) async throws -> [StoredPause]

    /// A page of leads, newest first.
    ///
    /// - Parameters:
    ///   - search: which leads.
    ///   - cursor: `nextCursor` of the page before, as the caller sent it; `.invalid` naming `cursor` if unreadable.
    ///   - limit: 1 to 200.
    ///   - principal: on whose behalf.
    /// - Returns: the page.
    /// - Throws: ``BackendError``.
    func leads(
        _ search: LeadSearch,
        after cursor: String?,
        limit: Int,
        as principal: Principal
    ) async throws -> LeadSearchPage

    /// One lead with its history, or nil if there is none that the principal may see.
    func lead(_ id: UUID, as principal: Principal) async throws -> StoredLeadWithHistory?

    /// The workspaces that the principal may see, by name.
    func workspaces(as principal: Principal) async throws -> [StoredWorkspace]
    /// One workspace, or nil if there is none that the principal may see.
    func workspace(_ id: UUID, as principal: Principal) async throws -> StoredWorkspace?
    /// Creates a workspace; `fields.name` is set. With an `id`, repeated, it is made once.
    func createWorkspace(id: UUID?, _ fields: WorkspaceFields, as principal: Principal) async throws -> StoredWorkspace
    /// Changes what is set in `fields`; `.notFound` without such a workspace.
    func changeWorkspace(_ id: UUID, _ fields: WorkspaceFields, as principal: Principal) async throws -> StoredWorkspace
    /// Deletes a workspace; false if there is none.
    func deleteWorkspace(_ id: UUID, as principal: Principal) async throws -> Bool

    /// The rules that the principal may see, in the order in which they are tried.
    ///
    /// - Parameters:
    ///   - owner: only the rules of this workspace.
    ///   - principal: on whose behalf.
    /// - Returns: the rules.
    /// - Throws: ``BackendError``.
    func rules(of owner: UUID?, as principal: Principal) async throws -> [StoredRule]
    /// One rule, or nil if there is none that the principal may see.
    func rule(_ id: UUID, as principal: Principal) async throws -> StoredRule?
    /// Creates a rule; `fields.name` and `fields.destinationWorkspaceID` are set.
    ///
    /// - Parameters:
    ///   - id: the id that the client chose, so that it can repeat this; nil for a new one.
    ///   - owner: the workspace whose rule it is; nil for a rule of the platform.
    ///   - fields: what the rule is to be.
    ///   - principal: on whose behalf.
    /// - Returns: the rule.
    /// - Throws: ``BackendError``; `.conflict` for an id that something else has.
    func createRule(id: UUID?, owner: UUID?, _ fields: RuleFields, as principal: Principal) async throws -> StoredRule
    /// Changes what is set in `fields`; `.notFound` without such a rule.
    func changeRule(_ id: UUID, _ fields: RuleFields, as principal: Principal) async throws -> StoredRule
    /// Deletes a rule; false if there is none.
    func deleteRule(_ id: UUID, as principal: Principal) async throws -> Bool

    /// Takes a lead back from its destination, and sends it on if that is wanted; repeated, it changes nothing.
    ///
    /// - Throws: `.notFound` for a lead that is not in the principal's workspace, and never was returned from there.
    func returnLead(
        _ id: UUID,
        reason: String?,
        sendsOn: Bool,
        as principal: Principal
    ) async throws -> ReturnedLead
    /// How much of a workspace's capacity is used; nil if there is no such workspace that the principal may see.
    func capacityUsage(of workspace: UUID, as principal: Principal) async throws -> StoredUsage?
    /// The people of a workspace, by name.
    func assignees(of workspace: UUID, as principal: Principal) async throws -> [Assignee]
    /// Adds a person; `fields.name` is set. With an `id`, repeated, once.
    func createAssignee(
        id: UUID?,
        of workspace: UUID,
        _ fields: AssigneeFields,
        as principal: Principal
    ) async throws -> Assignee
    /// Changes what is set in `fields`; `.notFound` without such a person.
    func changeAssignee(
        _ id: UUID,
        of workspace: UUID,
        _ fields: AssigneeFields,
        as principal: Principal
    ) async throws -> Assignee
    /// Removes a person; false if there is none.
    func deleteAssignee(_ id: UUID, of workspace: UUID, as principal: Principal) async throws -> Bool
    /// The rule set of an owner (nil: the platform); `.notFound` without such a draft or version.
    func ruleSet(of owner: UUID?, _ state: RuleSetState, as principal: Principal) async throws -> StoredRuleSet
    /// An owner's versions, newest first.
    ///
    /// - Parameters:
    ///   - owner: whose; nil: the platform's.
    ///   - before: only versions before this one.
    ///   - limit: 1 to 200.
    ///   - principal: on whose behalf.
    /// - Returns: the versions.
    /// - Throws: ``BackendError``.
    func ruleSetVersions(
        of owner: UUID?,
        before: Int64?,
        limit: Int,
        as principal: Principal
    ) async throws -> [StoredRuleSetVersion]
    /// Saves an owner's draft; `.invalid` with every place that is wrong.
    ///
    /// - Parameters:
    ///   - tree: the document, workspaces by id or by name.
    ///   - owner: whose.
    ///   - checking: whether what would keep it from being published is refused too.
    ///   - principal: on whose behalf.
    /// - Returns: the draft.
    /// - Throws: ``BackendError``.
    func saveDraft(
        _ tree: JSONValue,
        of owner: UUID?,
        checking: Bool,
        as principal: Principal
    ) async throws -> StoredRuleSet
    /// Throws an owner's draft away; false if there is none.
    func deleteDraft(of owner: UUID?, as principal: Principal) async throws -> Bool
    /// Makes an owner's draft its rules.
    ///
    /// - Parameters:
    ///   - owner: whose.
    ///   - expected: the version that the caller believes to be live.
    ///   - note: why.
    ///   - principal: on whose behalf.
    /// - Returns: what it has done.
    /// - Throws: `.conflict` if the rules have moved since the draft was made; `.invalid` naming golden leads that fail.
    func publishDraft(
        of owner: UUID?,
        expected: Int64?,
        note: String?,
        as principal: Principal
    ) async throws -> StoredPublication
    /// Brings back what an owner's rules were at a version, as a new version.
    func returnRuleSet(
        of owner: UUID?,
        to version: Int64,
        note: String?,
        as principal: Principal
    ) async throws -> StoredPublication

    /// The agreements that the principal is part of, or all for an administrator.
    func agreements(as principal: Principal) async throws -> [StoredAgreement]
    /// Grants an agreement; granting it again changes nothing.
    ///
    /// - Returns: the agreement, and whether it is new.
    func grant(
        _ agreement: RoutingAgreement,
        as principal: Principal
    ) async throws -> (agreement: StoredAgreement, isNew: Bool)
    /// Ends an agreement; false if there is none.
    func revoke(_ agreement: RoutingAgreement, as principal: Principal) async throws -> Bool

    /// How routing is doing. Asked without a key, so: counts only, bounded in cost, and it may be a second old.
    func health() async throws -> HealthReport
    /// Whether requests can be served: the database answers and is migrated. Does not throw: a fault is a reason.
    func readiness() async -> Readiness
}
