package import Postgres

extension Schedule {
    /// How much earlier than the due time a call may say it is, in seconds.
    private static let tolerance: Int64 = 5

    /// The due time that a call by another program's clock is for: the last one at the time that the call names.
    ///
    /// - Parameter time: the time for which the call was made, as it says.
    /// - Returns: the due time, which may be later than the call by the tolerance.
    package func dueTime(ofCallAt time: Timestamp) -> Timestamp {
        let due = previous(atOrBefore: time.microsecondsSinceUnixEpoch / 1_000_000 + Self.tolerance)
        return Timestamp(microsecondsSinceUnixEpoch: due * 1_000_000)
    }
}
