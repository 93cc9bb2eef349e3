import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Monitoring
import Postgres
import RoutingRules
import SwitchyardServer

/// Lists alerts, silences them, and tests their targets.
struct Alerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the alerts, silence one, or test the targets.",
        subcommands: [List.self, Test.self, Silence.self],
        defaultSubcommand: List.self
    )
}

extension Alerts {
    /// Shows the state of each alert.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the state of each alert.")

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await withUseCases(onlyReads: true) { useCases, session in
                let (alerts, now) = try await useCases.alerts.list(as: .commandLine)
                let stored = Dictionary(alerts.map { ($0.name, $0) }) { first, _ in first }
                var table = TextTable(["NAME", "STATE", "SEVERITY", "VALUE", "CONDITION", "SINCE"])
                for rule in session.settings.monitoring.alerts.rules {
                    let alert = stored[rule.name]
                    table.add([
                        rule.name, Self.state(alert, rule, at: now), rule.severity.rawValue,
                        alert?.value.map { "\((($0 * 100).rounded()) / 100)" } ?? "",
                        rule.condition, alert.map { "\($0.since)" } ?? "",
                    ])
                }
                output.print(table, to: terminal)
                if output.json { return }
                let names = session.settings.monitoring.targets(node: "", transport: session.settings.httpClient)
                    .map(\.name)
                terminal.output("\nTargets: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
            }
        }

        private static func state(_ alert: StoredAlert?, _ rule: AlertRule, at now: Timestamp) -> String {
            guard rule.isOn else { return "off" }
            guard let alert else { return "never evaluated" }
            guard let end = alert.silencedUntil, end > now else { return alert.phase }
            return "\(alert.phase), silenced until \(end)\(alert.silenceReason.map { ": \($0)" } ?? "")"
        }
    }

    /// Sends a test message to each target.
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a test message to each target.",
            discussion: "Exits with 1 if one of them does not accept it. Uses no database."
        )

        @Option(help: "Only this target: slack, webhook, pagerduty, email or datadog.")
        var target: String?

        func run() async throws {
            let settings = try CommandContext.current.settings()
            let all = settings.monitoring.targets(node: NodeName.host(), transport: settings.httpClient)
            let chosen = all.filter { target == nil || $0.name == target }
            guard !chosen.isEmpty else {
                throw CommandError(
                    target.map { "The target “\($0)” is not set up." } ?? "No target is set up.",
                    remedy: "docs/monitoring.md lists the variables, for example ALERT_SLACK_WEBHOOK_URL."
                )
            }
            let now = Timestamp(microsecondsSinceUnixEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000))
            var isWell = true
            for target in chosen {
                let message = AlertMessage(
                    id: "test:\(UUID.new().text):\(target.name)",
                    kind: .test,
                    alert: "test",
                    episode: 0,
                    severity: .info,
                    summary: "A test.",
                    value: nil,
                    condition: "none",
                    runbook: settings.monitoring.alerts.runbooks,
                    time: now
                )
                do {
                    try await target.send(message)
                    terminal.output("✓ \(target.name): taken")
                } catch {
                    isWell = false
                    terminal.output("✗ \(target.name): \(error)")
                }
            }
            if !isWell { throw ExitCode(1) }
        }
    }

    /// Silences an alert for a time.
    struct Silence: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send no messages about an alert for a time.",
            discussion: "The alert is still evaluated. If it fires when the silence ends, it is sent then."
        )

        @Argument(help: "Its name, as `switchyard alerts list` shows it; `all` for all alerts.")
        var name: String

        @Option(name: .customLong("for"), help: "How long: 30m, 2h, 1d; 0 ends a silence.")
        var time: String

        @Option(help: "The reason, shown with the alert.")
        var reason: String?

        func validate() throws {
            guard Self.seconds(time) != nil else {
                throw ValidationError("--for must be a number followed by m, h or d, at most 30d, such as 2h.")
            }
        }

        func run() async throws {
            let names = AlertRule.standard.map(\.name)
            guard name == "all" || names.contains(name) else {
                throw CommandError(
                    "The alert “\(name)” does not exist.",
                    remedy: "Valid names: \(names.joined(separator: ", "))."
                )
            }
            let seconds = Self.seconds(time) ?? 0
            try await withUseCases { useCases, _ in
                try await useCases.alerts.silence(
                    name == "all" ? names : [name],
                    seconds: seconds,
                    reason: reason,
                    as: .commandLine
                )
            }
            let subject = name == "all" ? "Every alert" : name
            terminal.output(
                seconds > 0 ? "\(subject) is silenced for \(time)." : "\(subject) is no longer silenced."
            )
        }

        /// Parses a duration in seconds; nil for other text, or more than thirty days.
        static func seconds(_ text: String) -> Double? {
            if text == "0" { return 0 }
            let units: [Character: Double] = ["m": 60, "h": 3600, "d": 86400]
            guard let last = text.last, let unit = units[last], let number = Double(text.dropLast()), number >= 0,
                number * unit <= 30 * 86400
            else { return nil }
            return number * unit
        }
    }
}
