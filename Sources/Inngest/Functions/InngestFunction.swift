package import JSON

/// A function that Inngest may call: its triggers, its retries and its body.
package struct InngestFunction: Sendable {
    /// A trigger of a function.
    package enum Trigger: Sendable, Hashable {
        /// A cron schedule of five fields, in UTC.
        case cron(String)
        /// An event by name.
        case event(String)
    }

    /// The function's id, unique in the app.
    package let id: String
    /// Its triggers.
    package let triggers: [Trigger]
    /// How often a failed run is retried; nil for Inngest's default.
    package let retries: Int?
    /// The most concurrent runs; nil for no limit.
    package let concurrency: Int?
    /// The function's body.
    ///
    /// An error fails the run: a ``FunctionFailure`` as it states, any other to be retried.
    package let body: @Sendable (FunctionCall) async throws -> JSONValue

    /// A function.
    package init(
        id: String,
        triggers: [Trigger],
        retries: Int? = nil,
        concurrency: Int? = nil,
        body: @escaping @Sendable (FunctionCall) async throws -> JSONValue
    ) {
        self.id = id
        self.triggers = triggers
        self.retries = retries
        self.concurrency = concurrency
        self.body = body
    }
}

/// Why a function failed.
package struct FunctionFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure, for Inngest's dashboard.
    package let name: String
    /// The error message.
    ///
    /// It is sent to Inngest, so it holds no personal data.
    package let message: String
    /// Whether another attempt may succeed.
    package let isRetriable: Bool
    /// The delay before another attempt, if not Inngest's default.
    package let retryAfter: Duration?

    /// A failure that another attempt may resolve.
    package static func retriable(_ message: String, name: String = "Error", after delay: Duration? = nil) -> Self {
        Self(name: name, message: message, isRetriable: true, retryAfter: delay)
    }

    /// A permanent failure.
    package static func final(_ message: String, name: String = "Error") -> Self {
        Self(name: name, message: message, isRetriable: false, retryAfter: nil)
    }

    package var description: String { message }

    /// The failure in Inngest's form.
    var json: JSONValue { ["name": .string(name), "message": .string(message)] }

    /// Any error as a failure.
    ///
    /// Only the type of an unknown error is sent: its text may hold anything.
    init(_ error: any Error) {
        self = error as? FunctionFailure ?? .retriable("The function failed.", name: "\(type(of: error))")
    }

    private init(name: String, message: String, isRetriable: Bool, retryAfter: Duration?) {
        self.name = name
        self.message = message
        self.isRetriable = isRetriable
        self.retryAfter = retryAfter
    }
}
