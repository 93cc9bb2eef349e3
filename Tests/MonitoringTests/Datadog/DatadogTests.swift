import Testing

@testable import Monitoring

/// The data sent to Datadog: changes since the last report, and current values.
@Suite struct DatadogTests {
    @Test func countsCoverOneInterval() {
        let registry = MetricRegistry()
        let counter = registry.counter("c_total", "", datadog: "c", labels: [("way", "x")])
        let gauge = registry.gauge("g", "", datadog: "g")
        registry.counter("hidden_total", "").add(1)
        var series = DatadogSeries()
        counter.add(5)
        gauge.set(2.0)
        let first = series.points(registry, at: 100, interval: 15, tags: ["env:t"])
        #expect(first.map(\.metric) == ["switchyard.c", "switchyard.g"])
        #expect(first[0].type == 1 && first[0].points == [.init(timestamp: 100, value: 5)] && first[0].interval == 15)
        #expect(first[0].tags == ["env:t", "way:x"] && first[1].type == 3 && first[1].interval == nil)
        counter.add(2)
        #expect(series.points(registry, at: 115, interval: 15, tags: ["env:t"])[0].points[0].value == 2)
        #expect(series.points(registry, at: 130, interval: 15, tags: ["env:t"])[0].points[0].value == 0)
        counter.reset()
        counter.add(3)
        #expect(series.points(registry, at: 145, interval: 15, tags: ["env:t"])[0].points[0].value == 3)
    }

    @Test func percentilesCoverOneInterval() {
        let registry = MetricRegistry()
        let histogram = registry.histogram("h_seconds", "", bounds: [1, 2, 4], datadog: "h")
        var series = DatadogSeries()
        histogram.observe(.seconds(3))
        _ = series.points(registry, at: 1, interval: 15, tags: [])
        #expect(series.points(registry, at: 2, interval: 15, tags: []).map(\.metric) == ["switchyard.h.count"])
        for _ in 0..<100 { histogram.observe(.milliseconds(500)) }
        let points = series.points(registry, at: 3, interval: 15, tags: [])
        #expect(points.map(\.metric) == ["count", "p50", "p95", "p99"].map { "switchyard.h." + $0 })
        #expect(points[0].points[0].value == 100 && points[2].points[0].value < 1)
    }

    /// While Datadog cannot be reached the newest requests are kept, up to the limit, and the others are counted.
    @Test func backlogIsBounded() {
        var backlog = DatadogBacklog()
        let point = DatadogSeries.Point(metric: "m", type: 3, interval: nil, points: [], tags: [])
        for _ in 0..<(DatadogReporter.bound + 7) { backlog.add([point]) }
        #expect(backlog.bodies.count == DatadogReporter.bound && backlog.dropped == 7)
        backlog.add(Array(repeating: point, count: DatadogReporter.batch + 1))
        #expect(backlog.bodies.count == DatadogReporter.bound && backlog.dropped == 9)
    }
}
