package import FoundationEssentials
import Postgres

/// A publication that was taken back by itself, because routings failed after it.
package struct AutoRollback: Sendable, Hashable {
    /// Whose rules; nil: the platform's.
    package let owner: UUID?
    /// The version that was published.
    package let badVersion: Int64
    /// The version whose rules are in force again.
    package let goodVersion: Int64
    /// The version that brought them back.
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
    /// Takes back publications after which more than a tenth of the routings fail, each once over all nodes.
    ///
    /// By the database's clock and its log. Costs one look at a small index while nothing was published for an hour.
    ///
    /// - Parameter node: who asks, for the record.
    /// - Returns: what this call has taken back.
    /// - Throws: what the database says; then nothing was taken back.
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

    /// How many publications were taken back by themselves lately, by whichever node.
    ///
    /// Read from the rows that ``rollBackFailing(node:)`` commits, so that an alert is raised even when the node that took
    /// them back ends at that moment.
    ///
    /// - Parameter seconds: how far back to look.
    /// - Returns: how many.
    /// - Throws: what the database says.
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
