package import FoundationEssentials

/// The result of a decision for a lead, without the rule.
package enum Placement: Sendable, Hashable {
    /// A rule sends it to this workspace.
    case routed(UUID)
    /// No rule matches; it stays in its source workspace.
    case unmatched(UUID)
    /// No rule matches; it goes to the fallback workspace of its source.
    case fallback(UUID)
    /// No rule matches, and it is retried; or it has no source.
    case retry
    /// A rule matches, and the lead waits for capacity.
    case waiting(UUID)

    /// The result of a decision.
    package init(_ decision: RoutingDecision) {
        switch decision.outcome {
        case .routed(let destination, _, _): self = .routed(destination)
        case .unmatched(let source): self = .unmatched(source)
        case .fallback(let destination): self = .fallback(destination)
        case .waiting(let rule, _): self = .waiting(rule)
        case .retry, .paused: self = .retry
        }
    }

    /// Whether a rule matches.
    package var isMatched: Bool {
        switch self {
        case .routed, .waiting: true
        case .unmatched, .fallback, .retry: false
        }
    }

    /// Whether it waits for capacity.
    var isWaiting: Bool { if case .waiting = self { true } else { false } }

    /// The workspace that has it then; nil while it has none.
    package var workspace: UUID? {
        switch self {
        case .routed(let id), .unmatched(let id), .fallback(let id): id
        case .retry, .waiting: nil
        }
    }

    /// The API's name of the kind.
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
