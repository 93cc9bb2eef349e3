/// A lead's state; the raw values are the database's `lead_routing_status`.
package enum LeadStatus: String, Sendable, Hashable, CaseIterable {
    /// Waiting to be decided: new, to be retried, or released.
    case pending
    /// A caller holds its written lock and is deciding.
    case routing
    /// In exactly one workspace; final.
    case routed
    /// Attempts used up; final until an operator requeues it.
    case failed
    /// Too old to be routed; final.
    case expired

    /// Whether a lead in this state may go to `next`.
    ///
    /// `pending → routing → routed | pending | failed` is for callers that decide outside a transaction. `pending →
    /// routed | failed` is for a batch that decides under row locks, `failed → pending` for an operator's requeue, and
    /// `pending | failed → expired` for the nightly expiry. The same state is not a transition. The database enforces
    /// the same pairs; this lets callers check first.
    package func canBecome(_ next: LeadStatus) -> Bool {
        switch (self, next) {
        case (.pending, .routing), (.pending, .routed), (.pending, .failed), (.pending, .expired): true
        case (.routing, .routed), (.routing, .pending), (.routing, .failed): true
        case (.failed, .pending), (.failed, .expired): true
        default: false
        }
    }

    /// Whether the lead stays in this state unless an operator changes it.
    package var isFinal: Bool {
        switch self {
        case .routed, .failed, .expired: true
        case .pending, .routing: false
        }
    }
}
