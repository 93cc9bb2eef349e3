package import FoundationEssentials
package import Postgres
import Synchronization

/// Where in the queue this node's last claims have come to, source by source.
///
/// A claim that begins at the front of a long queue walks over the rows of all leads that have gone since the last
/// vacuum, and while an old transaction is open none of them can be vacuumed. So a claim that follows a full one begins
/// where that one ended. It is a hint and nothing more: what came in behind such a place, or was released by a node
/// else, is found by the next claim that begins at the front, which is made four times a second, or as seldom as keeps
/// such walks to a twentieth of the time.
package final class ClaimCursor: Sendable {
    /// The places of one kind of leads.
    private struct Places: Sendable {
        /// The sources that had leads, each with the due time of the last that was claimed.
        var ends: [UUID: Timestamp]
        /// Until when they are good.
        var deadline: ContinuousClock.Instant
    }

    /// A lead's place in the queue.
    package struct Place: Sendable {
        /// Whose lead it is.
        let source: UUID
        /// When it was due.
        let due: Timestamp

        /// The place of a lead.
        package init(source: UUID, due: Timestamp) {
            self.source = source
            self.due = due
        }
    }

    /// Nothing is known yet.
    package init() {}

    private let state = Mutex<[WaitingClaim.Kind: Places]>([:])

    /// Where a claim may begin; nil: at the front.
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

    /// Notes how a claim went that is committed.
    ///
    /// - Parameters:
    ///   - kind: which leads.
    ///   - claimed: their places.
    ///   - limit: how many there could have been. With fewer, a source has run out, and the next looks at all sources.
    ///   - walk: what a claim from the front took, and when it ended; nil for one that began at its places.
    package func note(
        _ kind: WaitingClaim.Kind,
        _ claimed: [Place],
        limit: Int,
        walk: (took: Duration, end: ContinuousClock.Instant)?
    ) {
        var ends: [UUID: Timestamp] = [:]
        for place in claimed { ends[place.source] = max(place.due, ends[place.source] ?? place.due) }
        state.withLock { state in
            // With so many sources that not each has had its share, all are looked at each time.
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
