import LeadStore

extension DiagnosisFinding {
    /// What there is to say about what is kept, counted and made ahead.
    static func about(_ facts: Retention) -> [DiagnosisFinding] {
        let log = facts.logMonths.map { "kept for \($0) months beside the current one" } ?? "kept for ever"
        let oldest = facts.oldestLogMonth.map { ", the oldest month is \($0)" } ?? ""
        var findings: [DiagnosisFinding] = [
            facts.monthsAhead >= 2
                ? .good("routing log", log + oldest)
                : .bad(
                    "routing log",
                    "there is no partition for the next month",
                    "`switchyard jobs run cleanupStaleRoutingLocks` makes them; a running server does it by itself."
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
