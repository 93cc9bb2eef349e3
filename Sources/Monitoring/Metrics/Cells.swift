import CoreMetrics
import Synchronization

/// A number that only grows.
package final class MetricCounter: Sendable, CounterHandler, FloatingPointCounterHandler {
    private let state = Mutex(0.0)

    init() {}

    /// The current value.
    package var value: Double { state.withLock { $0 } }

    /// Adds an amount; negative amounts and NaN are ignored.
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

    /// The current value; nil before it is set.
    package var value: Double? { state.withLock { $0 } }

    package func set(_ value: Int64) { set(Double(value)) }
    package func set(_ value: Double) { state.withLock { $0 = value } }
    package func increment(by amount: Double) { state.withLock { $0 = ($0 ?? 0) + amount } }
    package func decrement(by amount: Double) { increment(by: -amount) }
}
