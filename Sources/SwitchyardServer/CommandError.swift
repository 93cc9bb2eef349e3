/// Why a command or the server failed, and the remedy.
package struct CommandError: Error, CustomStringConvertible {
    /// The problem, in one sentence.
    package let problem: String
    /// The remedy.
    package let remedy: String?

    /// An error with its remedy.
    package init(_ problem: String, remedy: String? = nil) {
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String {
        guard let remedy else { return problem }
        return "\(problem)\n\(remedy)"
    }
}
