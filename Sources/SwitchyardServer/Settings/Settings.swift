package import Addresses
package import Inngest
package import LeadRouting
package import LeadStore
package import Outbound
import Postgres
package import Web

/// All settings, with their defaults.
///
/// Order: command line, environment, `.env` in the working directory, default. The settings of `Variables.secrets` can also
/// be given as files: `NAME_FILE` is the path of a file with the value of `NAME`.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `HOST` | address to listen on | `127.0.0.1` |
/// | `PORT` | port to listen on | `8080` |
/// | `TLS_CERTIFICATE_FILE`, `TLS_KEY_FILE` | see ``TLSSettings`` | unset: plain HTTP |
/// | `DATABASE_URL` | PostgreSQL to use; unset: an embedded one | unset |
/// | `DATABASE_CONNECTIONS` | connections of one node, 3 to 100 | `8` |
/// | `SWITCHYARD_DIR` | folder of the embedded PostgreSQL and the demo key | `.switchyard` |
/// | `SUPABASE_SERVICE_ROLE_KEY` | accepted as an administrator's key; at least 32 characters | unset |
/// | `CORS_ALLOWED_ORIGINS` | origins of pages whose scripts may call the API, separated by commas; `*`: all | none |
/// | `TRUSTED_PROXIES` | networks of proxies whose `X-Forwarded-For` names the client, separated by commas | none |
/// | `DISABLE_ROUTING_RETRY` | `true`: retries wait, new leads still route | `false` |
/// | `ROUTING_RETRY_RATE` | retries that one node routes a second, 1 to 100000 | `1000` |
/// | `ANALYSIS_TIME_LIMIT` | seconds that a simulation, lint or explain may take, 1 to 3600 | `30` |
/// | `WORKSPACE_QUOTAS` | quotas of workspaces without their own, `rules=5000,patterns=1000` | unset |
/// | `ADDRESS_REQUESTS_PER_MINUTE` | requests from one address in a minute; administrators' keys are not counted | `240000` |
/// | `ROUTING_AUTO_ROLLBACK` | `false`: never roll back a publication automatically | `true` |
/// | `DATABASE_DIRECT_URL` | the same database without a pooler, to receive notifications of waiting leads | `DATABASE_URL` |
/// | `DATABASE_POOLER` | `transaction`: the connection goes through a pooler in that mode; `none`: it does not | detected |
/// | `LOG_LEVEL` | `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical` | `info` |
/// | `SWITCHYARD_DEMO` | `false`: no demo data for an empty database | `true` with the embedded PostgreSQL |
/// | `EGRESS_PROXY` | an HTTP proxy for requests to other hosts: `http://[USER:PASSWORD@]HOST:PORT` | unset: directly |
/// | `EGRESS_ALLOWED_NETWORKS` | private networks that destinations of tenants may be in, separated by commas | unset: none |
/// | `METRICS_…`, `LOG_…`, `ALERT…`, `PAGERDUTY_…`, `SMTP_…`, `DATADOG_…`, `SENTRY_…`, `OTEL_…` | see ``MonitoringSettings`` | unset |
/// | `SUPABASE_URL`, `SUPABASE_JWT_…` | see ``SupabaseSettings`` | unset: only keys are accepted |
/// | `INNGEST_…` | see ``InngestSettings`` | unset: Switchyard runs the schedule |
package struct Settings: Sendable {
    package var host: String
    package var port: Int
    /// The files for TLS; nil: plain HTTP.
    package var tls: TLSSettings?
    package var databaseURL: String?
    package var directDatabaseURL: String?
    package var databaseIsPooled: Bool?
    package var databaseConnections: Int
    package var directory: String
    package var serviceRoleKey: String?
    package var trustedProxies: [IPNetwork]
    package var cors: CORSPolicy
    package var retriesDisabled: Bool
    package var retryRate: Int
    package var analysisSeconds: Int
    /// The quotas of the installation that are set; others keep their value.
    package var quotas: [Quota: Int]
    /// Requests of one address in a minute.
    package var addressRequests: Int
    package var autoRollback: Bool
    package var logLevel: String
    package var demo: Bool?
    /// The proxy for requests to other hosts; nil: requests go out directly.
    package var egressProxy: OutboundProxy?
    /// The private networks that destinations of tenants may be in.
    package var egressNetworks: [IPNetwork]
    package var supabase: SupabaseSettings
    package var inngest: InngestSettings
    package var monitoring: MonitoringSettings
    /// The files with secrets that every account of the machine may read.
    package private(set) var exposedFiles: [SecretFile]

    /// Reads the settings from variables, by their names; values given on the command line are put in by the caller.
    ///
    /// - Throws: ``SettingsError`` naming the variable whose value cannot be used.
    package init(variables: [String: String]) throws { try self.init(Variables(variables)) }

    /// Reads the settings of this process: its environment, and `.env` with lower precedence if it exists.
    ///
    /// - Throws: ``SettingsError`` naming the variable whose value cannot be used.
    package static func load() throws -> Settings { try Settings(Variables.ofProcess(file: ".env")) }

    private init(_ given: Variables) throws {
        let (variables, exposed) = try given.readingSecretFiles()
        exposedFiles = exposed
        tls = try TLSSettings(variables)
        host = variables.text("HOST") ?? "127.0.0.1"
        port = try variables.whole("PORT", default: 8080, in: 0...65535)
        databaseURL = try Self.database(variables.text("DATABASE_URL"), name: "DATABASE_URL")
        directDatabaseURL = try Self.database(variables.text("DATABASE_DIRECT_URL"), name: "DATABASE_DIRECT_URL")
        databaseIsPooled = try Self.pooler(variables.text("DATABASE_POOLER"))
        databaseConnections = try variables.whole("DATABASE_CONNECTIONS", default: 8, in: 3...100)
        directory = variables.text("SWITCHYARD_DIR") ?? ".switchyard"
        serviceRoleKey = try Self.serviceRoleKey(variables.text("SUPABASE_SERVICE_ROLE_KEY"))
        cors = try Self.cors(variables.text("CORS_ALLOWED_ORIGINS"))
        trustedProxies = try variables.networks("TRUSTED_PROXIES")
        retriesDisabled = try variables.truth("DISABLE_ROUTING_RETRY") ?? false
        retryRate = try variables.whole("ROUTING_RETRY_RATE", default: RetryRateLimiter.standardRate, in: 1...100_000)
        analysisSeconds = try variables.whole("ANALYSIS_TIME_LIMIT", default: 30, in: 1...3600)
        quotas = try Self.quotas(variables.text("WORKSPACE_QUOTAS"))
        addressRequests = try variables.whole(
            "ADDRESS_REQUESTS_PER_MINUTE",
            default: Int(UsualRates().address),
            in: 1...1_000_000_000
        )
        autoRollback = try variables.truth("ROUTING_AUTO_ROLLBACK") ?? true
        logLevel = variables.text("LOG_LEVEL")?.lowercased() ?? "info"
        demo = try variables.truth("SWITCHYARD_DEMO")
        egressProxy = try Self.proxy(variables.text("EGRESS_PROXY"))
        egressNetworks = try variables.networks("EGRESS_ALLOWED_NETWORKS")
        supabase = try SupabaseSettings(variables)
        inngest = try Self.inngest(variables)
        monitoring = try MonitoringSettings(variables)
    }

    private static func inngest(_ variables: Variables) throws(InngestSettingsError) -> InngestSettings {
        let values = InngestSettings.variables.compactMap { name in variables.text(name).map { (name, $0) } }
        return try InngestSettings(environment: Dictionary(uniqueKeysWithValues: values))
    }

    /// The address of this server, as its own machine reaches it.
    package var localAddress: String {
        "\(tls == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// The HTTP client for destinations that the operator configures: alerts, Datadog, Sentry, traces, Inngest.
    ///
    /// They may be in private networks.
    package var httpClient: OutboundHTTPClient { httpClient(reaching: .operatorDestinations) }

    /// The HTTP client for destinations that tenants choose; see ``AddressGuard``.
    package var tenantHTTPClient: OutboundHTTPClient { httpClient(reaching: AddressGuard(allowing: egressNetworks)) }

    private func httpClient(reaching addresses: AddressGuard) -> OutboundHTTPClient {
        OutboundHTTPClient(userAgent: "switchyard/\(Version.current)", proxy: egressProxy, addresses: addresses)
    }

    private static func cors(_ text: String?) throws -> CORSPolicy {
        guard let text else { return .none }
        guard let policy = CORSPolicy(text) else {
            throw SettingsError(
                name: "CORS_ALLOWED_ORIGINS",
                problem: "must be origins such as https://app.example.com, separated by commas, or *"
            )
        }
        return policy
    }

    private static func proxy(_ text: String?) throws -> OutboundProxy? {
        guard let text else { return nil }
        guard let proxy = OutboundProxy(text) else {
            throw SettingsError(name: "EGRESS_PROXY", problem: "must be http://[USER:PASSWORD@]HOST:PORT or https://…")
        }
        return proxy
    }

    /// A key that cannot be guessed; the error for a shorter one says how to make one.
    private static func serviceRoleKey(_ text: String?) throws -> String? {
        guard let text else { return nil }
        guard text.utf8.count >= 32 else {
            throw SettingsError(
                name: "SUPABASE_SERVICE_ROLE_KEY",
                problem:
                    "must have at least 32 characters: use the project's own, or make one by `openssl rand -hex 32`"
            )
        }
        return text
    }

    private static func quotas(_ text: String?) throws -> [Quota: Int] {
        var quotas: [Quota: Int] = [:]
        for part in (text ?? "").split(separator: ",") {
            let sides = part.filter { $0 != " " }.split(separator: "=")
            guard sides.count == 2, let quota = Quota(rawValue: String(sides[0])), let limit = Int32(sides[1]),
                limit >= 0
            else {
                let names = Quota.allCases.map(\.rawValue).joined(separator: ", ")
                throw SettingsError(
                    name: "WORKSPACE_QUOTAS",
                    problem: "must be NAME=NUMBER,… with the names \(names)"
                )
            }
            quotas[quota] = Int(limit)
        }
        return quotas
    }

    /// The limits that a node applies until the database names others.
    package var usualRates: UsualRates {
        var rates = UsualRates()
        rates.address = Int64(addressRequests)
        if let limit = quotas[.keyRequestsPerMinute] { rates.key = Int64(limit) }
        if let limit = quotas[.requestsPerMinute] { rates.workspace = Int64(limit) }
        if let limit = quotas[.leadsPerDay] { rates.leads = Int64(limit) }
        return rates
    }

    private static func pooler(_ value: String?) throws -> Bool? {
        switch value?.lowercased() {
        case nil, "auto": nil
        case "transaction": true
        case "none": false
        default: throw SettingsError(name: "DATABASE_POOLER", problem: "must be transaction, none or auto")
        }
    }

    /// A connection string that libpq can parse; the error for another one does not quote it.
    private static func database(_ value: String?, name: String) throws -> String? {
        guard let value else { return nil }
        do {
            try PostgresConfiguration(connectionString: value).check()
            return value
        } catch {
            var problem = "cannot be used: " + error.message
            if problem.hasSuffix(".") { problem.removeLast() }
            throw SettingsError(name: name, problem: problem)
        }
    }
}

/// An invalid setting.
package struct SettingsError: Error, CustomStringConvertible {
    /// The environment variable's name.
    package var name: String
    /// The valid values; the value itself is not repeated, because it may be a secret.
    package var problem: String

    package var description: String { "\(name) \(problem)." }
}
