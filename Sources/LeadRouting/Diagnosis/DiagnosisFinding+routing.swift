import FoundationEssentials
import LeadStore
import RoutingRules

extension DiagnosisFinding {
    /// Checks the waiting leads and the rules.
    static func about(_ facts: RoutingFacts) -> [DiagnosisFinding] {
        var findings: [DiagnosisFinding] = []
        findings.append(
            facts.mayRoute
                ? .good("functions", "may be called")
                : .bad(
                    "functions",
                    "the database user may not call them",
                    "GRANT service_role TO the database user."
                )
        )
        findings.append(
            facts.readingProblem.map {
                .bad(
                    "requests",
                    "a workspace's key cannot read leads: \($0)",
                    "`switchyard migrate up --secure` lets each workspace read its own leads, and no others."
                )
            } ?? .good("requests", "a workspace's key can read leads")
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
                    "`switchyard jobs run cleanupStaleRoutingLocks` adds them."
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
        if !facts.costlyRules.isEmpty {
            findings.append(
                .bad(
                    "rules",
                    "switched off (rules of the platform: passed over), because their conditions take more steps than a "
                        + "decision may: \(facts.costlyRules.joined(separator: ", "))",
                    "Shorten their regular expressions, and switch them on again."
                )
            )
        }
        return findings
    }

    /// Lists suspended workspaces, and why they are.
    static func about(suspensionsOf workspaces: [WorkspaceRecord]) -> [DiagnosisFinding] {
        workspaces.compactMap { record in
            guard let since = record.suspendedAt, let reason = record.workspace.suspension else { return nil }
            let name = record.workspace.name
            return .bad(
                "suspensions",
                "“\(name)” is suspended since \(since): \(reason)",
                "`switchyard lift --workspace '\(name)'` ends it."
            )
        }
    }

    /// Lists pauses, which explain waiting leads, with their operators.
    static func about(_ pauses: [RoutingPause], names: [UUID: String]) -> [DiagnosisFinding] {
        guard !pauses.isEmpty else { return [.good("pauses", "none")] }
        return pauses.map { pause in
            let name = pause.workspaceID.map { names[$0] ?? $0.text }
            let why = pause.reason.map { ": \($0)" } ?? ""
            return .bad(
                "pauses",
                "routing of \(name.map { "“\($0)”" } ?? "all sources") is paused since \(pause.since) by \(pause.actor)\(why)",
                "`switchyard resume \(name.map { "--workspace '\($0)'" } ?? "--all")` ends it."
            )
        }
    }
}
