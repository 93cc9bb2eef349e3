import JSON

/// What a call reports of a step.
struct StepOperation: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// It is done; this is its result.
        case done(JSONValue)
        /// It went wrong.
        case failed(FunctionFailure)
        /// It is what comes next.
        case planned
        /// There is no such step any more.
        case notFound
    }

    let id: String
    let name: String
    let kind: Kind

    /// The operation as Inngest reads it.
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
