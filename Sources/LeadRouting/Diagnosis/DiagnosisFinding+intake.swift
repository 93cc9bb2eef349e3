import JSON
import LeadStore
import Postgres
import RoutingRules

extension DiagnosisFinding {
    /// Reports what the running nodes could not store or write within the last minutes.
    ///
    /// - Parameters:
    ///   - nodes: the nodes, with their reports.
    ///   - now: the database's time, in microseconds; a node that was last seen a minute ago has ended.
    /// - Returns: a finding for each reason and node.
    static func about(intakeOf nodes: [SeenNode], at now: Int64) -> [DiagnosisFinding] {
        let alive = nodes.filter { now - $0.seenAt.microsecondsSinceUnixEpoch < 60_000_000 }
        let findings = alive.flatMap { node in
            [RecentRefusals.Entry](reportOf: node)
                .map { entry in
                    let message = entry.message.isEmpty ? "" : ": \(entry.message)"
                    return DiagnosisFinding.bad(
                        "intake",
                        "node \(node.name): \(entry.sentence) \(entry.reason)\(message)",
                        entry.remedy
                    )
                }
        }
        if !findings.isEmpty { return findings }
        let count = "\(alive.count) \(alive.count == 1 ? "node" : "nodes")"
        return [.good("intake", alive.isEmpty ? "no node is running" : "\(count) refused no lead within two minutes")]
    }

    /// Reports the triggers of the installation, and what they did to waiting leads.
    static func about(_ triggers: [HostTrigger], refusals: [WaitingRefusal]) -> [DiagnosisFinding] {
        var findings = refusals.map { refusal in
            let names =
                triggers.filter { refusal.reason.contains($0.function) || refusal.reason.contains($0.bareFunction) }
                .map { "\($0.name) on \($0.table)" }
            let trigger = names.isEmpty ? "" : " (trigger \(names.joined(separator: ", ")))"
            return DiagnosisFinding.bad(
                "refused leads",
                "\(refusal.count) \(refusal.count == 1 ? "lead waits" : "leads wait")\(trigger): \(refusal.reason)",
                "Fix the function; the leads are tried again by themselves, and `switchyard retry --now` tries them at once."
            )
        }
        let names = triggers.map { "\($0.name) on \($0.table)\($0.isEnabled ? "" : ", disabled")" }
        findings.append(
            .good(
                "triggers",
                names.isEmpty ? "none of the installation" : "of the installation: \(names.joined(separator: "; "))"
            )
        )
        return findings
    }

    /// Reports the state that `GET /api/health` derives from the counts.
    static func about(_ health: HealthReport) -> DiagnosisFinding {
        guard health.status != .healthy else { return .good("health", "healthy") }
        return .bad(
            "health",
            "\(health.status.rawValue): \(health.reasons.joined(separator: " "))",
            "docs/runbooks has a page for each reason."
        )
    }

    /// Reports the alerts that fire.
    static func about(_ alerts: [StoredAlert]) -> [DiagnosisFinding] {
        let firing = alerts.filter { $0.phase == "firing" }
        guard !firing.isEmpty else { return [.good("alerts", "none fires")] }
        return firing.map { alert in
            let silence = alert.silencedUntil.map { ", silenced until \($0)" } ?? ""
            return .bad(
                "alerts",
                "\(alert.name) fires since \(alert.since)\(silence)",
                "docs/runbooks/\(alert.name).md"
            )
        }
    }

    /// Reports what `switchyard rules lint` finds that keeps leads from their destination.
    static func about(_ report: RuleLintReport) -> [DiagnosisFinding] {
        let serious = report.findings.filter { $0.severity == .error || $0.code.isAboutDestination }
        guard !serious.isEmpty else { return [.good("rules lint", "\(report.ruleCount) rules, no fault")] }
        var findings = serious.prefix(5)
            .map { finding in
                let rule = finding.ruleName.map { "“\($0)”: " } ?? ""
                return DiagnosisFinding.bad("rules lint", "\(rule)\(finding.message)", finding.remedy)
            }
        if serious.count > 5 {
            findings.append(
                .bad("rules lint", "\(serious.count - 5) more findings", "`switchyard rules lint` lists all.")
            )
        }
        return findings
    }

    /// Reports workspaces that rules skip, because they are paused as a destination.
    static func about(pausedReceivers workspaces: [Workspace]) -> [DiagnosisFinding] {
        workspaces.filter { $0.isPaused && $0.isActive }
            .map { workspace in
                .bad(
                    "paused receivers",
                    "“\(workspace.name)” is paused as a destination: rules skip it",
                    "PATCH /api/workspaces/\(workspace.id.text) with {\"isPaused\": false} ends it."
                )
            }
    }
}

extension HostTrigger {
    /// The function without its schema, as the server names it where its schema is in search_path.
    fileprivate var bareFunction: String { "function \(function.split(separator: ".").last ?? "") failed" }
}

extension [RecentRefusals.Entry] {
    /// The refusals in the report of a node.
    fileprivate init(reportOf node: SeenNode) {
        self.init(json: node.report.flatMap { JSONValue(json: $0) }?["refusals"])
    }
}

extension RecentRefusals.Entry {
    fileprivate var remedy: String {
        switch effect {
        case .overloaded: "Senders are faster than the database: docs/runbooks/routing_latency.md"
        case .notStored, .refused, .waiting:
            "The server's log has each refusal; correct what it names, and the senders' repetitions are stored."
        }
    }
}

extension RuleFinding.Code {
    fileprivate var isAboutDestination: Bool {
        switch self {
        case .missingDestination, .inactiveDestination, .pausedDestination, .emptyPool, .deadFallback: true
        default: false
        }
    }
}
