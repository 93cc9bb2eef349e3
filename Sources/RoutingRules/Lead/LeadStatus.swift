/// A lead's place in the state machine; the raw values are the database's `lead_routing_status`.
package enum LeadStatus: String, Sendable, Hashable, CaseIterable {
    /// Waiting to be decided: new, to be retried, or released.
    case pending
    /// Somebody holds its written lock and is deciding.
    case routing
    /// In exactly one workspace; final.
    case routed
    /// Attempts used up; final until an operator requeues it.
    case failed
    /// Too old before anything became of it; final.
    case expired

    /// Whether a lead in this state may go to `next`.
    ///
    /// `pending → routing → routed | pending | failed` is the way of callers that decide outside a transaction.
    /// `pending → routed | failed` is open to a batch that decides under row locks, `failed → pending` to an
    /// operator's requeue, and `pending | failed → expired` to the nightly expiry. Staying as it is is no transition.
    /// The database guards the same pairs; this is for callers that want to know before they try.
    package func canBecome(_ next: LeadStatus) -> Bool {
        switch (self, next) {
        case (.pending, .routing), (.pending, .routed), (.pending, .failed), (.pending, .expired): true
        case (.routing, .routed), (.routing, .pending), (.routing, .failed): true
        case (.failed, .pending), (.failed, .expired): true
        default: false
        }
    }

    /// Whether nothing becomes of the lead any more, unless an operator steps in.
    package var isFinal: Bool {
        switch self {
        case .routed, .failed, .expired: true
        case .pending, .routing: false
        }
    }
}
