package import LeadRouting
import LeadStore
import RoutingRules

extension CommandError {
    /// The refusal of a use case as a command's error.
    package init(_ error: RequestError) {
        switch error {
        case .notFound(let text):
            // The operator's access is not limited.
            self.init(text.replacing(", or this key may not see it", with: ""), remedy: "Check the id.")
        case .conflict(let reason, let remedy): self.init(reason, remedy: remedy)
        case .preconditionFailed: self.init("This has changed meanwhile.", remedy: "Read it again.")
        case .invalid(let problems):
            self.init(
                problems.map(\.message).joined(separator: "\n"),
                remedy: problems.lazy.compactMap(\.remedy).first
            )
        case .overloaded(let seconds): self.init("The server is busy.", remedy: "Try again in \(seconds) s.")
        case .unavailable(let reason): self.init(reason, remedy: "`switchyard doctor` helps to find the cause.")
        case .hostFunctionFailed(let reason), .refusedByHostFunction(let reason):
            self.init(reason, remedy: "The log and `switchyard doctor` have the function's message.")
        case .reusedKey: self.init("The idempotency key was used for another request.")
        case .forbidden(let text, let remedy, _): self.init(text, remedy: remedy)
        case .suspended(let reason):
            self.init("The workspace is suspended: \(reason)", remedy: "`switchyard lift --workspace NAME` lifts that.")
        case .wrongCredentials(let text): self.init(text)
        case .secondFactorRequired: self.init("The user has a second factor.")
        case .tooManyWrongKeys(let seconds): self.init("Too many wrong keys.", remedy: "Try again in \(seconds) s.")
        case .beyondLimit(let reading):
            self.init(
                "The limit “\(reading.policy.name)” is used up: \(reading.limit), and \(reading.left) are left.",
                remedy: "Try again in \(reading.seconds) s."
            )
        case .tooManyAnalyses(let seconds):
            self.init("Other analyses are running.", remedy: "Try again in \(seconds) s.")
        case .missingScope(let scope): self.init("This needs the scope \(scope.rawValue).")
        }
    }
}
