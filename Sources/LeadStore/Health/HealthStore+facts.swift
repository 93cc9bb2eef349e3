package import Postgres
import RoutingRules

/// Facts about a database server, with or without Switchyard's schema.
package struct ServerFacts: Sendable, Hashable {
    /// For example 150013.
    package let versionNumber: Int
    /// For example `15.13 (Debian 15.13-0+deb12u1)`.
    package let version: String
    /// The user of the connection.
    package let user: String
    /// Whether that is a superuser, which is not recommended.
    package let isSuperuser: Bool
    /// Whether that user may create schemas in this database, as migrations need.
    package let mayCreate: Bool
    /// Whether the server is a standby that accepts no writes.
    package let isStandby: Bool
    /// The server's clock when it answered.
    package let clock: Timestamp
    /// Connections in use, of all databases.
    package let connectionsInUse: Int
    /// `max_connections`.
    package let maximumConnections: Int
    /// The age of the oldest open transaction, in seconds: vacuum cannot clean up behind it.
    ///
    /// Nil if none is visible.
    package let oldestTransactionSeconds: Double?
    /// The longest current wait for a lock, in seconds; nil without one.
    package let longestLockWaitSeconds: Double?
    /// Whether acknowledged commits survive a crash of the server (`fsync` and `synchronous_commit` on).
    package let isDurable: Bool
    /// Whether the user passes row-level security by without being a superuser (`BYPASSRLS`).
    package let bypassesRowSecurity: Bool
}

/// Facts about Switchyard's schema.
package struct RoutingFacts: Sendable, Hashable {
    /// Whether the user may call the batch functions.
    package let mayRoute: Bool
    /// Why a request by a workspace's key cannot read leads; nil if it can.
    package let readingProblem: String?
    /// Queue rows that are due, counted up to 10,000.
    package let dueCount: Int64
    /// How long the oldest of them has been due, in seconds; nil if none is.
    package let oldestDueSeconds: Double?
    /// Waiting leads without a queue row, counted up to 1,000.
    package let orphanCount: Int64
    /// Written locks older than five minutes.
    package let staleLockCount: Int64
    /// Rules whose conditions cannot be read, and that are therefore inactive.
    package let unreadableRules: [String]
    /// Rules that were switched off, or of the platform's are passed over, because their conditions take too many steps.
    package let costlyRules: [String]
    /// The size of the indexes of identities, whose pages new leads access at random, in bytes.
    package let randomIndexBytes: Int64
    /// `max_wal_size`, in bytes: half of it may be written between two checkpoints.
    package let maximumLogBytes: Int64
    /// `shared_buffers`, in bytes.
    package let sharedBytes: Int64
}

extension HealthStore {
    /// The facts about the server.
    ///
    /// One statement, without any table of Switchyard.
    package func serverFacts() async throws -> ServerFacts {
        guard let row = try await session.pool.query(Self.askServer).first else {
            throw StoreError(.notFound, "The server did not answer.")
        }
        return ServerFacts(
            versionNumber: try Int(row.int32(0)),
            version: try row.string(1),
            user: try row.string(2),
            isSuperuser: try row.bool(3),
            mayCreate: try row.bool(4),
            isStandby: try row.bool(5),
            clock: try row.timestamp(6),
            connectionsInUse: try Int(row.int64(7)),
            maximumConnections: try Int(row.int32(8)),
            oldestTransactionSeconds: try row.doubleIfPresent(9),
            longestLockWaitSeconds: try row.doubleIfPresent(10),
            isDurable: try row.bool(11),
            bypassesRowSecurity: try row.bool(12)
        )
    }

    /// The facts about the schema, which must exist.
    ///
    /// Bounded in cost; for the command line, not for probes.
    package func routingFacts() async throws -> RoutingFacts {
        guard let row = try await session.pool.query(Self.askSchema).first else {
            throw StoreError(.notFound, "The server did not answer.")
        }
        let readingProblem = try await SchemaStore(session).readingProblem()
        let rules = try await RuleStore(session).list(as: .administrator)
        let notices = try await RuleStore(session).notices(of: nil)
        return RoutingFacts(
            mayRoute: try row.bool(0),
            readingProblem: readingProblem,
            dueCount: try row.int64(1),
            oldestDueSeconds: try row.doubleIfPresent(2),
            orphanCount: try row.int64(3),
            staleLockCount: try row.int64(4),
            unreadableRules: rules.filter { !$0.isReadable }.map(\.rule.name),
            costlyRules: rules.filter { notices[$0.rule.id] != nil }.map(\.rule.name),
            randomIndexBytes: try row.int64(5),
            maximumLogBytes: try row.int64(6),
            sharedBytes: try row.int64(7)
        )
    }

    static let askServer = Statement("server_facts", Embedded.serverFacts)
    static let askSchema = Statement("routing_facts", Embedded.routingFacts)
}
