import CoreMetrics
import HTTPTypes
import Hummingbird
import Synchronization

/// Counts and times requests by method and route, under OpenTelemetry's names for HTTP servers.
///
/// A label is never a path: it is the route's pattern, or `unknown` for a path without a route; a method that the route
/// does not have is `_OTHER`. So the number of series is bounded by the routes. Each metric is created at its first
/// request and kept: a request costs a look-up by its pattern and some additions.
/// https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
final class HTTPMeter: Sendable {
    /// One method of one route.
    final class Route: Sendable {
        private struct Cells {
            var timer: Timer?
            /// By the first digit of the status.
            var counters: [Counter?] = Array(repeating: nil, count: 6)
        }

        private let factory: any MetricsFactory
        private let method: String
        private let route: String
        private let cells = Mutex(Cells())

        init(_ factory: any MetricsFactory, method: String, route: String) {
            self.factory = factory
            self.method = method
            self.route = route
        }

        /// Counts an answered request.
        func record(status: Int, nanoseconds: Int64) {
            let kind = (1...5).contains(status / 100) ? status / 100 : 5
            let (timer, counter) = cells.withLock { cells in
                let timer = cells.timer ?? makeTimer()
                let counter = cells.counters[kind] ?? makeCounter(kind)
                cells.timer = timer
                cells.counters[kind] = counter
                return (timer, counter)
            }
            timer.recordNanoseconds(nanoseconds)
            counter.increment()
        }

        private var labels: [(String, String)] { [("http.request.method", method), ("http.route", route)] }

        private func makeTimer() -> Timer {
            Timer(label: "http.server.request.duration", dimensions: labels, factory: factory)
        }

        private func makeCounter(_ kind: Int) -> Counter {
            Counter(
                label: "http.server.requests",
                dimensions: labels + [("http.response.status_class", "\(kind)xx")],
                factory: factory
            )
        }
    }

    /// The methods of one route; unknown ones share one entry.
    private struct Methods: Sendable {
        var known: [(method: HTTPRequest.Method, route: Route)]
        var other: Route
    }

    private let factory: any MetricsFactory
    private let routes = Mutex<[String: Methods]>([:])
    private let unknown: Route
    private let active: Meter

    /// A meter without routes.
    init(factory: any MetricsFactory) {
        self.factory = factory
        unknown = Route(factory, method: "_OTHER", route: "unknown")
        active = Meter(label: "http.server.active_requests", dimensions: [], factory: factory)
        active.set(0)
    }

    /// Sets the routes, once, before the first request: the paths as in the router (`/api/leads/:id`).
    func learn(_ known: [(path: String, methods: [HTTPRequest.Method])]) {
        var all: [String: Methods] = [:]
        for (path, methods) in known {
            let pattern = RouterPath(path).description
            all[pattern] = Methods(
                known: methods.map { ($0, Route(factory, method: $0.rawValue, route: pattern)) },
                other: Route(factory, method: "_OTHER", route: pattern)
            )
        }
        routes.withLock { $0 = all }
    }

    /// The meter of a method at a route, by its pattern (`/api/leads/{id}`); nil for a path without a route.
    func route(_ method: HTTPRequest.Method, _ path: String?) -> Route {
        guard let path, let methods = routes.withLock({ $0[path] }) else { return unknown }
        return methods.known.first { $0.method == method }?.route ?? methods.other
    }

    /// A request has begun.
    func begin() { active.increment() }

    /// A request has ended.
    func end() { active.decrement() }
}
