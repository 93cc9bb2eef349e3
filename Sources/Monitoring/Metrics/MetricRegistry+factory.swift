package import CoreMetrics

/// Metrics of libraries through swift-metrics have the prefix `switchyard_lib_`; those of the HTTP API have
/// OpenTelemetry's names for HTTP servers, in Prometheus' form.
extension MetricRegistry: MetricsFactory {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(Self.name(label, "_total"), Self.help(label), labels: Self.labels(dimensions))
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(Self.name(label, "_total"), Self.help(label), labels: Self.labels(dimensions))
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(Self.name(label, ""), Self.help(label), labels: Self.labels(dimensions))
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        histogram(Self.name(label, ""), Self.help(label), labels: Self.labels(dimensions))
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(Self.name(label, "_seconds"), Self.help(label), labels: Self.labels(dimensions))
    }

    // Series are kept: a counter that disappears and returns would look like a restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private static func help(_ label: String) -> String {
        serverMetrics[label] ?? "Measured by a library in this process: \(label)."
    }

    private static let serverMetrics = [
        "http.server.request.duration": "From a request's head to its answer, by method and route.",
        "http.server.requests": "Requests that were answered, by method, route and class of status.",
        "http.server.active_requests": "Requests that are being answered.",
    ]

    private static func name(_ label: String, _ unit: String) -> String {
        let name = (serverMetrics[label] == nil ? "switchyard_lib_" : "") + plain(label)
        return name.hasSuffix(unit) ? name : name + unit
    }

    private static func labels(_ dimensions: [(String, String)]) -> Labels {
        dimensions.map { (name: plain($0.0), value: String($0.1.prefix(100))) }
    }

    /// Lower-case letters, digits and underscores.
    private static func plain(_ text: String) -> String {
        let plain = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return plain.first?.isNumber == true ? "_" + String(plain) : String(plain)
    }
}
