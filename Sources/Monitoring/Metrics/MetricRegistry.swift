import Synchronization

/// All metrics of the process: families by name, each with its series.
///
/// Names and labels are created once; a caller that counts holds the cell and needs no look-up. The number of series of
/// a family is limited, so that a label with too many values cannot fill the memory.
package final class MetricRegistry: Sendable {
    /// The kind of a family.
    package enum Kind: String, Sendable, Hashable {
        /// Only grows.
        case counter
        /// Goes up and down.
        case gauge
        /// Durations by range.
        case histogram
    }

    /// The labels that identify a series of a family.
    package typealias Labels = [(name: String, value: String)]

    enum Cell: Sendable {
        case counter(MetricCounter)
        case gauge(MetricGauge)
        /// Read at each scrape; nil omits the series.
        case reading(@Sendable () -> Double?)
        case histogram(Histogram)
    }

    struct Series: Sendable {
        let labels: Labels
        let cell: Cell
    }

    struct Family: Sendable {
        let name: String
        let help: String
        let kind: Kind
        /// Its name in Datadog; nil if it is not sent there.
        let datadogName: String?
        var series: [Series] = []
        var places: [String: Int] = [:]
    }

    private struct State {
        var families: [Family] = []
        var places: [String: Int] = [:]
    }

    private let state = Mutex(State())

    /// The most series of a family.
    static let maximumSeries = 500

    /// No metrics yet.
    package init() {}

    /// A counter; the same name and labels give the same one.
    package func counter(_ name: String, _ help: String, datadog: String? = nil, labels: Labels = []) -> MetricCounter {
        let cell = cell(name, help, .counter, datadog, labels) { .counter(MetricCounter()) }
        if case .counter(let counter) = cell { return counter }
        return MetricCounter()
    }

    /// A gauge that is set.
    package func gauge(_ name: String, _ help: String, datadog: String? = nil, labels: Labels = []) -> MetricGauge {
        let cell = cell(name, help, .gauge, datadog, labels) { .gauge(MetricGauge()) }
        if case .gauge(let gauge) = cell { return gauge }
        return MetricGauge()
    }

    /// A metric whose value is read at each scrape; `nil` omits it.
    package func reading(
        _ name: String,
        _ help: String,
        kind: Kind = .gauge,
        datadog: String? = nil,
        labels: Labels = [],
        _ read: @escaping @Sendable () -> Double?
    ) {
        _ = cell(name, help, kind, datadog, labels) { .reading(read) }
    }

    /// A histogram of durations.
    package func histogram(
        _ name: String,
        _ help: String,
        bounds: [Double] = Histogram.latencyBounds,
        datadog: String? = nil,
        labels: Labels = []
    ) -> Histogram {
        let cell = cell(name, help, .histogram, datadog, labels) { .histogram(Histogram(bounds: bounds)) }
        if case .histogram(let histogram) = cell { return histogram }
        return Histogram(bounds: bounds)
    }

    /// The current families, by name.
    var families: [Family] { state.withLock { $0.families }.sorted { $0.name < $1.name } }

    private func cell(
        _ name: String,
        _ help: String,
        _ kind: Kind,
        _ datadog: String?,
        _ labels: Labels,
        _ make: () -> Cell
    ) -> Cell {
        let key = labels.map { "\($0.name)=\($0.value)" }.joined(separator: "\u{1F}")
        return state.withLock { state in
            let place =
                state.places[name]
                ?? {
                    state.families.append(Family(name: name, help: help, kind: kind, datadogName: datadog))
                    state.places[name] = state.families.count - 1
                    return state.families.count - 1
                }()
            if let known = state.families[place].places[key] { return state.families[place].series[known].cell }
            let cell = make()
            // A name of another kind, or with too many series, gives a cell that is not exported.
            guard state.families[place].kind == kind, state.families[place].series.count < Self.maximumSeries else {
                return cell
            }
            state.families[place].places[key] = state.families[place].series.count
            state.families[place].series.append(Series(labels: labels, cell: cell))
            return cell
        }
    }
}
