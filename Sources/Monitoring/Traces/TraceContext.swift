import Instrumentation
package import LeadRouting
package import ServiceContextModule

/// The context that is propagated from span to span, and from process to process: W3C Trace Context.
///
/// https://www.w3.org/TR/trace-context/
package struct TraceContext: Sendable, Hashable {
    /// The trace, and the span that is the parent of new ones.
    package var parent: TraceParent
    /// The `tracestate` of other systems, passed on unchanged.
    package var state: String?

    /// A context.
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

    /// The span of this context; nil at the root.
    package var trace: TraceContext? {
        get { self[Key.self] }
        set { self[Key.self] = newValue }
    }
}

extension TraceContext {
    /// The longest `tracestate` that is passed on; the specification requires at least 512 characters.
    static let longestState = 1024

    /// Reads the context of a carrier; nil without a valid `traceparent`.
    init?<E: Extractor>(_ carrier: E.Carrier, _ extractor: E) {
        guard let header = extractor.extract(key: "traceparent", from: carrier),
            let parent = TraceParent(header: header)
        else { return nil }
        let state = extractor.extract(key: "tracestate", from: carrier)
        self.init(parent: parent, state: state.flatMap { $0.utf8.count <= Self.longestState ? $0 : nil })
    }

    /// Writes the context to a carrier.
    func write<I: Injector>(to carrier: inout I.Carrier, _ injector: I) {
        injector.inject(parent.header, forKey: "traceparent", into: &carrier)
        if let state { injector.inject(state, forKey: "tracestate", into: &carrier) }
    }
}
