import LeadStore
import Postgres

extension DiagnosisFinding {
    /// Checks the schema.
    ///
    /// What a migration does not restore, such as tables that every client may read, is a finding of its own.
    static func about(_ checks: [SchemaCheck]) -> [DiagnosisFinding] {
        let broken = checks.filter { !$0.isOK }
        guard !broken.isEmpty else { return [.good("schema", "\(checks.count) checks passed")] }
        var findings: [DiagnosisFinding] = []
        let restorable = broken.filter(\.isRestorable)
        if let first = restorable.first {
            findings.append(
                .bad(
                    "schema",
                    "\(restorable.count) of \(checks.count) checks failed, the first: \(first.name)"
                        + (first.detail.isEmpty ? "" : " (\(first.detail))"),
                    "Run `switchyard migrate up`; `switchyard migrate verify` shows them all."
                )
            )
        }
        return findings
            + broken.compactMap { check in
                check.remedy.map { .bad("schema", "\(check.name): \(check.detail)", $0) }
            }
    }

    /// Checks the rights of the server's login.
    ///
    /// Requests of tenants run under another role in any case. A login with fewer rights leaves less to an
    /// attacker who finds a way around that.
    static func ofLogin(_ facts: ServerFacts, isEmbedded: Bool) -> DiagnosisFinding {
        if facts.isSuperuser {
            return .improvable(
                "login",
                "\(facts.user) is a superuser; tenants are isolated all the same, by the role of each request",
                """
                CREATE ROLE switchyard LOGIN CREATEROLE PASSWORD …; then \
                psql -v owner=switchyard -f supabase/change_owner.sql, and name the role in DATABASE_URL.
                """
            )
        }
        // The owner of an embedded database has it, so that a plain pg_dump holds every row.
        if facts.bypassesRowSecurity, !isEmbedded {
            return .improvable(
                "login",
                "\(facts.user) has BYPASSRLS; tenants are isolated all the same, by the role of each request",
                """
                As a superuser: ALTER ROLE \(facts.user) NOBYPASSRLS; pg_dump then needs --enable-row-security. \
                Supabase's postgres cannot be altered and may stay.
                """
            )
        }
        return .good(
            "login",
            isEmbedded ? "\(facts.user), no superuser" : "\(facts.user) is subject to row-level security"
        )
    }

    /// Checks the server.
    static func about(_ facts: ServerFacts, at clock: Timestamp) -> [DiagnosisFinding] {
        var findings: [DiagnosisFinding] = []
        findings.append(
            facts.versionNumber >= 150_000
                ? .good("server", "PostgreSQL \(facts.version)")
                : .bad("server", "PostgreSQL \(facts.version)", "Switchyard needs PostgreSQL 15 or later.")
        )
        findings.append(
            facts.isStandby
                ? .bad("role", "a standby, which accepts no writes", "Set DATABASE_URL to the primary.")
                : .good("role", "accepts writes")
        )
        findings.append(
            facts.mayCreate
                ? .good("privileges", "\(facts.user) may create schemas\(facts.isSuperuser ? " (superuser)" : "")")
                : .bad(
                    "privileges",
                    "\(facts.user) may not create schemas in this database",
                    "GRANT CREATE ON DATABASE … TO \(facts.user), or migrate as the owner."
                )
        )
        findings.append(
            facts.isDurable
                ? .good("durability", "fsync and synchronous_commit are on")
                : .bad(
                    "durability",
                    "fsync or synchronous_commit is off",
                    "Acknowledged leads may be lost: switch both on."
                )
        )
        let drift = abs(facts.clock.microsecondsSinceUnixEpoch - clock.microsecondsSinceUnixEpoch)
        findings.append(
            drift < 2_000_000
                ? .good("clock", "\(drift / 1000) ms from this machine's")
                : .bad(
                    "clock",
                    "\(drift / 1_000_000) s from this machine's",
                    "Routing uses the database's clock; set both by NTP."
                )
        )
        let share = Double(facts.connectionsInUse) / Double(max(1, facts.maximumConnections))
        findings.append(
            share < 0.9
                ? .good("connections", "\(facts.connectionsInUse) of \(facts.maximumConnections)")
                : .bad(
                    "connections",
                    "\(facts.connectionsInUse) of \(facts.maximumConnections)",
                    "Raise max_connections, or lower DATABASE_CONNECTIONS."
                )
        )
        let oldest = facts.oldestTransactionSeconds ?? 0
        findings.append(
            oldest < 300
                ? .good("oldest transaction", "\(Int(oldest)) s")
                : .bad(
                    "oldest transaction",
                    "\(Int(oldest)) s",
                    "Vacuum cannot remove dead rows: find it in pg_stat_activity and end it."
                )
        )
        let wait = facts.longestLockWaitSeconds ?? 0
        findings.append(
            wait < 5
                ? .good("locks", "no statement waits for long")
                : .bad(
                    "locks",
                    "a statement has waited \(Int(wait)) s",
                    "SELECT * FROM pg_stat_activity WHERE wait_event_type = 'Lock' shows the waiting sessions; pg_blocking_pids(pid) shows the blocking ones."
                )
        )
        return findings
    }

    /// Tests whether the database accepts writes, by writing.
    static func ofTrialWrite(_ health: HealthStore) async -> DiagnosisFinding {
        do {
            try await health.testWrite()
            return .good("writing", "a megabyte was written and removed")
        } catch let error as PostgresError where error.sqlState == "53100" {
            return .bad(
                "writing",
                "the disk of the database is full: \(error.message)",
                """
                Make room there, or enlarge it; never delete files of pg_wal by hand. A replication slot without a reader \
                keeps WAL (pg_replication_slots), so does a failing archive_command (pg_stat_archiver). Leads \
                are taken again by themselves.
                """
            )
        } catch let error as PostgresError where error.sqlState == "25006" {
            return .bad(
                "writing",
                "the database is read-only",
                """
                A standby: let DATABASE_URL name all hosts, with target_session_attrs=read-write. Otherwise an operator has \
                set default_transaction_read_only: pg_db_role_setting and SHOW default_transaction_read_only tell where.
                """
            )
        } catch let error as PostgresError where error.sqlState == "42501" {
            return .good("writing", "not tested: the database user may not create temporary tables")
        } catch {
            return .bad("writing", "\(error)", "Check the database's log.")
        }
    }
}
