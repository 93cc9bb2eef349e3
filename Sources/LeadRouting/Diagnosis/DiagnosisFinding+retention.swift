import LeadStore

extension DiagnosisFinding {
    /// Checks retention, statistics and partitions.
    static func about(_ facts: Retention) -> [DiagnosisFinding] {
        let log = facts.logMonths.map { "kept for \($0) months beside the current one" } ?? "kept without limit"
        let oldest = facts.oldestLogMonth.map { ", the oldest month is \($0)" } ?? ""
        var findings: [DiagnosisFinding] = [
            facts.monthsAhead >= 2
                ? .good("routing log", log + oldest)
                : .bad(
                    "routing log",
                    "the next month has no partition",
                    "`switchyard jobs run cleanupStaleRoutingLocks` creates it; a running server does so automatically."
                )
        ]
        let age = Int(facts.secondsSinceCount ?? 0)
        findings.append(
            age < 1800
                ? .good(
                    "statistics",
                    facts.countedUpTo.map {
                        "counted up to \($0)" + (facts.isCountingOldDays ? ", older days to come" : "")
                    }
                        ?? "nothing counted yet"
                )
                : .bad(
                    "statistics",
                    "counted \(age / 60) minutes ago",
                    "Is a server running? `switchyard stats` counts now."
                )
        )
        findings.append(.good("pg_cron", facts.hasCronJobs ? "releases stale locks and expires leads" : "not used"))
        return findings
    }
}
