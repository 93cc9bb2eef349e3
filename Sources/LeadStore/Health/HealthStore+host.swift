import Postgres

/// A trigger of the installation on a table that Switchyard writes.
package struct HostTrigger: Sendable, Hashable {
    /// The table.
    package let table: String
    /// The trigger.
    package let name: String
    /// The function that it runs, with its schema.
    package let function: String
    /// Whether it fires.
    package let isEnabled: Bool
    /// Whether it fires for a row that is changed, as the backfill of a migration does.
    package let firesOnUpdate: Bool
}

/// Why leads that wait could not be written, and how many.
package struct WaitingRefusal: Sendable, Hashable {
    /// The reason of the last attempt, without personal data.
    package let reason: String
    /// How many leads of the first 5,000 that were tried.
    package let count: Int64
}

extension HealthStore {
    /// The triggers of the installation on the tables that Switchyard writes, by table and name.
    ///
    /// It needs no schema.
    package func hostTriggers() async throws -> [HostTrigger] {
        try await session.pool.query(Self.findTriggers)
            .map { row in
                HostTrigger(
                    table: try row.string(0),
                    name: try row.string(1),
                    function: try row.string(2),
                    isEnabled: try row.bool(3),
                    firesOnUpdate: try row.bool(4)
                )
            }
    }

    /// Why waiting leads could not be written at their last attempt, the most frequent reason first; ten at most.
    package func waitingRefusals() async throws -> [WaitingRefusal] {
        try await session.pool.query(Self.findRefusals)
            .map { WaitingRefusal(reason: try $0.string(0), count: try $0.int64(1)) }
    }

    static let findTriggers = Statement(
        "host_triggers",
        """
        SELECT c.relname::text, t.tgname::text, p.pronamespace::regnamespace::text || '.' || p.proname,
            t.tgenabled IN ('O', 'A'), t.tgtype & 16 <> 0
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
        JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND p.pronamespace::regnamespace::text <> 'switchyard'
            AND c.relnamespace = to_regnamespace('public')
            AND c.relname IN ('leads', 'workspaces', 'lead_routing_rules', 'partners', 'users', 'user_workspaces',
                'lead_routing_queue', 'lead_routing_logs', 'lead_attributions', 'lead_identity_claims')
        ORDER BY c.relname <> 'leads', c.relname, t.tgname
        """
    )
    // The words of WriteRefusal.reason.
    static let findRefusals = Statement(
        "waiting_refusals",
        """
        SELECT q.last_error, count(*)
        FROM (SELECT q.last_error FROM public.lead_routing_queue q WHERE q.attempt_number > 0 LIMIT 5000) q
        WHERE q.last_error LIKE 'The assignment of this lead could not be written.%'
        GROUP BY q.last_error
        ORDER BY count(*) DESC, q.last_error
        LIMIT 10
        """
    )
}
