package import Postgres

/// Every SQL statement of the server, as operations on values.
///
/// A store is a pool and a hint of where in the queue its claims have come to: no cache, no session state, so that any
/// number of nodes may have one on the same database. Each operation is one statement or one transaction of its own and says which. Failures are
/// ``StoreError`` where a caller can do something about them, and `PostgresError` as it came otherwise.
package struct LeadStore: Sendable {
    /// The connections that the statements run on.
    package let pool: PostgresPool

    /// Who is answerable for edits made through this value: the id of a key, or `command line`; nil: the database's user.
    package let actor: String?

    /// Runs tasks where answers of the database arrive; for what takes less than a millisecond between two statements.
    package var executor: (any TaskExecutor)? { pool.executor }

    /// Where the last claims ended.
    let places: QueuePlaces

    /// A store on the database that `pool` connects to.
    package init(pool: PostgresPool) {
        self.init(pool: pool, actor: nil, places: QueuePlaces())
    }

    private init(pool: PostgresPool, actor: String?, places: QueuePlaces) {
        self.pool = pool
        self.actor = actor
        self.places = places
    }

    /// The same store, with somebody who is answerable for edits of the rule set.
    package func by(_ actor: String) -> LeadStore { LeadStore(pool: pool, actor: actor, places: places) }
}
