import Instrumentation
package import LeadRouting
package import ServiceContextModule

/// What a context carries from span to span, and from process to process: W3C Trace Context.
///
/// https://www.w3.org/TR/trace-context/
package struct TraceContext: Sendable, Hashable {
    /// The trace, and the span that others are children of.
    package var parent: TraceParent
    /// What other systems put beside it (`tracestate`): passed on as it came.
    package var state: String?

    /// A context of these parts.
    package init(parent: TraceParent, state: String? = nil) {
        self.parent = parent
        self.state = state
    }
}

extension ServiceContext {
    private enum Key: ServiceContextKey {
        typealias Value = TraceContext
        static let nameOverride: String? = "trace"
    }

    /// The span that this context belongs to; nil at the top.
    package var trace: TraceContext? {
        get { self[Key.self] }
        set { self[Key.self] = newValue }
    }
}

extension TraceContext {
    /// Longest `tracestate` that is passed on: the specification asks for 512 characters at least.
    static let longestState = 1024

    /// Reads a carrier's fields; nil without a valid `traceparent`.
    init?<E: Extractor>(_ carrier: E.Carrier, _ extractor: E) {
        guard let header = extractor.extract(key: "traceparent", from: carrier),
            let parent = TraceParent(header: header)
        else { return nil }
        let state = extractor.extract(key: "tracestate", from: carrier)
        self.init(parent: parent, state: state.flatMap { $0.utf8.count <= Self.longestState ? $0 : nil })
    }

    /// Writes a carrier's fields.
    func write<I: Injector>(to carrier: inout I.Carrier, _ injector: I) {
        injector.inject(parent.header, forKey: "traceparent", into: &carrier)
        if let state { injector.inject(state, forKey: "tracestate", into: &carrier) }
    }
}
