import Synchronization

/// Remembers, for one process, whether recent batches had duplicates.
///
/// A batch of new identities is cheapest to insert without looking up existing ones. A batch with a duplicate must
/// insert, roll back and insert again. So after a duplicate the next batches look up identities first, and at worst one
/// batch in 17 is written twice. The unique index of identities ensures correctness in any case; this only affects the
/// cost.
package final class RecentDuplicates: Sendable {
    /// Without duplicates yet.
    package init() {}

    /// How many batches a duplicate is remembered for.
    private static let memory = 16

    private let batchesLeft = Mutex(0)

    /// Whether the next batch should look up existing identities before it inserts.
    var shouldLook: Bool { batchesLeft.withLock { $0 > 0 } }

    /// Records the result of a batch that was written for the first time.
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
