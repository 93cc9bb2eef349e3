import CoreMetrics
import Testing

@testable import Monitoring

/// The text format: families with their help and type, labels escaped, histograms that add up.
@Suite struct PrometheusTests {
    @Test func familiesAreSortedAndComplete() {
        let registry = MetricRegistry()
        registry.counter("b_total", "Second.", labels: [("way", "a\"b\\c\nd")]).add(3)
        registry.gauge("a", "First.").set(1.5)
        registry.reading("absent", "Not known.") { nil }
        #expect(
            registry.prometheusText() == """
                # HELP a First.
                # TYPE a gauge
                a 1.5
                # HELP b_total Second.
                # TYPE b_total counter
                b_total{way="a\\"b\\\\c\\nd"} 3

                """
        )
    }

    @Test func histogramsAreCumulative() {
        let registry = MetricRegistry()
        let histogram = registry.histogram("h_seconds", "Times.", bounds: [0.1, 1], labels: [("k", "v")])
        histogram.observe { count in
            for milliseconds in [50, 100, 101, 900, 5000] { count(.milliseconds(milliseconds)) }
        }
        let lines = registry.prometheusText().split(separator: "\n").dropFirst(2).map(String.init)
        #expect(
            lines == [
                #"h_seconds_bucket{k="v",le="0.1"} 2"#, #"h_seconds_bucket{k="v",le="1"} 4"#,
                #"h_seconds_bucket{k="v",le="+Inf"} 5"#, #"h_seconds_sum{k="v"} 6.151"#, #"h_seconds_count{k="v"} 5"#,
            ]
        )
    }

    @Test func sameNameAndLabelsShareCell() {
        let registry = MetricRegistry()
        registry.counter("c_total", "", labels: [("a", "1")]).add(2)
        registry.counter("c_total", "", labels: [("a", "1")]).add(3)
        registry.counter("c_total", "", labels: [("a", "2")]).add(7)
        let text = registry.prometheusText()
        #expect(text.contains(#"c_total{a="1"} 5"#) && text.contains(#"c_total{a="2"} 7"#))
    }

    /// A label with too many values stops adding series.
    @Test func seriesAreBounded() {
        let registry = MetricRegistry()
        for number in 0..<(MetricRegistry.maximumSeries + 100) {
            registry.counter("c_total", "", labels: [("id", "\(number)")]).add(1)
        }
        let count = registry.prometheusText().split(separator: "\n").count { !$0.hasPrefix("#") }
        #expect(count == MetricRegistry.maximumSeries)
    }

    @Test func libraryMetricsAreExported() {
        let registry = MetricRegistry()
        Counter(label: "ahc.requests", dimensions: [("Host-Name", "x")], factory: registry).increment(by: 4)
        Timer(label: "9lives", factory: registry).recordMilliseconds(20)
        let text = registry.prometheusText()
        #expect(text.contains(#"switchyard_lib_ahc_requests_total{host_name="x"} 4"#))
        #expect(text.contains("switchyard_lib__9lives_seconds_sum 0.02"))
    }

    @Test func quantilesAreInterpolated() {
        var tally = Histogram.Tally(ranges: 4)
        #expect(tally.quantile(0.95, bounds: [1, 2, 4]) == nil)
        tally.counts = [90, 10, 0, 0]
        #expect(tally.quantile(0.5, bounds: [1, 2, 4]).map { abs($0 - 50.0 / 90) < 1e-9 } == true)
        #expect(tally.quantile(0.95, bounds: [1, 2, 4]) == 1.5)
        tally.counts = [0, 0, 0, 3]
        #expect(tally.quantile(0.95, bounds: [1, 2, 4]) == 4)
    }
}
