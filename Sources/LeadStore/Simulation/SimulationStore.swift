package import FoundationEssentials
package import Postgres
package import RoutingRules

/// Which past leads a replay reads.
package struct ReplaySelection: Sendable, Hashable {
    /// Their source workspace; nil for all.
    package var source: UUID?
    /// Stored at this time or later.
    package var from: Timestamp
    /// Stored before this time.
    package var before: Timestamp
    /// The limit; of more leads, the newest.
    package var limit: Int

    /// Leads of a period.
    package init(source: UUID?, from: Timestamp, before: Timestamp, limit: Int) {
        self.source = source
        self.from = from
        self.before = before
        self.limit = limit
    }
}

/// A page of the leads that a replay reads.
package struct ReplayPage: Sendable {
    /// The leads that rules decide, oldest first.
    package let leads: [SimulatedLead]
    /// How many duplicates were skipped between them.
    package let duplicateCount: Int
}

/// The data of a simulation: past leads and the windows of caps.
package struct SimulationStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Reads past leads in their order of arrival, page by page, and writes nothing.
    ///
    /// Leads whose person was erased are skipped, because their data is gone.
    ///
    /// One read-only transaction over one snapshot: new leads do not change it. The server finds and sorts the leads
    /// once and returns them through a cursor, so that memory holds one page however many there are.
    ///
    /// - Parameters:
    ///   - selection: selects leads.
    ///   - pageSize: the leads of a page.
    ///   - seconds: the server's time limit for one page; the transaction then fails.
    ///   - body: receives each page; an error that it throws ends the replay.
    /// - Returns: whether there are more leads than the limit.
    /// - Throws: `PostgresError`, if the database fails, and what `body` throws.
    package func replay(
        _ selection: ReplaySelection,
        pageSize: Int = 2_000,
        seconds: Int = 30,
        _ body: (ReplayPage) throws -> Void
    ) async throws -> Bool {
        try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            _ = try await connection.query(
                Statement("", "SET LOCAL statement_timeout = '\(seconds)s'")
            )
            var parameters: Parameters = [
                "from": .timestamp(selection.from),
                "before": .timestamp(selection.before),
                "limit": .int64(Int64(clamping: selection.limit) + 1),
            ]
            if let source = selection.source { parameters.append("source", .uuid(source)) }
            let open = selection.source == nil ? Self.openReplayOfAll : Self.openReplayOfSource
            _ = try await connection.query(open, parameters)
            let fetch = Statement("", "FETCH FORWARD \(pageSize) FROM switchyard_replay")
            var toSkip: Int?
            var isTruncated = false
            while true {
                let rows = try await connection.query(fetch)
                guard !rows.isEmpty else { break }
                var leads: [SimulatedLead] = []
                leads.reserveCapacity(rows.count)
                var duplicates = 0
                for row in rows {
                    if toSkip == nil {
                        // One more lead than the limit was requested, to detect that there are more; it is the oldest.
                        isTruncated = try row.int64(LeadRow.total) > Int64(selection.limit)
                        toSkip = isTruncated ? 1 : 0
                    }
                    if let skip = toSkip, skip > 0 {
                        toSkip = skip - 1
                        continue
                    }
                    if try row.bool(LeadRow.isDuplicate) {
                        duplicates += 1
                    } else {
                        leads.append(try LeadRow.lead(row))
                    }
                }
                try body(ReplayPage(leads: leads, duplicateCount: duplicates))
                try Task.checkCancellation()
                if rows.count < pageSize { break }
            }
            return isTruncated
        }
    }

    /// Opens the cursor; `condition` is an additional condition for the leads.
    private static func openReplay(where condition: String = "") -> Statement {
        Statement(
            "",
            """
            DECLARE switchyard_replay NO SCROLL CURSOR FOR
            SELECT \(LeadRow.columns), l.duplicate_of IS NOT NULL, count(*) OVER ()
            FROM (
                SELECT n.* FROM public.leads n
                WHERE n.created_at >= :from AND n.created_at < :before AND n.erased_at IS NULL\(condition)
                ORDER BY n.created_at DESC, n.id DESC
                LIMIT :limit
            ) l
            ORDER BY l.created_at, l.id
            """
        )
    }
    static let openReplayOfAll = openReplay()
    static let openReplayOfSource = openReplay(where: " AND n.source_workspace_id = :source")
}

/// The columns of a lead that rules read.
enum LeadRow {
    static let columns = """
        l.id, l.source_workspace_id, l.created_at::timestamptz, l.email::text, l.phone::text, l.first_name::text,
        l.last_name::text, l.company_name::text, l.company_industry::text, l.company_size::text,
        l.company_revenue::text, l.company_location::text, l.source::text, l.source_id::text, l.metadata::text
        """
    static let isDuplicate = 15
    static let total = 16

    static func lead(_ row: Row) throws -> SimulatedLead {
        SimulatedLead(
            id: try row.uuid(0),
            lead: try Lead(row, from: 3),
            source: try row.uuidIfPresent(1),
            time: try row.timestamp(2).microsecondsSinceUnixEpoch
        )
    }
}
