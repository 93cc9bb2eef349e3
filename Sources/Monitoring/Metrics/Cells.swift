import CoreMetrics
import Synchronization

/// A number that only grows.
package final class MetricCounter: Sendable, CounterHandler, FloatingPointCounterHandler {
    private let state = Mutex(0.0)

    init() {}

    /// Where it stands.
    package var value: Double { state.withLock { $0 } }

    /// Adds to it; what is negative or no number is skipped.
    package func add(_ amount: Int) {
        if amount > 0 { increment(by: Double(amount)) }
    }

    package func increment(by amount: Int64) { increment(by: Double(amount)) }

    package func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        state.withLock { $0 += amount }
    }

    package func reset() { state.withLock { $0 = 0 } }
}

/// A number that goes up and down.
package final class MetricGauge: Sendable, MeterHandler {
    private let state = Mutex<Double?>(nil)

    init() {}

    /// Where it stands; nil before it was set.
    package var value: Double? { state.withLock { $0 } }

    package func set(_ value: Int64) { set(Double(value)) }
    package func set(_ value: Double) { state.withLock { $0 = value } }
    package func increment(by amount: Double) { state.withLock { $0 = ($0 ?? 0) + amount } }
    package func decrement(by amount: Double) { increment(by: -amount) }
}
