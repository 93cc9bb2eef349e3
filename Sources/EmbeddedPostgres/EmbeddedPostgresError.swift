/// Why the embedded server could not be started, with the remedy.
package struct EmbeddedPostgresError: Error, Hashable, CustomStringConvertible {
    /// The kinds of errors that callers distinguish.
    package enum Code: Sendable, Hashable {
        /// No PostgreSQL 15 or later on this machine, or not the version that the cluster needs.
        case noServer
        /// Another process owns the directory.
        case inUse
        /// The server's account cannot create, enter or write the directory.
        case directory
        /// The cluster could not be created.
        case initialisation
        /// The server ended, or was not ready in time.
        case start
    }

    /// Which kind.
    package let code: Code

    /// What happened, in one sentence.
    package let message: String

    /// The remedy, in one sentence.
    package let remedy: String?

    /// The lines of the server's log that name the reason.
    package let log: [String]

    init(_ code: Code, _ message: String, remedy: String? = nil, log: [String] = []) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.log = log
    }

    /// The message, the remedy and the log lines.
    package var description: String {
        var lines = [[message, remedy].compactMap { $0 }.joined(separator: " ")]
        if !log.isEmpty {
            lines.append("PostgreSQL reports:")
            lines += log.map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }
}
