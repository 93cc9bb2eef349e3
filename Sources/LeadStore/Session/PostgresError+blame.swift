package import Postgres

extension PostgresError {
    /// Whether the database refused a row's content, so that a smaller batch may succeed.
    ///
    /// Data exceptions (22), broken constraints (23), limits (54) and errors raised by triggers (P0) concern a row. So
    /// does the failure of a function of the installation, which a trigger may run for some rows only. All other errors
    /// would be the same for any row. A lead of a suspended workspace is refused like a row.
    package var blamesRow: Bool {
        guard code == .server, let sqlState else { return false }
        let kind = String(sqlState.prefix(2))
        return sqlState == Self.suspended || ["22", "23", "54", "P0", "21"].contains(kind)
            || (hostFunction != nil && !["08", "25", "40", "53", "55", "57", "58"].contains(kind))
    }

    /// The function of the installation that failed, usually of a trigger; nil if none was running.
    ///
    /// The outermost one beneath Switchyard's own, whatever it called itself.
    package var hostFunction: String? {
        functions.prefix { !Self.isOurs($0) }.last { $0 != "inline_code_block" }
    }

    /// Whether a function belongs to Switchyard: its own schema, and the seven of the migration guide.
    private static func isOurs(_ function: String) -> Bool {
        if function.hasPrefix("switchyard.") { return true }
        return ofGuide.contains(function.hasPrefix("public.") ? String(function.dropFirst(7)) : function)
    }

    private static let ofGuide: Set<String> = [
        "acquire_routing_lock", "complete_routing", "fail_routing", "release_stale_routing_locks",
        "generate_dedupe_hash", "check_cross_partner_duplicate", "mark_expired_leads",
    ]

    /// What `ingest_decided` refuses a suspended workspace with.
    package static let suspended = "SWSUS"
}
