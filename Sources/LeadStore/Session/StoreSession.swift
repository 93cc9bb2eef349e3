package import Postgres

/// What all stores run their statements on: connections, and the actor who is recorded with edits.
///
/// A value without state of its own. Nothing is left behind in a connection: the role, the claims and the author of an
/// edit are set for one transaction.
package struct StoreSession: Sendable {
    /// The connections that the statements run on.
    package let pool: PostgresPool

    /// Who is recorded with edits: the id of a key, or `command line`; nil: the database's user.
    package let actor: String?

    /// Runs tasks where answers of the database arrive; for what takes less than a millisecond between two statements.
    package var executor: (any TaskExecutor)? { pool.executor }

    /// A session on the database that `pool` connects to.
    package init(pool: PostgresPool, actor: String? = nil) {
        self.pool = pool
        self.actor = actor
    }

    /// The same session, with an actor who is recorded with edits of the rule set.
    package func acting(as actor: String) -> StoreSession { StoreSession(pool: pool, actor: actor) }

    /// Makes everything that a transaction reads belong to one moment, and keeps it from writing.
    static let readOneSnapshot = Statement("", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
}
