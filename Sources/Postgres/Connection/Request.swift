import Synchronization

/// A request and its progress.
///
/// A caller creates it; afterwards only the loop accesses its fields, until it is answered.
final class Request: @unchecked Sendable {
    enum Content {
        case statement(Statement, Parameters)
        /// Any number of commands in one text, answered in text.
        case simple(String)
    }

    enum Response: Sendable {
        case rows(Rows)
        case many([Rows])
    }

    typealias Outcome = Result<Response, PostgresError>

    enum Completion {
        case continuation(CheckedContinuation<Outcome, Never>)
        case handler((Outcome) -> Void)
    }

    /// The commands sent ahead of the statement, in its own sync unit, that are not answered yet.
    struct Preamble: OptionSet {
        let rawValue: UInt8
        static let begin = Preamble(rawValue: 1)
        static let prepare = Preamble(rawValue: 2)
    }

    let content: Content
    let deadline: ContinuousClock.Instant?
    private var completion: Completion?

    /// The session to which it was or will be sent; nil while it waits in the pool.
    weak var session: Session?
    /// Set if it must end early; holds the error for the caller.
    var interruption: PostgresError?
    var preamble: Preamble = []
    /// How many settings between BEGIN and the statement are not answered yet.
    var limitsToCome = 0
    /// Whether it uses a statement that the connection had prepared before.
    var usesPrepared = false
    /// Whether it was resent after a fault that was not its own.
    var isResent = false
    var results: [ResultSet] = []
    var result: ResultSet?
    var error: PostgresError?

    init(_ content: Content, deadline: ContinuousClock.Instant? = nil) {
        self.content = content
        self.deadline = deadline
    }

    /// A request of this module itself.
    convenience init(internal content: Content, _ handler: @escaping (Outcome) -> Void) {
        self.init(content)
        completion = .handler(handler)
    }

    var isAnswered: Bool { completion == nil }

    /// The name of the statement, for errors.
    var name: String {
        if case .statement(let statement, _) = content { statement.name } else { "" }
    }

    func expect(_ continuation: CheckedContinuation<Outcome, Never>) {
        completion = .continuation(continuation)
    }

    /// Answers the caller once; later answers are dropped.
    func answer(_ outcome: Outcome) {
        guard let completion else { return }
        self.completion = nil
        switch completion {
        case .continuation(let continuation): continuation.resume(returning: outcome)
        case .handler(let handler): handler(outcome)
        }
    }

    /// Discards the results of the first attempt before the second.
    func prepareToResend() {
        isResent = true
        session = nil
        preamble = []
        usesPrepared = false
        result = nil
        results = []
        error = nil
    }

    /// The outcome of the server's answers.
    var outcome: Outcome {
        if let error { return .failure(error) }
        switch content {
        case .simple:
            return .success(.many(results.map { Rows($0) }))
        case .statement:
            guard let result else {
                return .failure(
                    PostgresError(.connectionLost, "The connection gave no answer to a statement.")
                )
            }
            return .success(.rows(Rows(result)))
        }
    }
}
