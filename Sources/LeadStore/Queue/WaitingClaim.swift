package import FoundationEssentials

/// Which waiting leads to claim.
package enum WaitingClaim: Sendable, Hashable {
    /// What a lead waits for.
    ///
    /// New leads and retries are claimed separately, so that a backlog of one does not delay the other.
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// Its first attempt.
        case new
        /// Another attempt.
        case tried
    }

    /// Due leads of a kind, up to a limit, in turns of their sources; 500 is a good batch.
    case due(Kind, limit: Int)
    /// Leads that wait for capacity under a rule, oldest first in turns of their sources, up to a limit, without some.
    case waiters(rule: UUID, limit: Int, except: [UUID])
    /// One lead, whether or not it is due or its source is paused.
    case lead(UUID)
}
