import Configuration
import Monitoring

/// What can be set about metrics, logs, alerts and where they are sent.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `METRICS_TOKEN` | whoever reads `/metrics` has to send it as a bearer token | unset: only this machine may |
/// | `LOG_FORMAT` | `json`, `text`, or `auto`: text on a terminal, JSON elsewhere | `auto` |
/// | `LOG_ROUTING` | `false`: no line for what became of each lead | `true` |
struct MonitoringSettings: Sendable {
    /// What readers of `/metrics` have to send.
    var metricsToken: Secret?
    /// How lines of the log look; nil: as the terminal asks.
    var logFormat: LogFormat?
    /// Whether there is a line for what became of each lead.
    var logsRouting: Bool

    /// Reads the settings.
    ///
    /// - Throws: `SettingsError` naming the key whose value cannot be used.
    init(reader: ConfigReader) throws {
        let variables = Variables(reader)
        metricsToken = variables.secret("METRICS_TOKEN")
        switch variables.text("LOG_FORMAT")?.lowercased() {
        case nil, "auto": logFormat = nil
        case "json": logFormat = .json
        case "text": logFormat = .text
        default: throw SettingsError(name: "LOG_FORMAT", problem: "must be json, text or auto")
        }
        logsRouting = try variables.truth("LOG_ROUTING") ?? true
    }
}

/// Reads variables by the names that people know them by.
private struct Variables {
    private let reader: ConfigReader

    init(_ reader: ConfigReader) { self.reader = reader }

    func text(_ name: String) -> String? {
        let key = ConfigKey(name.lowercased().split(separator: "_").map(String.init))
        guard let value = reader.string(forKey: key, isSecret: true), !value.isEmpty else { return nil }
        return value
    }

    func secret(_ name: String) -> Secret? { text(name).map(Secret.init) }

    func truth(_ name: String) throws -> Bool? {
        switch text(name)?.lowercased() {
        case nil: return nil
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw SettingsError(name: name, problem: "must be true or false")
        }
    }

    func number(_ name: String, default value: Double, in range: ClosedRange<Double>) throws -> Double {
        guard let text = text(name) else { return value }
        guard let number = Double(text), range.contains(number) else {
            throw SettingsError(name: name, problem: "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
