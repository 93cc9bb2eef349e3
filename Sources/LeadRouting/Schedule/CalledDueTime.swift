package import Postgres

extension Schedule {
    /// How much earlier than the due time a call may be, in seconds.
    private static let tolerance: Int64 = 5

    /// The due time of a call from a scheduler with another clock: the last one at the time of the call.
    ///
    /// - Parameter time: the time of the call, by the caller's clock.
    /// - Returns: the due time, which may be later than the call by the tolerance.
    package func dueTime(ofCallAt time: Timestamp) -> Timestamp {
        let due = previous(atOrBefore: time.microsecondsSinceUnixEpoch / 1_000_000 + Self.tolerance)
        return Timestamp(microsecondsSinceUnixEpoch: due * 1_000_000)
    }
}
