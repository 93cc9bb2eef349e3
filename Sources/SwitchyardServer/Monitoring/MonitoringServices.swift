import JSON
import LeadRouting
import LeadStore
import Logging
import Monitoring
import Outbound
import Postgres
import ServiceLifecycle
import Web

/// The monitoring of the server, as far as it is configured.
struct MonitoringServices: Sendable {
    /// The metrics of this node.
    let metrics: NodeMetrics
    /// Counts batches of leads.
    let meter: any RoutingMeter
    /// `GET /metrics` at the API's port, for clients with the token.
    let endpoint: MountedEndpoint
    /// `GET /metrics` at a port of its own; nil without `METRICS_PORT`.
    let listener: MetricsListener?
    /// Creates spans; nil for none.
    let tracer: SpanTracer?
    /// The services that evaluate alerts, and that report to Datadog.
    let services: [NamedService]
    /// The leads that this node could not store or write lately.
    let refusals = RecentRefusals()

    /// Creates the configured services.
    init(session: DatabaseSession, settings: Settings, log: LogOutput) {
        let registry = MetricRegistry()
        let stores = session.stores
        let pool = session.pool
        let reader = DatabaseReader { try await stores.health.routingReading() }
        let metrics = NodeMetrics(
            version: Version.current,
            registry: registry,
            reader: reader,
            pool: { await pool.statistics() },
            diskPath: settings.databaseURL == nil ? settings.directory : "."
        )
        let sink = log.sink
        registry.reading(
            "switchyard_log_lost_lines_total",
            "Lines of the log that were dropped because the reader was too slow.",
            kind: .counter
        ) { Double(sink.lostLines) }
        if settings.monitoring.alerts.isOn { metrics.watch(alerts: settings.monitoring.alerts.rules.map(\.name)) }
        self.metrics = metrics
        let monitoring = settings.monitoring
        let client = settings.httpClient
        let traces = monitoring.traces.map { Traces($0, transport: client, logger: log.logger) }
        tracer = traces?.tracer
        var meters: [any RoutingMeter] = [metrics.routing]
        if log.isAboutLeads { meters.append(RoutingLog(format: log.format, sink: log.sink)) }
        if let traces { meters.append(BatchSpans(tracer: traces.tracer)) }
        meter = meters.count == 1 ? metrics.routing : RoutingMeters(meters)
        endpoint = .metrics(metrics, token: monitoring.metricsToken, isOpen: false)
        listener = monitoring.metricsPort.map { port in
            var web = WebConfiguration(host: monitoring.metricsHost, port: port)
            web.variables = .metrics
            // Of the descriptors that are kept back from the API's clients.
            web.limits.connections = 32
            let page = MountedEndpoint.metrics(metrics, token: monitoring.metricsToken, isOpen: true)
            return MetricsListener(configuration: web, page: page, logger: log.logger)
        }
        let node = NodeName.make()
        let alerts = AlertWatch(
            stores: stores,
            reader: reader,
            node: node,
            host: NodeName.host(),
            version: Version.current,
            targets: monitoring.targets(
                node: node,
                transport: traces.map { TracedTransport(client, tracer: $0.tracer) } ?? client
            ),
            settings: monitoring.alerts,
            report: metrics.report(watchingDisk: settings.databaseURL == nil, refusals: refusals),
            missedFunctions: { try await stores.schedule.missedFunctions() },
            logger: log.logger
        )
        var services: [NamedService] = [("alerts", alerts)]
        if let account = monitoring.datadog {
            let reporter = DatadogReporter(
                account: account.tagged("node:\(NodeName.host())"),
                metrics: metrics,
                transport: client,
                logger: log.logger
            )
            services.append(("Datadog", reporter))
        }
        if let traces {
            let exporter = traces.exporter
            registry.reading(
                "switchyard_traces_dropped_spans_total",
                "Spans that were dropped because the queue was full.",
                kind: .counter
            ) { Double(exporter.dropped) }
            services.append(("traces", exporter))
        }
        self.services = services
    }
}

extension MonitoringSettings {
    /// Reports errors to Sentry; nil without `SENTRY_DSN`.
    func sentryReporter(transport: any HTTPTransport) -> SentryReporter? {
        sentry.map { sentry in
            SentryReporter(
                dsn: sentry.dsn,
                origin: SentryOrigin(
                    version: Version.current,
                    environment: sentry.environment,
                    node: NodeName.host()
                ),
                rate: sentry.rate,
                transport: transport
            )
        }
    }
}

extension MountedEndpoint {
    /// `GET /metrics`: for a client with the token.
    ///
    /// - Parameters:
    ///   - metrics: the metrics.
    ///   - token: the token; nil if none is set.
    ///   - isOpen: whether, without a token, every client that reaches the listener may read them.
    /// - Returns: the endpoint.
    static func metrics(_ metrics: NodeMetrics, token: Secret?, isOpen: Bool) -> MountedEndpoint {
        MountedEndpoint(path: "/metrics", methods: ["GET"]) { request in
            if let token {
                let header = request.headers.first { $0.name.lowercased() == "authorization" }?.value ?? ""
                guard header.lowercased().hasPrefix("bearer "), token.matches(String(header.dropFirst(7))) else {
                    return .refusal(401, "Send METRICS_TOKEN as a bearer token.", [("WWW-Authenticate", "Bearer")])
                }
            } else if !isOpen {
                return .refusal(403, "Set METRICS_TOKEN to read metrics here, or METRICS_PORT for a port of their own.")
            }
            return Answer(
                status: 200,
                headers: [("Content-Type", MetricRegistry.prometheusType)],
                body: Array(await metrics.page().utf8)
            )
        }
    }
}

extension MountedEndpoint.Answer {
    fileprivate static func refusal(
        _ status: Int,
        _ text: String,
        _ headers: [(name: String, value: String)] = []
    ) -> MountedEndpoint.Answer {
        let title = status == 401 ? "Unauthorized" : "Forbidden"
        let body: JSONValue = [
            "type": "about:blank", "title": .string(title), "status": JSONValue(status), "detail": .string(text),
        ]
        return MountedEndpoint.Answer(
            status: status,
            headers: headers + [("Content-Type", "application/problem+json")],
            body: body.bytes
        )
    }
}
