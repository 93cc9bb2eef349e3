/// Why a command or the server could not do its work: what is wrong, and what the operator can do about it.
package struct CommandError: Error, CustomStringConvertible {
    /// What is wrong, in one sentence.
    package let problem: String
    /// What to do about it.
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
