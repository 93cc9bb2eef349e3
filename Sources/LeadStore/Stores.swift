package import Postgres

/// Every SQL statement of the server, by subject: `stores.leads.find(id, as: access)`.
///
/// A value that holds a session and two hints of this node, the cursor of its claims and whether duplicates arrive: no
/// cache and no connection state, so that any number of nodes may use the same database. Each operation of a store is
/// one statement or one transaction. Failures are ``StoreError`` if a caller can fix them, and `PostgresError`
/// otherwise.
package struct Stores: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession
    /// Where the last claims of this node ended.
    private let cursor: ClaimCursor
    /// Whether recent batches of this node had duplicates.
    private let duplicates: RecentDuplicates

    /// Stores on the database that `pool` connects to.
    package init(pool: PostgresPool) {
        self.init(session: StoreSession(pool: pool), cursor: ClaimCursor(), duplicates: RecentDuplicates())
    }

    private init(session: StoreSession, cursor: ClaimCursor, duplicates: RecentDuplicates) {
        self.session = session
        self.cursor = cursor
        self.duplicates = duplicates
    }

    /// The same stores, with an actor who is recorded with edits of the rule set.
    package func acting(as actor: String) -> Stores {
        Stores(session: session.acting(as: actor), cursor: cursor, duplicates: duplicates)
    }

    // MARK: - Leads

    /// Stored leads, and their history.
    package var leads: LeadsStore { LeadsStore(session) }
    /// The names of objects that texts mention by their ids.
    package var names: NameStore { NameStore(session) }
    /// Batches of new leads.
    package var intake: IntakeStore { IntakeStore(session, duplicates: duplicates) }
    /// Waiting leads: claims, retries, requeues, expiry.
    package var queue: QueueStore { QueueStore(session, cursor: cursor) }
    /// Returns of routed leads by their destinations.
    package var returns: ReturnStore { ReturnStore(session) }
    /// Erasure of persons.
    package var erasure: ErasureStore { ErasureStore(session) }
    /// Counters, turns and clocks that decisions depend on.
    package var capacity: CapacityStore { CapacityStore(session) }
    /// The data of a simulation.
    package var simulation: SimulationStore { SimulationStore(session) }

    // MARK: - Workspaces and rules

    /// Who belongs to which workspace.
    package var members: MemberStore { MemberStore(session) }
    /// Users with a password.
    package var users: UserStore { UserStore(session) }
    /// Sessions of those users.
    package var sessions: SessionStore { SessionStore(session) }
    /// Workspaces.
    package var workspaces: WorkspaceStore { WorkspaceStore(session) }
    /// Quotas of workspaces.
    package var quotas: QuotaStore { QuotaStore(session) }
    /// Tokens of rate limits, which nodes lease.
    package var rates: RateStore { RateStore(session) }
    /// The people of workspaces.
    package var assignees: AssigneeStore { AssigneeStore(session) }
    /// Agreements to receive leads.
    package var agreements: AgreementStore { AgreementStore(session) }
    /// Pauses of routing.
    package var pauses: PauseStore { PauseStore(session) }
    /// Single rules.
    package var rules: RuleStore { RuleStore(session) }
    /// Whole rule sets, and their versions.
    package var ruleSets: RuleSetStore { RuleSetStore(session) }
    /// Drafts of rule sets.
    package var drafts: DraftStore { DraftStore(session) }
    /// Publication of rule sets and return to earlier versions.
    package var publishing: PublishingStore { PublishingStore(session) }

    // MARK: - Operation

    /// Leads that test keys sent.
    package var testLeads: TestLeadStore { TestLeadStore(session) }
    /// API keys.
    package var keys: KeyStore { KeyStore(session) }
    /// Who changed what.
    package var audit: AuditStore { AuditStore(session) }
    /// Totals of the routing log.
    package var statistics: StatisticsStore { StatisticsStore(session) }
    /// Alerts and their notifications.
    package var alerts: AlertStore { AlertStore(session) }
    /// Runs of scheduled functions.
    package var schedule: ScheduleStore { ScheduleStore(session) }
    /// The nodes on this database.
    package var nodes: NodeStore { NodeStore(session) }
    /// The health of routing and of the database server.
    package var health: HealthStore { HealthStore(session) }
    /// Retention, partitions, vacuum settings, jobs of pg_cron.
    package var maintenance: MaintenanceStore { MaintenanceStore(session) }
    /// Checks of the schema and rehearsals of migrations.
    package var schema: SchemaStore { SchemaStore(session) }
}
