package import FoundationEssentials

/// Which waiting leads a claim asks for.
package enum WaitingClaim: Sendable, Hashable {
    /// What a lead waits for.
    ///
    /// New leads and retries are claimed apart, so that a backlog of the one does not stand before the other.
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// Its first attempt.
        case new
        /// Another attempt.
        case tried
    }

    /// Leads of a kind that are due, up to a limit, in fair turns of their sources; 500 is a good batch.
    case due(Kind, limit: Int)
    /// Leads that wait for capacity under a rule, oldest first in turns of their sources, up to a limit; these excepted.
    case waiters(rule: UUID, limit: Int, except: [UUID])
    /// One lead, due or not, of a paused source or not.
    case lead(UUID)
}
