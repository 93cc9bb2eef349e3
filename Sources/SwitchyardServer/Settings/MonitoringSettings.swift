package import Monitoring
package import Outbound

/// The settings of metrics, logs, alerts and external monitoring systems.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `METRICS_TOKEN` | bearer token for reading `/metrics` | unset: not at the API's port |
/// | `METRICS_HOST`, `METRICS_PORT` | address of a listener that serves `/metrics` alone | `127.0.0.1`, unset: none |
/// | `LOG_FORMAT` | `json`, `text`, or `auto`: text on a terminal, JSON elsewhere | `auto` |
/// | `LOG_ROUTING` | `false`: do not log the outcome of each lead | `true` |
/// | `ALERTS` | `false`: alerts are not evaluated | `true` |
/// | `ALERT_RULES` | changes of thresholds: `name=VALUE[@SECONDS]` or `name=off`, separated by commas | unset |
/// | `ALERT_REPEAT_MINUTES` | interval of reminders about a firing alert; 0: no reminders | `240` |
/// | `ALERT_RUNBOOKS` | the prefix of a runbook's name | `docs/runbooks/` |
/// | `ALERT_SLACK_WEBHOOK_URL` | a Slack incoming webhook | unset |
/// | `ALERT_WEBHOOK_URL`, `ALERT_WEBHOOK_SECRET` | a webhook, and the secret of its signature | unset |
/// | `PAGERDUTY_ROUTING_KEY`, `PAGERDUTY_URL` | an integration key of Events API v2 | unset |
/// | `ALERT_EMAIL_TO`, `ALERT_EMAIL_FROM` | addresses, separated by commas; one address | unset |
/// | `SMTP_URL`, `SMTP_CA_FILE` | `smtp[s]://[USER:PASSWORD@]HOST[:PORT]`; certificates to trust | unset |
/// | `DATADOG_API_KEY`, `DATADOG_SITE`, `DATADOG_URL`, `DATADOG_TAGS` | Datadog, for metrics and events | unset, `datadoghq.com` |
/// | `OTEL_…` | the trace collector: see ``TraceSettings`` | unset |
/// | `SENTRY_DSN`, `SENTRY_ENVIRONMENT`, `SENTRY_SAMPLE_RATE` | Sentry, for errors | unset, `production`, `1` |
package struct MonitoringSettings: Sendable {
    /// The email addresses of alerts, and the mail server.
    package struct Email: Sendable {
        package var server: SMTPClient.Server
        package var trust: String?
        package var from: String
        package var to: [String]
    }

    /// The Sentry project.
    package struct Sentry: Sendable {
        package var dsn: SentryDSN
        package var environment: String
        package var rate: Double
    }

    /// The bearer token for `/metrics`.
    package var metricsToken: Secret?
    /// The host of the listener for `/metrics`.
    package var metricsHost: String
    /// The port of the listener for `/metrics`; nil for none.
    package var metricsPort: Int?
    /// The format of log lines; nil to choose by the terminal.
    package var logFormat: LogFormat?
    /// Whether the outcome of each lead is logged.
    package var logsRouting: Bool
    /// The alerts.
    package var alerts: AlertSettings
    package var slack: OutboundAddress?
    package var webhook: OutboundAddress?
    package var webhookSecret: Secret?
    package var pagerDuty: Secret?
    package var pagerDutyAddress: OutboundAddress?
    package var email: Email?
    package var datadog: DatadogAccount?
    package var sentry: Sentry?
    /// The trace collector; nil for none.
    package var traces: TraceSettings?

    /// Reads the settings.
    ///
    /// - Throws: `SettingsError` naming the invalid key.
    init(_ variables: Variables) throws {
        metricsToken = variables.secret("METRICS_TOKEN")
        metricsHost = variables.text("METRICS_HOST") ?? "127.0.0.1"
        metricsPort = try variables.whole("METRICS_PORT", in: 1...65535)
        switch variables.text("LOG_FORMAT")?.lowercased() {
        case nil, "auto": logFormat = nil
        case "json": logFormat = .json
        case "text": logFormat = .text
        default: throw SettingsError(name: "LOG_FORMAT", problem: "must be json, text or auto")
        }
        logsRouting = try variables.truth("LOG_ROUTING") ?? true
        alerts = try Self.alerts(variables)
        slack = try variables.address("ALERT_SLACK_WEBHOOK_URL")
        webhook = try variables.address("ALERT_WEBHOOK_URL")
        webhookSecret = variables.secret("ALERT_WEBHOOK_SECRET")
        pagerDuty = variables.secret("PAGERDUTY_ROUTING_KEY")
        pagerDutyAddress =
            try variables.address("PAGERDUTY_URL") ?? OutboundAddress("https://events.pagerduty.com/v2/enqueue")
        email = try Self.email(variables)
        datadog = try Self.datadog(variables)
        sentry = try Self.sentry(variables)
        traces = try TraceSettings(variables.text, node: NodeName.make())
    }

    private static func alerts(_ variables: Variables) throws -> AlertSettings {
        var alerts = AlertSettings()
        alerts.isOn = try variables.truth("ALERTS") ?? true
        alerts.repeatSeconds = Int64(60 * (try variables.number("ALERT_REPEAT_MINUTES", default: 240, in: 0...10080)))
        if let runbooks = variables.text("ALERT_RUNBOOKS") {
            alerts.runbooks = runbooks.hasSuffix("/") ? runbooks : runbooks + "/"
        }
        do throws(AlertSettings.Unreadable) {
            if let changes = variables.text("ALERT_RULES") { try alerts.change(changes) }
        } catch {
            let names = AlertRule.standard.map(\.name).joined(separator: ", ")
            throw SettingsError(
                name: "ALERT_RULES",
                problem:
                    "cannot be read at “\(error.entry)”: write name=VALUE, name=VALUE@SECONDS or name=off. Valid names: \(names)"
            )
        }
        return alerts
    }

    private static func email(_ variables: Variables) throws -> Email? {
        guard let to = variables.text("ALERT_EMAIL_TO") else { return nil }
        let all = to.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
        guard !all.isEmpty, all.allSatisfy(isAddress) else {
            throw SettingsError(name: "ALERT_EMAIL_TO", problem: "must be addresses separated by commas")
        }
        guard let from = variables.text("ALERT_EMAIL_FROM"), isAddress(from) else {
            throw SettingsError(name: "ALERT_EMAIL_FROM", problem: "must be one address, since ALERT_EMAIL_TO is set")
        }
        guard let url = variables.text("SMTP_URL"), let server = SMTPClient.Server(url: url) else {
            throw SettingsError(
                name: "SMTP_URL",
                problem: "must be smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…, since ALERT_EMAIL_TO is set"
            )
        }
        return Email(server: server, trust: variables.text("SMTP_CA_FILE"), from: from, to: all)
    }

    /// Only plain addresses, so that none can add a command or a header field.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
            && text.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value < 0x7F && !"<>()[],;:\\\"".unicodeScalars.contains($0)
            }
    }

    private static func datadog(_ variables: Variables) throws -> DatadogAccount? {
        guard let key = variables.secret("DATADOG_API_KEY") ?? variables.secret("DD_API_KEY") else { return nil }
        let site = variables.text("DATADOG_SITE") ?? variables.text("DD_SITE") ?? "datadoghq.com"
        guard site.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }),
            let standard = OutboundAddress("https://api.\(site)")
        else { throw SettingsError(name: "DATADOG_SITE", problem: "must be a site, for example datadoghq.eu") }
        let tags = (variables.text("DATADOG_TAGS") ?? "").split(separator: ",").map(String.init)
        return DatadogAccount(key: key, address: try variables.address("DATADOG_URL") ?? standard, tags: tags)
    }

    private static func sentry(_ variables: Variables) throws -> Sentry? {
        guard let text = variables.text("SENTRY_DSN") else { return nil }
        guard let dsn = SentryDSN(text) else {
            throw SettingsError(name: "SENTRY_DSN", problem: "must be https://KEY@HOST/PROJECT")
        }
        return Sentry(
            dsn: dsn,
            environment: variables.text("SENTRY_ENVIRONMENT") ?? "production",
            rate: try variables.number("SENTRY_SAMPLE_RATE", default: 1, in: 0...1)
        )
    }
}
