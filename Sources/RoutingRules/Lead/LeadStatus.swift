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
}
