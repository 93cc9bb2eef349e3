import Addresses
import Inngest
import Monitoring
import Outbound
import SwitchyardServer
import Testing
import Web

/// The settings of variables, and the errors of invalid values.
struct SettingsTests {
    @Test
    func defaultsListenLocallyWithEmbeddedDatabase() throws {
        let settings = try Settings(variables: [:])
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 8080)
        #expect(settings.databaseURL == nil)
        #expect(settings.directDatabaseURL == nil)
        #expect(settings.databaseIsPooled == nil)
        #expect(settings.databaseConnections == 8)
        #expect(settings.directory == ".switchyard")
        #expect(settings.serviceRoleKey == nil)
        #expect(settings.trustedProxies.isEmpty)
        #expect(settings.cors == .none)
        #expect(!settings.retriesDisabled)
        #expect(settings.retryRate == 1000)
        #expect(settings.analysisSeconds == 30)
        #expect(settings.quotas.isEmpty)
        #expect(settings.autoRollback)
        #expect(settings.logLevel == "info")
        #expect(settings.demo == nil)
        #expect(settings.monitoring.metricsToken == nil)
        #expect(settings.monitoring.metricsHost == "127.0.0.1")
        #expect(settings.monitoring.metricsPort == nil)
        #expect(settings.monitoring.logFormat == nil)
        #expect(settings.monitoring.logsRouting)
        #expect(settings.monitoring.alerts.isOn)
        #expect(settings.monitoring.alerts.repeatSeconds == 240 * 60)
        #expect(settings.monitoring.alerts.runbooks == "docs/runbooks/")
        #expect(settings.monitoring.slack == nil)
        #expect(settings.monitoring.webhook == nil)
        #expect(settings.monitoring.pagerDuty == nil)
        #expect(settings.monitoring.email == nil)
        #expect(settings.monitoring.datadog == nil)
        #expect(settings.monitoring.sentry == nil)
        #expect(settings.monitoring.traces == nil)
        #expect(!settings.inngest.drivesSchedule)
    }

    @Test
    func serverVariablesAreRead() throws {
        let settings = try Settings(variables: [
            "HOST": "0.0.0.0", "PORT": "9000", "DATABASE_URL": "postgresql://db/leads",
            "DATABASE_DIRECT_URL": "postgresql://direct/leads", "DATABASE_POOLER": "Transaction",
            "DATABASE_CONNECTIONS": "20", "SWITCHYARD_DIR": "/var/lib/switchyard",
            "SUPABASE_SERVICE_ROLE_KEY": "service-role-key-of-32-characters", "DISABLE_ROUTING_RETRY": "yes",
            "ROUTING_RETRY_RATE": "5",
            "ROUTING_AUTO_ROLLBACK": "off", "LOG_LEVEL": "DEBUG", "SWITCHYARD_DEMO": "1",
            "TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1",
            "CORS_ALLOWED_ORIGINS": "https://app.example.com, http://localhost:3000",
        ])
        #expect(settings.host == "0.0.0.0")
        #expect(settings.port == 9000)
        #expect(settings.databaseURL == "postgresql://db/leads")
        #expect(settings.directDatabaseURL == "postgresql://direct/leads")
        #expect(settings.databaseIsPooled == true)
        #expect(settings.databaseConnections == 20)
        #expect(settings.directory == "/var/lib/switchyard")
        #expect(settings.serviceRoleKey == "service-role-key-of-32-characters")
        #expect(settings.retriesDisabled)
        #expect(settings.retryRate == 5)
        #expect(!settings.autoRollback)
        #expect(settings.logLevel == "debug")
        #expect(settings.demo == true)
        #expect(settings.cors == .origins(["https://app.example.com", "http://localhost:3000"]))
        #expect(settings.trustedProxies.map(\.description) == ["10.0.0.0/8", "2001:db8::1/128"])
    }

    @Test
    func emptyVariablesCountAsUnset() throws {
        let settings = try Settings(variables: [
            "DATABASE_URL": "", "SUPABASE_SERVICE_ROLE_KEY": "", "PORT": "", "SWITCHYARD_DEMO": "", "SENTRY_DSN": "",
        ])
        #expect(settings.databaseURL == nil)
        #expect(settings.serviceRoleKey == nil)
        #expect(settings.port == 8080)
        #expect(settings.demo == nil)
        #expect(settings.monitoring.sentry == nil)
    }

    @Test
    func monitoringVariablesAreRead() throws {
        let settings = try Settings(variables: [
            "METRICS_TOKEN": "secret", "METRICS_HOST": "::1", "METRICS_PORT": "9464", "LOG_FORMAT": "json",
            "LOG_ROUTING": "false", "ALERTS": "no",
            "ALERT_REPEAT_MINUTES": "0", "ALERT_RUNBOOKS": "https://wiki.example/runbooks",
            "ALERT_RULES": "routing_failure_rate=0.2@60,stale_locks=off",
            "ALERT_SLACK_WEBHOOK_URL": "https://hooks.example/1",
            "ALERT_WEBHOOK_URL": "https://alerts.example", "ALERT_WEBHOOK_SECRET": "signs",
            "PAGERDUTY_ROUTING_KEY": "pager", "PAGERDUTY_URL": "https://pager.example",
            "ALERT_EMAIL_TO": "a@example.com, b@example.com", "ALERT_EMAIL_FROM": "switchyard@example.com",
            "SMTP_URL": "smtps://mail.example", "SMTP_CA_FILE": "/etc/ca.pem", "DATADOG_API_KEY": "dog",
            "DATADOG_SITE": "datadoghq.eu", "DATADOG_TAGS": "env:prod,team:leads",
            "SENTRY_DSN": "https://key@sentry.example/7", "SENTRY_ENVIRONMENT": "staging", "SENTRY_SAMPLE_RATE": "0.5",
        ])
        let monitoring = settings.monitoring
        #expect(monitoring.metricsToken?.matches("secret") == true)
        #expect(monitoring.metricsHost == "::1")
        #expect(monitoring.metricsPort == 9464)
        #expect(monitoring.logFormat == .json)
        #expect(!monitoring.logsRouting)
        #expect(!monitoring.alerts.isOn)
        #expect(monitoring.alerts.repeatSeconds == 0)
        #expect(monitoring.alerts.runbooks == "https://wiki.example/runbooks/")
        #expect(monitoring.alerts.rules.contains { $0.name == "stale_locks" && !$0.isOn })
        let targets = monitoring.targets(node: "n", transport: settings.httpClient)
        #expect(targets.map(\.name) == ["pagerduty", "slack", "email", "webhook", "datadog"])
        #expect(monitoring.email?.to == ["a@example.com", "b@example.com"])
        #expect(monitoring.email?.trust == "/etc/ca.pem")
        #expect(monitoring.sentry?.environment == "staging")
        #expect(monitoring.sentry?.rate == 0.5)
    }

    @Test
    func proxyForRequestsIsRead() throws {
        #expect(try Settings(variables: [:]).httpClient.proxy == nil)
        let settings = try Settings(variables: ["EGRESS_PROXY": "http://user:word@proxy.example:3128"])
        #expect(settings.httpClient.proxy == OutboundProxy("http://user:word@proxy.example:3128"))
        let error = #expect(throws: SettingsError.self) { try Settings(variables: ["EGRESS_PROXY": "socks5://word@p"]) }
        #expect(error.map { "\($0)".contains("EGRESS_PROXY") && !"\($0)".contains("word") } == true)
    }

    /// Alerts may go to a private network; what tenants choose may not, unless the operator allows it.
    @Test
    func tenantsReachPublicAddressesAndAllowedNetworks() throws {
        let local = try #require(IPAddress("10.1.2.3"))
        let settings = try Settings(variables: [:])
        #expect(settings.httpClient.addresses.allows(local))
        #expect(!settings.tenantHTTPClient.addresses.allows(local))
        let open = try Settings(variables: ["EGRESS_ALLOWED_NETWORKS": "10.1.0.0/16, fd12::/16"])
        #expect(open.tenantHTTPClient.addresses.allows(local))
        #expect(!open.tenantHTTPClient.addresses.allows(try #require(IPAddress("10.2.0.1"))))
    }

    @Test
    func traceVariablesAreRead() throws {
        let traces = try Settings(variables: [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318/", "OTEL_TRACES_SAMPLER": "always_off",
            "OTEL_SERVICE_NAME": "leads", "OTEL_RESOURCE_ATTRIBUTES": "team=lead%20routing",
        ])
        .monitoring.traces
        #expect(traces?.collector.url == "http://127.0.0.1:4318/v1/traces")
        #expect(traces?.collector.resource.contains { $0.key == "service.name" && $0.value == "leads" } == true)
        #expect(traces?.collector.resource.contains { $0.key == "team" && $0.value == "lead routing" } == true)
    }

    @Test(arguments: ["OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none"])
    func tracesCanBeSwitchedOff(variable: String, value: String) throws {
        let settings = try Settings(variables: [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", variable: value,
        ])
        #expect(settings.monitoring.traces == nil)
    }

    /// An invalid value, the other variables, and the error message.
    struct WrongValue: Sendable, CustomTestStringConvertible {
        let variable: String
        let value: String
        let message: String
        var beside: [String: String] = [:]

        var testDescription: String { "\(variable)=\(value)" }
    }

    private static let number = "must be a whole number from"
    private static let address = "must be https://…, or http:// to this machine"

    static let wrongValues = [
        WrongValue(variable: "PORT", value: "70000", message: "\(number) 0 to 65535"),
        WrongValue(variable: "PORT", value: "http", message: "\(number) 0 to 65535"),
        WrongValue(variable: "DATABASE_CONNECTIONS", value: "2", message: "\(number) 3 to 100"),
        WrongValue(
            variable: "WORKSPACE_QUOTAS",
            value: "rools=1",
            message:
                "must be NAME=NUMBER,… with the names rules, ruleComparisons, comparisons, patterns, pools, goldenLeads, assignees, draftBytes, requestsPerMinute, keyRequestsPerMinute, leadsPerDay"
        ),
        WrongValue(variable: "ANALYSIS_TIME_LIMIT", value: "0", message: "\(number) 1 to 3600"),
        WrongValue(variable: "ROUTING_RETRY_RATE", value: "0", message: "\(number) 1 to 100000"),
        WrongValue(variable: "DATABASE_URL", value: "postgresql://h/%zz", message: "cannot be used"),
        WrongValue(variable: "DATABASE_DIRECT_URL", value: "nonsense=1", message: "cannot be used"),
        WrongValue(
            variable: "SUPABASE_SERVICE_ROLE_KEY",
            value: "only-31-characters-of-a-secret-",
            message: "must have at least 32 characters: use the project's own, or make one by `openssl rand -hex 32`"
        ),
        WrongValue(variable: "CORS_ALLOWED_ORIGINS", value: "app.example.com", message: "must be origins"),
        WrongValue(variable: "TRUSTED_PROXIES", value: "10.0.0.0/8,proxy", message: "must be addresses or networks"),
        WrongValue(variable: "DATABASE_POOLER", value: "session", message: "must be transaction, none or auto"),
        WrongValue(variable: "DISABLE_ROUTING_RETRY", value: "maybe", message: "must be true or false"),
        WrongValue(variable: "ROUTING_AUTO_ROLLBACK", value: "2", message: "must be true or false"),
        WrongValue(variable: "SWITCHYARD_DEMO", value: "perhaps", message: "must be true or false"),
        WrongValue(variable: "TLS_KEY_FILE", value: "", message: "must be set", beside: ["TLS_CERTIFICATE_FILE": "/x"]),
        WrongValue(variable: "TLS_CERTIFICATE_FILE", value: "", message: "must be set", beside: ["TLS_KEY_FILE": "/x"]),
        WrongValue(variable: "METRICS_PORT", value: "0", message: "\(number) 1 to 65535"),
        WrongValue(
            variable: "EGRESS_ALLOWED_NETWORKS",
            value: "10.0.0.0/33",
            message: "must be addresses or networks separated by commas"
        ),
        WrongValue(variable: "LOG_FORMAT", value: "xml", message: "must be json, text or auto"),
        WrongValue(variable: "LOG_ROUTING", value: "some", message: "must be true or false"),
        WrongValue(variable: "ALERTS", value: "loud", message: "must be true or false"),
        WrongValue(variable: "ALERT_REPEAT_MINUTES", value: "-1", message: "must be a number from 0"),
        WrongValue(variable: "ALERT_RULES", value: "no_such=1", message: "cannot be read at “no_such=1”"),
        WrongValue(variable: "ALERT_SLACK_WEBHOOK_URL", value: "http://example.com", message: address),
        WrongValue(variable: "ALERT_WEBHOOK_URL", value: "ftp://example.com", message: address),
        WrongValue(variable: "PAGERDUTY_URL", value: "pager", message: address),
        WrongValue(variable: "ALERT_EMAIL_TO", value: "nobody", message: "must be addresses separated by commas"),
        WrongValue(
            variable: "ALERT_EMAIL_FROM",
            value: "a b@example.com",
            message: "must be one address",
            beside: ["ALERT_EMAIL_TO": "a@example.com"]
        ),
        WrongValue(
            variable: "SMTP_URL",
            value: "mail.example",
            message: "must be smtp://",
            beside: ["ALERT_EMAIL_TO": "a@example.com", "ALERT_EMAIL_FROM": "b@example.com"]
        ),
        WrongValue(
            variable: "DATADOG_SITE",
            value: "data dog",
            message: "must be a site, for example datadoghq.eu",
            beside: ["DATADOG_API_KEY": "k"]
        ),
        WrongValue(variable: "DATADOG_URL", value: "x", message: address, beside: ["DATADOG_API_KEY": "k"]),
        WrongValue(
            variable: "SENTRY_DSN",
            value: "https://sentry.example",
            message: "must be https://KEY@HOST/PROJECT"
        ),
        WrongValue(
            variable: "SENTRY_SAMPLE_RATE",
            value: "2",
            message: "must be a number from 0.0 to 1.0",
            beside: ["SENTRY_DSN": "https://key@sentry.example/7"]
        ),
        WrongValue(variable: "OTEL_TRACES_EXPORTER", value: "zipkin", message: "must be otlp or none"),
        WrongValue(
            variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
            value: "collector:4318",
            message: "must be an address that begins with http:// or https://"
        ),
        WrongValue(
            variable: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            value: "http://collector.example",
            message: "must begin with https://",
            beside: ["OTEL_EXPORTER_OTLP_HEADERS": "key=value"]
        ),
        WrongValue(
            variable: "OTEL_EXPORTER_OTLP_HEADERS",
            value: "key",
            message: "must be name=value",
            beside: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"]
        ),
        WrongValue(
            variable: "OTEL_EXPORTER_OTLP_PROTOCOL",
            value: "grpc",
            message: "must be http/json",
            beside: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"]
        ),
        WrongValue(
            variable: "OTEL_TRACES_SAMPLER",
            value: "some",
            message: "must be always_on",
            beside: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"]
        ),
        WrongValue(
            variable: "OTEL_RESOURCE_ATTRIBUTES",
            value: "team",
            message: "must be name=value",
            beside: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"]
        ),
    ]

    @Test(arguments: wrongValues)
    func errorNamesVariableAndValidValues(wrong: WrongValue) throws {
        var variables = wrong.beside
        variables[wrong.variable] = wrong.value
        let error = try #require(throws: SettingsError.self) { try Settings(variables: variables) }
        #expect(error.name == wrong.variable)
        #expect(error.description.hasPrefix("\(wrong.variable) \(wrong.message)"))
    }

    @Test
    func errorNamesInngestVariable() throws {
        let error = try #require(throws: InngestSettingsError.self) {
            try Settings(variables: ["INNGEST_SIGNING_KEY_FALLBACK": "signkey-test-00"])
        }
        #expect("\(error)".contains("INNGEST_SIGNING_KEY"))
    }

    @Test
    func errorsHidePasswords() throws {
        let error = try #require(throws: SettingsError.self) {
            try Settings(variables: ["DATABASE_URL": "postgresql://user:hunter2@host/db?nonsense=1"])
        }
        #expect(!error.description.contains("hunter2"))
    }
}
