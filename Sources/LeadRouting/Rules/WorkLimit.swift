/// When the work of a request ends: at its deadline, or when its client has disconnected.
///
/// A computation asks it at bounded intervals, for example before each rule or each lead.
package struct WorkLimit: Sendable {
    /// The usual time limit of an analysis.
    package static let usual = Duration.seconds(30)

    private let deadline: ContinuousClock.Instant

    /// A limit from now on.
    package init(_ time: Duration) { deadline = .now + time }

    /// Whether the work has to end.
    @Sendable package func isOver() -> Bool { Task.isCancelled || ContinuousClock.now >= deadline }
}
