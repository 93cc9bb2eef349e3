package import Postgres

/// The connections of all stores, and the actor who is recorded with edits.
///
/// A value without its own state. The role, the claims and the author of an edit are set for one transaction, so
/// nothing remains in a connection.
package struct StoreSession: Sendable {
    /// The connections that the statements run on.
    package let pool: PostgresPool

    /// The actor who is recorded with edits: the id of a key, or `command line`; nil for the database's user.
    package let actor: String?

    /// Runs tasks on the thread on which the database's answers arrive; for work of less than a millisecond between two
    /// statements.
    package var executor: (any TaskExecutor)? { pool.executor }

    /// A session on the database that `pool` connects to.
    package init(pool: PostgresPool, actor: String? = nil) {
        self.pool = pool
        self.actor = actor
    }

    /// The same session, with an actor who is recorded with edits of the rule set.
    package func acting(as actor: String) -> StoreSession { StoreSession(pool: pool, actor: actor) }

    /// Makes all reads of a transaction consistent, and prevents writes.
    static let readOneSnapshot = Statement("", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
}
