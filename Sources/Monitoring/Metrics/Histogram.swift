import CoreMetrics
import Synchronization

/// Counts durations in fixed ranges, from which percentiles are estimated.
///
/// Many measurements are added up in a ``Tally`` first: a batch then costs one lock, whatever its length.
package final class Histogram: Sendable, TimerHandler, RecorderHandler {
    /// The upper bounds of the ranges, in seconds, ascending; a last range without a bound follows.
    package let bounds: [Double]
    private let boundsInNanoseconds: [Int64]
    private let state: Mutex<Tally>

    /// From half a millisecond to half a minute, for answers to requests.
    package static let latencyBounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30,
    ]
    /// From ten milliseconds to a day, for waiting leads.
    package static let ageBounds = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400]

    /// The counts: a value, so that it can be copied and compared.
    package struct Tally: Sendable, Hashable {
        /// The count of each range.
        package var counts: [Int64]
        /// Their sum, in seconds.
        package var sum = 0.0

        /// The total count.
        package var count: Int64 { counts.reduce(0, +) }

        /// An empty tally.
        package init(ranges: Int) { counts = Array(repeating: 0, count: ranges) }

        /// The change since an earlier tally.
        package func since(_ earlier: Tally) -> Tally {
            var difference = self
            for index in counts.indices where index < earlier.counts.count {
                difference.counts[index] = max(0, counts[index] - earlier.counts[index])
            }
            difference.sum = max(0, sum - earlier.sum)
            return difference
        }

        /// The value that a part of all does not exceed, within a range by straight interpolation.
        ///
        /// - Parameters:
        ///   - part: 0 to 1.
        ///   - bounds: the ranges' upper bounds.
        /// - Returns: seconds; the last bound for larger values, nil if nothing was counted.
        package func quantile(_ part: Double, bounds: [Double]) -> Double? {
            let total = count
            guard total > 0 else { return nil }
            let rank = part * Double(total)
            var below: Int64 = 0
            for (index, bound) in bounds.enumerated() {
                let here = counts[index]
                if here > 0, Double(below + here) >= rank {
                    let lower = index == 0 ? 0 : bounds[index - 1]
                    return lower + (bound - lower) * max(0, rank - Double(below)) / Double(here)
                }
                below += here
            }
            return bounds.last
        }
    }

    /// A histogram with these bounds.
    package init(bounds: [Double]) {
        self.bounds = bounds
        boundsInNanoseconds = bounds.map { Int64($0 * 1e9) }
        state = Mutex(Tally(ranges: bounds.count + 1))
    }

    /// The counts so far.
    package var tally: Tally { state.withLock { $0 } }

    /// Counts one duration.
    package func observe(_ duration: Duration) { recordNanoseconds(duration.nanoseconds) }

    /// Counts many durations under one lock; `each` receives the function that counts one.
    package func observe(_ each: (_ count: (Duration) -> Void) -> Void) {
        state.withLock { tally in each { add($0.nanoseconds, to: &tally) } }
    }

    package func recordNanoseconds(_ duration: Int64) {
        state.withLock { add(duration, to: &$0) }
    }

    package func record(_ value: Int64) { record(Double(value)) }

    package func record(_ value: Double) { recordNanoseconds(Int64(max(-1e18, min(1e18, value * 1e9)))) }

    private func add(_ nanoseconds: Int64, to tally: inout Tally) {
        var index = 0
        while index < boundsInNanoseconds.count, nanoseconds > boundsInNanoseconds[index] { index += 1 }
        tally.counts[index] += 1
        tally.sum += Double(nanoseconds) / 1e9
    }
}

extension Duration {
    /// The duration in nanoseconds; saturates after 292 years.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000
    }

    /// The duration in seconds.
    package var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
