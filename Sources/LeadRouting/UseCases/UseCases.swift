package import LeadStore

/// Everything that a caller may ask of Switchyard, by subject: the one front door of the HTTP API, the command line and
/// Inngest.
///
/// Each use case takes the caller, refuses what the caller's scopes do not allow, applies the rules of its subject (what a
/// workspace may see and change, what is redacted) and returns the store's records. What it refuses it throws as
/// ``RequestError``, in words for the caller; any other error is a fault of the server.
package struct UseCases: Sendable {
    /// Which caller a token belongs to.
    package let callers: CallerDirectory
    /// Taking leads in.
    package let submissions: LeadSubmissions
    /// Leads that are stored: reading, routing, retrying, returning, explaining and erasing them.
    package let leads: LeadRequests
    /// Single rules, what is wrong with them, and what would become of leads under others.
    package let rules: RuleRequests
    /// Rule sets as documents: drafts, publications and versions.
    package let ruleSets: RuleSetRequests
    /// Workspaces, their capacity and their people.
    package let workspaces: WorkspaceRequests
    /// Agreements to receive leads.
    package let agreements: AgreementRequests
    /// API keys.
    package let keys: KeyRequests
    /// Pauses, statistics, health, retention, and the diagnosis of the installation.
    package let operations: OperationsRequests
    /// Alerts and their silences.
    package let alerts: AlertRequests
    /// The scheduled functions.
    package let schedule: ScheduleRequests

    /// Use cases over one database.
    ///
    /// - Parameters:
    ///   - stores: every statement.
    ///   - intake: where new leads are queued and written.
    ///   - waiting: what routes leads that wait.
    ///   - simulator: what decides leads under other rules.
    ///   - scheduler: what runs a scheduled function by hand.
    ///   - serviceRoleKey: a token that is an administrator's, besides the store's keys.
    package init(
        stores: Stores,
        intake: LeadIntake,
        waiting: WaitingLeadRouter,
        simulator: RuleSimulator,
        scheduler: Scheduler,
        serviceRoleKey: String? = nil
    ) {
        let duplicates = DuplicateVisibility(leads: stores.leads)
        let writeFailure = RecentWriteFailure()
        callers = CallerDirectory(keys: stores.keys, serviceRoleKey: serviceRoleKey)
        submissions = LeadSubmissions(
            workspaces: stores.workspaces,
            intake: intake,
            duplicates: duplicates,
            writeFailure: writeFailure
        )
        leads = LeadRequests(stores: stores, waiting: waiting, duplicates: duplicates)
        rules = RuleRequests(stores: stores, simulator: simulator)
        ruleSets = RuleSetRequests(stores: stores)
        workspaces = WorkspaceRequests(stores: stores)
        agreements = AgreementRequests(stores: stores)
        keys = KeyRequests(stores: stores)
        operations = OperationsRequests(stores: stores, writeFailure: writeFailure)
        alerts = AlertRequests(stores: stores)
        schedule = ScheduleRequests(stores: stores, scheduler: scheduler)
    }
}
