package import LeadStore
import Postgres
import Synchronization

/// The leads that this node could not store lately, and the waiting leads that it could not write, by reason.
///
/// Health and readiness read it on this node; the report of the node carries it to `switchyard doctor`. It costs a
/// lead that is stored nothing.
package final class RecentRefusals: Sendable {
    /// A reason, and how often.
    package struct Entry: Sendable, Hashable {
        /// What happened to the leads.
        package enum Effect: String, Sendable, Hashable, CaseIterable {
            /// They were refused with 5xx: their senders send them again.
            case notStored
            /// They were refused with 503, because the queue of this node was full.
            case overloaded
            /// They were refused with 409, because a function or a constraint of the installation refuses them.
            case refused
            /// They wait in the queue, and are tried again.
            case waiting
        }

        /// What happened to them.
        package let effect: Effect
        /// Why, as a sentence without its full stop.
        ///
        /// It names no host, user or value, so every client may read it.
        package let reason: String
        /// The server's message without personal data, for operators; empty if the reason says all.
        package let message: String
        /// How many, in the current series: a series ends when none came for two minutes.
        package internal(set) var count: Int

        /// What happened, as a sentence that ends with a colon.
        package var sentence: String {
            let leads = count == 1 ? "1 lead" : "\(count) leads"
            return switch effect {
            case .notStored, .overloaded:
                "\(leads) could not be stored within the last minutes, and will be sent again:"
            case .refused: "\(leads) \(count == 1 ? "was" : "were") refused within the last minutes:"
            case .waiting: "\(leads) that wait could not be written within the last minutes, and are tried again:"
            }
        }

        /// An entry.
        package init(_ effect: Effect, reason: String, message: String = "", count: Int) {
            self.effect = effect
            self.reason = reason
            self.message = message
            self.count = count
        }
    }

    /// How long a refusal counts.
    package static let lifetime: Duration = .seconds(120)
    /// How many reasons are kept.
    private static let most = 20

    private let entries = Mutex<[(entry: Entry, last: ContinuousClock.Instant)]>([])

    /// No refusals.
    package init() {}

    /// Notes leads that were not stored.
    package func note(_ error: IntakeError, count: Int = 1, at now: ContinuousClock.Instant = .now) {
        let message = error.refusal?.message ?? ""
        switch error.code {
        case .unavailable, .outcomeUnknown:
            let reason =
                PostgresError.outage(error.sqlState)
                ?? "The database does not store leads\(error.sqlState.map { " (SQLSTATE \($0))" } ?? "")"
            add(Entry(.notStored, reason: reason, count: count), now)
        case .hostFunctionFailed:
            add(
                Entry(.notStored, reason: error.refusal?.cause ?? error.description, message: message, count: count),
                now
            )
        case .overloaded:
            add(Entry(.overloaded, reason: "The queue of new leads is full", count: count), now)
        case .rejected:
            add(Entry(.refused, reason: error.refusal?.cause ?? error.description, message: message, count: count), now)
        case .unknownWorkspace, .suspended, .requestInFlight, .keyMismatch, .shuttingDown: break
        }
    }

    /// Notes a waiting lead that could not be written.
    package func note(_ refusal: WriteRefusal, at now: ContinuousClock.Instant = .now) {
        add(Entry(.waiting, reason: refusal.cause, message: refusal.message, count: 1), now)
    }

    /// The refusals of the last two minutes, the most frequent first.
    package func recent(at now: ContinuousClock.Instant = .now) -> [Entry] {
        entries.withLock { entries in
            entries.removeAll { now - $0.last >= Self.lifetime }
            return entries.map(\.entry).sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        }
    }

    private func add(_ entry: Entry, _ now: ContinuousClock.Instant) {
        entries.withLock { entries in
            entries.removeAll { now - $0.last >= Self.lifetime }
            if let place = entries.firstIndex(where: {
                $0.entry.effect == entry.effect && $0.entry.reason == entry.reason
            }) {
                let count = entries[place].entry.count + entry.count
                // The newest message.
                entries[place] = (Entry(entry.effect, reason: entry.reason, message: entry.message, count: count), now)
            } else if entries.count < Self.most {
                entries.append((entry, now))
            }
        }
    }
}
