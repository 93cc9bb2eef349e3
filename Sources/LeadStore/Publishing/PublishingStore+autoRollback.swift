package import FoundationEssentials
import Postgres

/// A publication that was rolled back automatically, because leads failed after it.
package struct AutoRollback: Sendable, Hashable {
    /// The owner; nil for the platform.
    package let owner: UUID?
    /// The version that was published.
    package let badVersion: Int64
    /// The version whose rules are restored.
    package let goodVersion: Int64
    /// The version that restored them.
    package let newVersion: Int64
    /// How many leads were decided in the five minutes.
    package let routings: Int64
    /// How many of these decisions failed.
    package let failures: Int64

    /// A rollback.
    package init(
        owner: UUID?,
        badVersion: Int64,
        goodVersion: Int64,
        newVersion: Int64,
        routings: Int64,
        failures: Int64
    ) {
        self.owner = owner
        self.badVersion = badVersion
        self.goodVersion = goodVersion
        self.newVersion = newVersion
        self.routings = routings
        self.failures = failures
    }
}

extension PublishingStore {
    /// Rolls back publications after which more than a tenth of the decisions fail, each once over all nodes.
    ///
    /// By the database's clock and its log. Reads a small index if nothing was published for an hour.
    ///
    /// - Parameter node: the calling node, for the record.
    /// - Returns: what this call has rolled back.
    /// - Throws: `PostgresError`, if the database fails; then nothing was rolled back.
    package func rollBackFailing(node: String) async throws -> [AutoRollback] {
        try await session.pool.query(Self.rollBack, ["node": .text(node)])
            .map { row in
                let owner = try row.uuid(0)
                return AutoRollback(
                    owner: owner == RuleSetVersion.platform ? nil : owner,
                    badVersion: try row.int64(1),
                    goodVersion: try row.int64(2),
                    newVersion: try row.int64(3),
                    routings: try row.int64(4),
                    failures: try row.int64(5)
                )
            }
    }

    /// How many publications any node has recently rolled back automatically.
    ///
    /// Read from the rows that ``rollBackFailing(node:)`` commits, so that an alert fires even if the node that rolled
    /// them back ends at that moment.
    ///
    /// - Parameter seconds: the length of the period.
    /// - Returns: the number of rollbacks.
    /// - Throws: `PostgresError`, if the database fails.
    package func rollbacks(inSeconds seconds: Int) async throws -> Int64 {
        try await session.pool.query(Self.countRollbacks, ["seconds": .double(Double(seconds))]).first?.int64(0) ?? 0
    }

    static let countRollbacks = Statement(
        "count_rollbacks",
        """
        SELECT count(*) FROM switchyard.rule_set_rollbacks b
        WHERE b.happened_at > clock_timestamp() - make_interval(secs => :seconds)
        """
    )
    static let rollBack = Statement(
        "roll_back_failing",
        """
        SELECT owner, bad_version, good_version, new_version, routings, failures FROM switchyard.roll_back_failing(:node)
        """
    )
}
