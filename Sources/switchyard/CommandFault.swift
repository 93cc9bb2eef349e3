/// Something a command could not do, told to the person who ran it: what is wrong, and what to do about it.
struct CommandFault: Error, CustomStringConvertible {
    /// What is wrong, in one sentence.
    let problem: String
    /// What to do about it.
    let remedy: String?

    /// A fault with its remedy.
    init(_ problem: String, remedy: String? = nil) {
        self.problem = problem
        self.remedy = remedy
    }

    var description: String {
        guard let remedy else { return problem }
        return "\(problem)\n\(remedy)"
    }
}
