/// Something a command could not do, told to the person who ran it: what is wrong, and what to do about it.
package struct CommandFault: Error, CustomStringConvertible {
    /// What is wrong, in one sentence.
    package let problem: String
    /// What to do about it.
    package let remedy: String?

    /// A fault with its remedy.
    package init(_ problem: String, remedy: String? = nil) {
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String {
        guard let remedy else { return problem }
        return "\(problem)\n\(remedy)"
    }
}
