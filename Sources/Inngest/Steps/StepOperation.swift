import JSON

/// The report of a step in the answer to a call.
struct StepOperation: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// It is finished, with this result.
        case done(JSONValue)
        /// It failed.
        case failed(FunctionFailure)
        /// It is the next step.
        case planned
        /// The function has no such step.
        case notFound
    }

    let id: String
    let name: String
    let kind: Kind

    /// The operation in Inngest's form.
    var json: JSONValue {
        let (operation, data, error): (String, JSONValue?, JSONValue?) =
            switch kind {
            case .done(let data): ("StepRun", data, nil)
            case .failed(let failure): ("StepError", nil, failure.json)
            case .planned: ("StepPlanned", nil, nil)
            case .notFound: ("StepNotFound", nil, nil)
            }
        return .object(leavingOutNil: [
            "id": .string(id), "op": .string(operation), "displayName": .string(name), "data": data, "error": error,
        ])
    }
}
