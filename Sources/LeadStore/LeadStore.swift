package import Postgres

/// Every SQL statement of the server, as operations on values.
///
/// A store is a pool and nothing else: no cache, no session state, so that any number of nodes may have one on the
/// same database. Each operation is one statement or one transaction of its own and says which. Failures are
/// ``StoreError`` where a caller can do something about them, and `PostgresError` as it came otherwise.
package struct LeadStore: Sendable {
    /// The connections that the statements run on.
    package let pool: PostgresPool

    /// A store on the database that `pool` connects to.
    package init(pool: PostgresPool) {
        self.pool = pool
    }
}
