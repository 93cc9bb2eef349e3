import Synchronization

/// Remembers, for one process, whether batches lately had leads that were there before.
///
/// A batch that only has new identities is cheapest to insert without a look at those that exist. One that meets a duplicate
/// has its identities inserted, removed and inserted again. So after a duplicate the next batches look first, and at worst one
/// batch in 17 is written twice. The unique index of identities decides in any case: this is about cost alone.
package final class RecentDuplicates: Sendable {
    /// No duplicate was met yet.
    package init() {}

    /// For how many batches a duplicate is remembered.
    private static let memory = 16

    private let batchesLeft = Mutex(0)

    /// Whether the next batch should look for existing identities before it inserts its own.
    var shouldLook: Bool { batchesLeft.withLock { $0 > 0 } }

    /// Takes notice of what became of a batch that was written for the first time.
    func note(_ result: IngestResult) {
        guard case .written(let exceptions) = result else { return }
        let hasDuplicates = exceptions.contains { exception in
            switch exception.outcome {
            case .duplicate, .again: true
            default: false
            }
        }
        batchesLeft.withLock { $0 = hasDuplicates ? Self.memory : max($0 - 1, 0) }
    }
}
