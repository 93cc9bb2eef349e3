package import Accounts
package import LeadStore

/// All use cases, by subject: the only interface of the HTTP API, the command line and Inngest.
///
/// Each use case takes the caller, checks the caller's scopes, applies the rules of its subject (what a workspace may
/// see and change, what is redacted) and returns the store's records. It refuses with ``RequestError``, in words for
/// the caller; any other error is a fault of the server.
package struct UseCases: Sendable {
    /// Finds the caller of a token.
    package let callers: CallerDirectory
    /// Submitting leads.
    package let submissions: LeadSubmissions
    /// Leads that test keys sent.
    package let testLeads: TestLeadRequests
    /// Stored leads: reading, routing, retrying, returning, explaining and erasing them.
    package let leads: LeadRequests
    /// Single rules, lint and simulation.
    package let rules: RuleRequests
    /// Rule sets as documents: drafts, publications and versions.
    package let ruleSets: RuleSetRequests
    /// Workspaces, their capacity and assignees.
    package let workspaces: WorkspaceRequests
    /// Agreements to receive leads.
    package let agreements: AgreementRequests
    /// What a caller is.
    package let accounts: AccountRequests
    /// Who changed what.
    package let audit: AuditRequests
    /// Sign-in, and what users do with their own sessions and passwords.
    package let sessions: SessionRequests
    /// Local users, for administrators.
    package let users: UserRequests
    /// Members of workspaces.
    package let members: MemberRequests
    /// API keys.
    package let keys: KeyRequests
    /// Pauses, statistics, health, retention, and the diagnosis of the installation.
    package let operations: OperationsRequests
    /// Alerts and their silences.
    package let alerts: AlertRequests
    /// Limits of requests and leads.
    package let limits: RequestLimits
    /// The scheduled functions.
    package let schedule: ScheduleRequests

    /// Use cases over one database.
    ///
    /// - Parameters:
    ///   - stores: the stores.
    ///   - intake: the intake of new leads.
    ///   - waiting: the router of waiting leads.
    ///   - analyses: where lint, explain, simulations and statistics run; nil for a pool over the same stores.
    ///   - scheduler: runs a scheduled function on request.
    ///   - analysisTime: how long lint and explain may take.
    ///   - serviceRoleKey: a token with an administrator's scopes, besides the store's keys.
    ///   - failedKeys: counts wrong keys, and limits them.
    ///   - limiter: the rate limits of this node; nil for the usual ones.
    ///   - verifier: verifies the sessions of Supabase; nil: there are none.
    ///   - passwords: hashes the passwords of local users.
    package init(
        stores: Stores,
        intake: LeadIntake,
        waiting: WaitingLeadRouter,
        analyses: AnalysisPool? = nil,
        scheduler: Scheduler,
        analysisTime: Duration = WorkLimit.usual,
        serviceRoleKey: String? = nil,
        failedKeys: FailedKeys = FailedKeys(),
        limiter: RateLimiter? = nil,
        sessions verifier: SessionVerifier? = nil,
        passwords: PasswordHasher = PasswordHasher()
    ) {
        let analyses = analyses ?? AnalysisPool(stores: stores)
        let duplicates = DuplicateVisibility(leads: stores.leads)
        let names = ReaderNames(names: stores.names)
        let writeFailure = RecentWriteFailure()
        let limiter = limiter ?? RateLimiter(source: stores.rates)
        let directory = SessionDirectory(
            lookUp: { try await stores.sessions.use(of: $0) },
            memberships: { try await stores.members.memberships(of: $0) },
            note: { try await stores.sessions.note($0, from: $1) }
        )
        callers = CallerDirectory(
            keys: KeyRing(source: stores.keys),
            failures: failedKeys,
            serviceRoleKey: serviceRoleKey,
            persons: verifier.map { verifier in
                PersonDirectory(verifier: verifier) { try await stores.members.memberships(of: $0) }
            },
            sessions: directory
        )
        limits = RequestLimits(limiter: limiter)
        sessions = SessionRequests(
            stores: stores,
            passwords: passwords,
            failures: failedKeys,
            limiter: limiter,
            directory: directory
        )
        users = UserRequests(stores: stores, directory: directory)
        members = MemberRequests(stores: stores)
        accounts = AccountRequests(stores: stores)
        audit = AuditRequests(stores: stores)
        testLeads = TestLeadRequests(stores: stores, rules: waiting.rules, names: names)
        submissions = LeadSubmissions(
            workspaces: stores.workspaces,
            intake: intake,
            duplicates: duplicates,
            names: names,
            writeFailure: writeFailure,
            tests: testLeads,
            limits: limits
        )
        leads = LeadRequests(
            stores: stores,
            waiting: waiting,
            duplicates: duplicates,
            names: names,
            analyses: analyses,
            analysisTime: analysisTime
        )
        rules = RuleRequests(stores: stores, analyses: analyses, timeLimit: analysisTime)
        ruleSets = RuleSetRequests(stores: stores, analyses: analyses)
        workspaces = WorkspaceRequests(stores: stores)
        agreements = AgreementRequests(stores: stores)
        keys = KeyRequests(stores: stores)
        operations = OperationsRequests(
            stores: stores,
            writeFailure: writeFailure,
            refusals: intake.refusals,
            analyses: analyses
        )
        alerts = AlertRequests(stores: stores)
        schedule = ScheduleRequests(stores: stores, scheduler: scheduler)
    }
}
