package import Postgres

/// A node, as other nodes see it.
package struct SeenNode: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Its host.
    package let host: String
    /// When it was started.
    package let startedAt: Timestamp
    /// When it was last seen.
    package let seenAt: Timestamp
    /// Its metrics, as JSON.
    package let report: String?

    /// A node.
    package init(name: String, host: String, startedAt: Timestamp, seenAt: Timestamp, report: String? = nil) {
        self.name = name
        self.host = host
        self.startedAt = startedAt
        self.seenAt = seenAt
        self.report = report
    }
}

/// The nodes that run on this database.
package struct NodeStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Records that a node runs, with its report; about every ten seconds.
    package func markSeen(_ name: String, host: String, version: String, report: String) async throws {
        let parameters: Parameters = [
            "name": .text(name),
            "host": .text(host),
            "version": .text(version),
            "report": .text(report),
        ]
        _ = try await session.pool.query(Self.mark, parameters)
    }

    /// Removes a node on shutdown; waits for the database two seconds at most.
    package func remove(_ name: String) async throws {
        _ = try await session.pool.query(Self.remove, ["name": .text(name)], timeout: .seconds(2))
    }

    /// The nodes that run, or were seen within the last day without a shutdown.
    package func list() async throws -> [SeenNode] {
        try await session.pool.query(Self.all)
            .map { row in
                SeenNode(
                    name: try row.string(0),
                    host: try row.string(1),
                    startedAt: try row.timestamp(2),
                    seenAt: try row.timestamp(3),
                    report: try row.stringIfPresent(4)
                )
            }
    }

    static let mark = Statement(
        "mark_node",
        """
        INSERT INTO switchyard.nodes (name, host, version, started_at, seen_at, report)
        VALUES (:name, :host, :version, clock_timestamp(), clock_timestamp(), :report::text::jsonb)
        ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, report = excluded.report
        """
    )
    static let remove = Statement("remove_node", "DELETE FROM switchyard.nodes WHERE name = :name")
    static let all = Statement(
        "all_nodes",
        """
        SELECT name, host, started_at, seen_at, report::text FROM switchyard.nodes
        WHERE seen_at > clock_timestamp() - interval '1 day' ORDER BY name
        """
    )
}
