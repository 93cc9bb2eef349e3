package import FoundationEssentials
package import Postgres
import Synchronization

/// Where this node's last claims in the queue ended, for each source.
///
/// A claim from the front of a long queue reads the rows of all leads that have left it since the last vacuum, and an
/// old open transaction prevents vacuum. So a claim that follows a full one begins where that one ended. This is only a
/// hint: leads that were added behind such a place, or released by another node, are found by the next claim from the
/// front, which runs four times a second, or less often so that it takes at most a twentieth of the time.
package final class ClaimCursor: Sendable {
    /// The places for one kind of leads.
    private struct Places: Sendable {
        /// The sources with leads, each with the due time of the last claimed lead.
        var ends: [UUID: Timestamp]
        /// Until when they are valid.
        var deadline: ContinuousClock.Instant
    }

    /// A lead's place in the queue.
    package struct Place: Sendable {
        /// The lead's source.
        let source: UUID
        /// When it was due.
        let due: Timestamp

        /// The place of a lead.
        package init(source: UUID, due: Timestamp) {
            self.source = source
            self.due = due
        }
    }

    /// Without places yet.
    package init() {}

    private let state = Mutex<[WaitingClaim.Kind: Places]>([:])

    /// Where a claim may begin; nil for the front.
    package func places(_ kind: WaitingClaim.Kind, now: ContinuousClock.Instant) -> [UUID: Timestamp]? {
        state.withLock { state in
            guard let places = state[kind] else { return nil }
            guard now < places.deadline else {
                state[kind] = nil
                return nil
            }
            return places.ends
        }
    }

    /// Records a committed claim.
    ///
    /// - Parameters:
    ///   - kind: the kind of leads.
    ///   - claimed: their places.
    ///   - limit: the limit of the claim. With fewer leads, a source is empty, and the next claim reads all sources.
    ///   - walk: the duration and the end of a claim from the front; nil for one that began at its places.
    package func note(
        _ kind: WaitingClaim.Kind,
        _ claimed: [Place],
        limit: Int,
        walk: (took: Duration, end: ContinuousClock.Instant)?
    ) {
        var ends: [UUID: Timestamp] = [:]
        for place in claimed { ends[place.source] = max(place.due, ends[place.source] ?? place.due) }
        state.withLock { state in
            // With so many sources that not each has had its share, all are read each time.
            guard claimed.count >= limit, ends.count * 2 <= limit else { return state[kind] = nil }
            if let walk {
                let pause = max(walk.took * 20, .milliseconds(250))
                state[kind] = Places(ends: ends, deadline: walk.end.advanced(by: pause))
            } else {
                state[kind]?.ends.merge(ends) { max($0, $1) }
            }
        }
    }
}
