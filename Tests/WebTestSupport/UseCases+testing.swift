package import Accounts
import Digests
import FoundationEssentials
package import LeadRouting
import LeadStore
import Logging
package import Postgres

extension UseCases {
    /// The administrator's key of the use cases of tests.
    package static let administratorKey = "admin-key"

    /// Use cases on a database, created as in the server.
    ///
    /// Many tests share one address and send wrong keys, so their number is not limited unless a test does so.
    package init(
        testing pool: PostgresPool,
        failedKeys: FailedKeys = FailedKeys(limit: 1_000_000),
        sessions: SessionVerifier? = nil,
        passwords: PasswordHasher = .quick
    ) {
        let stores = Stores(pool: pool)
        let rules = RuleSetCache(source: stores.ruleSets)
        let waiting = WaitingLeadRouter(queue: stores.queue, rules: rules)
        let functions = ScheduledFunctions(stores: stores, router: waiting, logger: .quiet)
        self.init(
            stores: stores,
            intake: LeadIntake(store: stores.intake, rules: rules, logger: .quiet),
            waiting: waiting,
            scheduler: Scheduler(store: stores.schedule, node: "test", logger: .quiet) { try await functions.run($0) },
            serviceRoleKey: Self.administratorKey,
            failedKeys: failedKeys,
            sessions: sessions,
            passwords: passwords
        )
    }

    /// Use cases without a database: for requests that are answered without it.
    package static func withoutDatabase() -> UseCases {
        let configuration = PostgresConfiguration(
            connectionString: "host=/nonexistent",
            applicationName: "switchyard tests"
        )
        return UseCases(testing: PostgresPool(configuration: configuration, maximumConnections: 1, logger: .quiet))
    }
}

extension PasswordHasher {
    /// Parameters that cost microseconds.
    package static var quick: PasswordHasher {
        PasswordHasher(parameters: Scrypt(logCost: 4, blockSize: 1, parallelization: 1))
    }
}
