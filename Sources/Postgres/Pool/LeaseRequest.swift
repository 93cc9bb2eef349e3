/// A caller's request for exclusive use of a session; confined to the loop until answered.
final class LeaseRequest: @unchecked Sendable {
    typealias Outcome = Result<Lease, PostgresError>

    private var continuation: CheckedContinuation<Outcome, Never>?
    /// Set if the caller's task was cancelled before the request had been queued.
    var isCancelled = false

    func expect(_ continuation: CheckedContinuation<Outcome, Never>) {
        self.continuation = continuation
    }

    func answer(_ outcome: Outcome) {
        continuation?.resume(returning: outcome)
        continuation = nil
    }
}

/// The right to use a session exclusively, until it is released.
struct Lease: Sendable {
    let session: Session
    let number: UInt64
}
