package import Postgres

/// A node as the others see it.
package struct SeenNode: Sendable, Hashable {
    /// What it calls itself.
    package let name: String
    /// The machine that it runs on.
    package let host: String
    /// When it began.
    package let startedAt: Timestamp
    /// When it was seen last.
    package let seenAt: Timestamp
    /// Its figures, as JSON.
    package let report: String?

    /// A node of these parts.
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
    /// The connections, and on whose behalf edits are recorded.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Says that a node is there, and how it goes; about every ten seconds.
    package func markSeen(_ name: String, host: String, version: String, report: String) async throws {
        let parameters: Parameters = [
            "name": .text(name),
            "host": .text(host),
            "version": .text(version),
            "report": .text(report),
        ]
        _ = try await session.pool.query(Self.mark, parameters)
    }

    /// A node ends as it should; a database that does not answer within two seconds does not hold it up.
    package func remove(_ name: String) async throws {
        _ = try await session.pool.query(Self.remove, ["name": .text(name)], timeout: .seconds(2))
    }

    /// The nodes that run, or have gone without a word within the last day.
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
