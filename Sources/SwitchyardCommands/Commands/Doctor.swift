import ArgumentParser
import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import SwitchyardServer

/// Looks at everything that may be wrong, and says what to do about it.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check server, schema and queue, and print remedies.",
        discussion: "Exits with 0 if every check passes, with 1 otherwise."
    )

    func run() async throws {
        let isHealthy = try await withDatabase(schema: .none) { session in
            var findings = Self.serverFindings(try await session.stores.health.serverFacts(), at: Self.clock())
            findings.append(
                await session.pool.isThroughPooler()
                    ? .good("pooler", "in transaction mode; limits of single statements are those of the role")
                    : .good("pooler", "none")
            )
            findings.append(await Self.roomFinding(session.stores))
            let checks = try await session.stores.schema.verify()
            let broken = checks.filter { !$0.isOK }
            findings.append(
                broken.isEmpty
                    ? .good("schema", "\(checks.count) checks passed")
                    : .bad(
                        "schema",
                        "\(broken.count) of \(checks.count) checks failed, the first: \(broken[0].name)",
                        "Run `switchyard migrate up`; `switchyard migrate verify` shows them all."
                    )
            )
            if broken.isEmpty {
                let facts = try await session.stores.health.routingFacts()
                findings += Self.routingFindings(facts)
                findings.append(Self.logFinding(facts))
                findings.append(Self.sharedMemoryFinding(facts))
                findings += Self.capacityFindings(try await CapacityState.read(session.stores))
                findings += Self.retentionFindings(try await session.stores.maintenance.retention())
                findings += Self.pauseFindings(
                    try await session.stores.pauses.routingPauses(as: .administrator),
                    names: try await session.stores.workspaces.workspaceNames()
                )
            }
            for finding in findings { terminal.output(finding.text) }
            return findings.allSatisfy(\.isGood)
        }
        if !isHealthy { throw ExitCode(1) }
    }

    private static func clock() -> Timestamp {
        Timestamp(microsecondsSinceUnixEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}

extension Doctor {
    /// One thing looked at.
    struct Finding {
        var isGood: Bool
        var subject: String
        var state: String
        var remedy: String?

        static func good(_ subject: String, _ state: String) -> Finding {
            Finding(isGood: true, subject: subject, state: state, remedy: nil)
        }

        static func bad(_ subject: String, _ state: String, _ remedy: String) -> Finding {
            Finding(isGood: false, subject: subject, state: state, remedy: remedy)
        }

        var text: String {
            let head = "\(isGood ? "✓" : "✗") \(subject): \(state)"
            guard let remedy else { return head }
            return "\(head)\n    → \(remedy)"
        }
    }

    /// What there is to say about the server itself.
    static func serverFindings(_ facts: ServerFacts, at clock: Timestamp) -> [Finding] {
        var findings: [Finding] = []
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
                    "SELECT * FROM pg_stat_activity WHERE wait_event_type = 'Lock' shows who; pg_blocking_pids(pid) shows for whom."
                )
        )
        return findings
    }

    /// Whether the database takes writes, which only a write can tell.
    static func roomFinding(_ stores: Stores) async -> Finding {
        do {
            try await stores.health.tryWriting()
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

    /// What there is to say about the waiting leads and the rules.
    static func routingFindings(_ facts: RoutingFacts) -> [Finding] {
        var findings: [Finding] = []
        findings.append(
            facts.mayRoute && facts.mayBecomeAuthenticated
                ? .good("functions", "may be called")
                : .bad(
                    "functions",
                    "the database user may not call them, or may not act for a workspace",
                    "GRANT service_role, authenticated TO the database user."
                )
        )
        let due = Int(facts.oldestDueSeconds ?? 0)
        findings.append(
            due < 60
                ? .good("queue", "\(facts.dueCount) due")
                : .bad(
                    "queue",
                    "\(facts.dueCount) due, the oldest for \(due) s",
                    "Is a server running, and DISABLE_ROUTING_RETRY unset? `switchyard retry` routes them now."
                )
        )
        findings.append(
            facts.orphanCount == 0
                ? .good("waiting leads", "all are in the queue")
                : .bad(
                    "waiting leads",
                    "\(facts.orphanCount) are not in the queue",
                    "`switchyard jobs run cleanupStaleRoutingLocks` puts them there."
                )
        )
        findings.append(
            facts.staleLockCount == 0
                ? .good("stale locks", "none")
                : .bad(
                    "stale locks",
                    "\(facts.staleLockCount)",
                    "SELECT release_stale_routing_locks(); or `switchyard jobs run cleanupStaleRoutingLocks`."
                )
        )
        findings.append(
            facts.unreadableRules.isEmpty
                ? .good("rules", "all can be read")
                : .bad(
                    "rules",
                    "switched off, because their conditions cannot be read: \(facts.unreadableRules.joined(separator: ", "))",
                    "Save them again through the API, which reports the error."
                )
        )
        return findings
    }

    /// What is paused, and by which operator: it explains waiting leads.
    static func pauseFindings(_ pauses: [RoutingPause], names: [UUID: String]) -> [Finding] {
        guard !pauses.isEmpty else { return [.good("pauses", "none")] }
        return pauses.map { pause in
            let name = pause.workspaceID.map { names[$0] ?? $0.text }
            let why = pause.reason.map { ": \($0)" } ?? ""
            return .bad(
                "pauses",
                "routing of \(name.map { "“\($0)”" } ?? "everything") is paused since \(pause.since) by \(pause.actor)\(why)",
                "`switchyard resume \(name.map { "--workspace '\($0)'" } ?? "--all")` ends it."
            )
        }
    }
}
