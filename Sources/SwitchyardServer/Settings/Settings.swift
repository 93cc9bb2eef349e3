package import Configuration
import FoundationEssentials
package import Inngest
import LeadRouting
import Postgres
import SystemPackage

/// Everything that can be set from outside, with its default.
///
/// Order: command line, environment, `.env` in the working directory, default.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `HOST` | address to listen on | `127.0.0.1` |
/// | `PORT` | port to listen on | `8080` |
/// | `DATABASE_URL` | PostgreSQL to use; unset: an embedded one | unset |
/// | `DATABASE_CONNECTIONS` | connections of one node, 3 to 100 | `8` |
/// | `SWITCHYARD_DIR` | folder of the embedded PostgreSQL and the demo key | `.switchyard` |
/// | `SUPABASE_SERVICE_ROLE_KEY` | accepted as an administrator's key | unset |
/// | `DISABLE_ROUTING_RETRY` | `true`: retries wait, new leads still route | `false` |
/// | `ROUTING_RETRY_RATE` | retries that one node routes a second, 1 to 100000 | `1000` |
/// | `ROUTING_AUTO_ROLLBACK` | `false`: rules stay, however many routings fail after a publication | `true` |
/// | `DATABASE_DIRECT_URL` | the same database without a pooler in between, to hear of waiting leads at once | `DATABASE_URL` |
/// | `DATABASE_POOLER` | `transaction`: a pooler in that mode is in between; `none`: surely not | found out |
/// | `LOG_LEVEL` | `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical` | `info` |
/// | `SWITCHYARD_DEMO` | `false`: an empty database gets no demo data | `true` with the embedded PostgreSQL |
/// | `METRICS_TOKEN`, `LOG_…`, `ALERT…`, `PAGERDUTY_…`, `SMTP_…`, `DATADOG_…`, `SENTRY_…`, `OTEL_…` | see ``MonitoringSettings`` | unset |
/// | `INNGEST_…` | see ``InngestSettings`` | unset: the schedule is our own |
package struct Settings: Sendable {
    package var host: String
    package var port: Int
    package var databaseURL: String?
    package var directDatabaseURL: String?
    package var databaseIsPooled: Bool?
    package var databaseConnections: Int
    package var directory: String
    package var serviceRoleKey: String?
    package var retriesDisabled: Bool
    package var retryRate: Int
    package var autoRollback: Bool
    package var logLevel: String
    package var demo: Bool?
    package var inngest: InngestSettings
    package var monitoring: MonitoringSettings

    /// Reads the settings; values given on the command line are put in by the caller.
    ///
    /// - Throws: `SettingsError` naming the key whose value cannot be used.
    package init(reader: ConfigReader) throws {
        host = reader.string(forKey: "host", default: "127.0.0.1")
        port = try Self.whole(reader, key: "port", name: "PORT", default: 8080, in: 0...65535)
        databaseURL = try Self.database(reader.string(forKey: "database.url", isSecret: true), name: "DATABASE_URL")
        directDatabaseURL = try Self.database(
            reader.string(forKey: "database.direct.url", isSecret: true),
            name: "DATABASE_DIRECT_URL"
        )
        databaseIsPooled = try Self.pooler(reader.string(forKey: "database.pooler"))
        databaseConnections = try Self.whole(
            reader,
            key: "database.connections",
            name: "DATABASE_CONNECTIONS",
            default: 8,
            in: 3...100
        )
        directory = reader.string(forKey: "switchyard.dir", default: ".switchyard")
        serviceRoleKey = Self.text(reader.string(forKey: "supabase.service.role.key", isSecret: true))
        retriesDisabled = try Self.truth(reader, key: "disable.routing.retry", name: "DISABLE_ROUTING_RETRY") ?? false
        retryRate = try Self.whole(
            reader,
            key: "routing.retry.rate",
            name: "ROUTING_RETRY_RATE",
            default: RetryPace.standardRate,
            in: 1...100_000
        )
        autoRollback = try Self.truth(reader, key: "routing.auto.rollback", name: "ROUTING_AUTO_ROLLBACK") ?? true
        logLevel = reader.string(forKey: "log.level", default: "info").lowercased()
        demo = try Self.truth(reader, key: "switchyard.demo", name: "SWITCHYARD_DEMO")
        inngest = try Self.inngest(reader)
        monitoring = try MonitoringSettings(reader: reader)
    }

    /// Reads the settings from variables, by their names.
    ///
    /// - Throws: `SettingsError` naming the variable whose value cannot be used.
    package init(variables: [String: String]) throws {
        try self.init(reader: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)))
    }

    /// Reads the settings of this process: its environment, and `.env` beneath it where there is one.
    package static func load() async throws -> Settings {
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider()]
        if FileManager.default.fileExists(atPath: ".env") {
            providers.append(try await EnvironmentVariablesProvider(environmentFilePath: FilePath(".env")))
        }
        return try Settings(reader: ConfigReader(providers: providers))
    }

    private static func inngest(_ reader: ConfigReader) throws(InngestSettingsError) -> InngestSettings {
        var values: [String: String] = [:]
        for name in InngestSettings.variables {
            let key = ConfigKey(name.lowercased().split(separator: "_").map(String.init))
            values[name] = reader.string(forKey: key, isSecret: true)
        }
        return try InngestSettings(environment: values)
    }

    private static func pooler(_ value: String?) throws -> Bool? {
        switch text(value)?.lowercased() {
        case nil, "auto": nil
        case "transaction": true
        case "none": false
        default: throw SettingsError(name: "DATABASE_POOLER", problem: "must be transaction, none or auto")
        }
    }

    /// A connection string that libpq can read; an error about another one repeats no part of it.
    private static func database(_ value: String?, name: String) throws -> String? {
        guard let value = text(value) else { return nil }
        do {
            try PostgresConfiguration(connectionString: value).check()
            return value
        } catch {
            var problem = "cannot be used: " + error.message
            if problem.hasSuffix(".") { problem.removeLast() }
            throw SettingsError(name: name, problem: problem)
        }
    }

    private static func text(_ value: String?) -> String? {
        guard let value, !value.isEmpty else { return nil }
        return value
    }

    private static func whole(
        _ reader: ConfigReader,
        key: ConfigKey,
        name: String,
        default value: Int,
        in range: ClosedRange<Int>
    ) throws -> Int {
        guard let text = text(reader.string(forKey: key)) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw SettingsError(
                name: name,
                problem: "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    private static func truth(_ reader: ConfigReader, key: ConfigKey, name: String) throws -> Bool? {
        guard let text = text(reader.string(forKey: key)) else { return nil }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw SettingsError(name: name, problem: "must be true or false")
        }
    }
}

/// A setting whose value cannot be used.
package struct SettingsError: Error, CustomStringConvertible {
    /// The environment variable's name.
    package var name: String
    /// What its value must be; the value itself is not repeated, it may be a secret.
    package var problem: String

    package var description: String { "\(name) \(problem)." }
}
