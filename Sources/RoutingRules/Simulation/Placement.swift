package import FoundationEssentials

/// Where a decision puts a lead, without which rule did.
package enum Placement: Sendable, Hashable {
    /// A rule sends it to this workspace.
    case routed(UUID)
    /// No rule takes it; it stays in its source workspace.
    case unmatched(UUID)
    /// No rule takes it; it goes where its source sends such leads.
    case fallback(UUID)
    /// No rule takes it, and it is tried again; or it came from nowhere.
    case retry
    /// A rule takes it, and has it wait for capacity.
    case waiting(UUID)

    /// Where a decision puts a lead.
    package init(_ decision: RoutingDecision) {
        switch decision.outcome {
        case .routed(let destination, _, _): self = .routed(destination)
        case .unmatched(let source): self = .unmatched(source)
        case .fallback(let destination): self = .fallback(destination)
        case .waiting(let rule, _): self = .waiting(rule)
        case .retry, .paused: self = .retry
        }
    }

    /// Whether a rule takes it.
    package var isMatched: Bool {
        switch self {
        case .routed, .waiting: true
        case .unmatched, .fallback, .retry: false
        }
    }

    /// Whether it waits for capacity.
    var isWaiting: Bool { if case .waiting = self { true } else { false } }

    /// The workspace that has it then; nil while it is nowhere.
    package var workspace: UUID? {
        switch self {
        case .routed(let id), .unmatched(let id), .fallback(let id): id
        case .retry, .waiting: nil
        }
    }

    /// The kind, as the API says it.
    package var kind: String {
        switch self {
        case .routed: "routed"
        case .unmatched: "unmatched"
        case .fallback: "fallback"
        case .retry: "retry"
        case .waiting: "waiting"
        }
    }
}
