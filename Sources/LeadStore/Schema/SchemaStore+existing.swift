import Postgres

/// What happens to the leads that an installation had before routing, and that have no workspace.
package enum ExistingLeads: String, Sendable, Hashable, CaseIterable {
    /// They stay as they are, until an administrator chooses again: not routed, and not expired.
    case keep
    /// They are routed like new leads, and have 90 days for it.
    case route
    /// They expire now.
    case expire
}

/// What a migration would do to the leads that are there.
package struct BackfillForecast: Sendable, Hashable {
    /// The triggers of the installation that fire for each lead that is filled.
    package let triggers: [HostTrigger]
    /// The leads, by the statistics of the server.
    package let leads: Int64
    /// The leads without a workspace, counted up to 1,000,000.
    package let withoutWorkspace: Int64
}

extension SchemaStore {
    /// What the migration that fills the columns of leads would do now; nil if there are no leads.
    package func backfillForecast() async throws -> BackfillForecast? {
        guard let row = try await session.pool.query(Self.countLeads).first, try row.bool(0) else { return nil }
        let hasWorkspace = try row.bool(2)
        let count =
            hasWorkspace ? try await session.pool.query(Self.countUnassigned).first?.int64(0) ?? 0 : try row.int64(1)
        return BackfillForecast(
            triggers: try await HealthStore(session).hostTriggers()
                .filter { $0.table == "leads" && $0.firesOnUpdate && $0.isEnabled },
            leads: try row.int64(1),
            withoutWorkspace: count
        )
    }

    /// Settles the leads that had no workspace before routing, and were never tried.
    ///
    /// - Returns: how many there are.
    package func settle(_ choice: ExistingLeads) async throws -> Int64 {
        let statements: [Statement] =
            switch choice {
            case .keep: [Self.keepExisting]
            case .route: [Self.routeExisting]
            case .expire: [Self.expireExisting, QueueStore.markExpired]
            }
        var count: Int64 = 0
        for (place, statement) in statements.enumerated() {
            let rows = try await session.pool.query(statement)
            if place == 0 { count = try rows.first?.int64(0) ?? 0 }
        }
        return count
    }

    static let countLeads = Statement(
        "",
        """
        SELECT c.oid IS NOT NULL, coalesce(greatest(c.reltuples, 0), 0)::bigint, EXISTS (SELECT FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped)
        FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_class c ON c.oid = to_regclass('public.leads')
        """
    )
    static let countUnassigned = Statement(
        "",
        "SELECT count(*) FROM (SELECT FROM public.leads l WHERE l.workspace_id IS NULL LIMIT 1000000) l"
    )
    private static let existing = """
        SELECT l.id FROM public.leads l JOIN public.lead_routing_queue q ON q.lead_id = l.id
        WHERE l.routing_status = 'pending' AND l.source_workspace_id IS NULL AND l.workspace_id IS NULL
            AND coalesce(l.routing_attempts, 0) = 0
        """
    static let keepExisting = Statement(
        "",
        """
        WITH existing AS MATERIALIZED (\(existing)),
        kept AS (UPDATE public.lead_routing_queue q SET next_retry_at = 'infinity' FROM existing e WHERE q.lead_id = e.id),
        unlimited AS (UPDATE public.leads l SET lead_expires_at = 'infinity' FROM existing e WHERE l.id = e.id)
        SELECT count(*) FROM existing
        """
    )
    static let routeExisting = Statement(
        "",
        """
        WITH existing AS MATERIALIZED (\(existing)),
        due AS (UPDATE public.lead_routing_queue q SET next_retry_at = now() FROM existing e WHERE q.lead_id = e.id),
        limited AS (UPDATE public.leads l SET lead_expires_at = now() + interval '90 days' FROM existing e WHERE l.id = e.id)
        SELECT count(*) FROM existing
        """
    )
    static let expireExisting = Statement(
        "",
        """
        WITH existing AS MATERIALIZED (\(existing)),
        over AS (UPDATE public.leads l SET lead_expires_at = now() FROM existing e WHERE l.id = e.id)
        SELECT count(*) FROM existing
        """
    )
}
