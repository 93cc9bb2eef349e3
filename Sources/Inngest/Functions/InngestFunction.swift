package import JSON

/// A function that Inngest may call: what triggers it, how it is tried again, and what it does.
package struct InngestFunction: Sendable {
    /// What makes Inngest call a function.
    package enum Trigger: Sendable, Hashable {
        /// A schedule of five fields, in UTC.
        case cron(String)
        /// An event by name.
        case event(String)
    }

    /// The function's name, unlike any other of the app.
    package let id: String
    /// What makes Inngest call it.
    package let triggers: [Trigger]
    /// How often a failed run is tried again; nil: as often as Inngest does by itself.
    package let retries: Int?
    /// How many runs there may be at once; nil: any number.
    package let concurrency: Int?
    /// What it does.
    ///
    /// What it throws fails the run: a ``FunctionFailure`` as it says, anything else to be tried again.
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

/// Why a function did not do what it was called for.
package struct FunctionFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is, for Inngest's pages.
    package let name: String
    /// What went wrong.
    ///
    /// It leaves this server, so it holds no personal data.
    package let message: String
    /// Whether another try may help.
    package let isRetriable: Bool
    /// When to try again, if not as Inngest does by itself.
    package let retryAfter: Duration?

    /// A failure that another attempt may resolve.
    package static func retriable(_ message: String, name: String = "Error", after delay: Duration? = nil) -> Self {
        Self(name: name, message: message, isRetriable: true, retryAfter: delay)
    }

    /// A failure that stays one.
    package static func final(_ message: String, name: String = "Error") -> Self {
        Self(name: name, message: message, isRetriable: false, retryAfter: nil)
    }

    package var description: String { message }

    /// The failure as Inngest reads it.
    var json: JSONValue { ["name": .string(name), "message": .string(message)] }

    /// Any error as a failure.
    ///
    /// One that is not ours goes out by its type alone: its text may hold anything.
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
