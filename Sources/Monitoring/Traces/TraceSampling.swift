package import LeadRouting

/// Which traces are recorded: by the caller's decision, and a share of those that begin here.
///
/// OpenTelemetry's samplers by their names. A ratio is applied to the trace's id, so that all systems with the same
/// ratio record the same traces.
package struct TraceSampling: Sendable, Hashable {
    /// The share of traces beginning here that are recorded: 0 to 1.
    package let ratio: Double
    /// Whether a caller's decision has precedence over the ratio.
    package let followsParent: Bool

    /// Everything that begins here, and otherwise what callers decide.
    package static let standard = TraceSampling(ratio: 1, followsParent: true)

    /// A sampling.
    package init(ratio: Double, followsParent: Bool) {
        self.ratio = ratio
        self.followsParent = followsParent
    }

    /// Parses `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`; nil if either is invalid.
    package init?(name: String, argument: String?) {
        guard let ratio = Double(argument ?? "1"), 0...1 ~= ratio else { return nil }
        switch name {
        case "always_on": self.init(ratio: 1, followsParent: false)
        case "always_off": self.init(ratio: 0, followsParent: false)
        case "traceidratio": self.init(ratio: ratio, followsParent: false)
        case "parentbased_always_on": self.init(ratio: 1, followsParent: true)
        case "parentbased_always_off": self.init(ratio: 0, followsParent: true)
        case "parentbased_traceidratio": self.init(ratio: ratio, followsParent: true)
        default: return nil
        }
    }

    /// Whether a span is recorded.
    ///
    /// - Parameters:
    ///   - traceID: 32 hexadecimal digits.
    ///   - parent: its parent span, if any.
    /// - Returns: whether it is recorded.
    package func records(traceID: String, parent: TraceParent?) -> Bool {
        if followsParent, let parent { return parent.isSampled }
        if ratio >= 1 { return true }
        // The last 56 bits of an id are random: https://www.w3.org/TR/trace-context-2/#randomness-of-trace-id
        guard let bits = UInt64(traceID.suffix(14), radix: 16) else { return false }
        return Double(bits) < ratio * Double(UInt64(1) << 56)
    }
}
