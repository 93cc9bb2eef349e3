package import JSON

/// An event that triggers a function.
package struct InngestEvent: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Its id, from the sender or Inngest; may be empty.
    package let id: String
    /// When it was sent, in milliseconds since 1970, if known.
    package let timestamp: Int64?
    /// Its data; an object.
    package let data: JSONValue

    /// An event.
    package init(name: String, id: String, timestamp: Int64?, data: JSONValue) {
        self.name = name
        self.id = id
        self.timestamp = timestamp
        self.data = data
    }

    /// Decodes an event; nil for other values.
    package init?(_ json: JSONValue) {
        guard let name = json["name"]?.string else { return nil }
        self.name = name
        id = json["id"]?.string ?? ""
        timestamp = json["ts"]?.integer
        switch json["data"] {
        case .object(let members)?: data = .object(members)
        case nil, .null?: data = [:]
        default: return nil
        }
    }
}

/// One call of a function.
package struct FunctionCall: Sendable {
    /// The run; the same for each attempt.
    package let runID: String
    /// The number of the attempt, from 0.
    package let attempt: Int
    /// The maximum number of attempts, if known.
    package let maximumAttempts: Int?
    /// The triggering event.
    package let event: InngestEvent
    /// The finished steps, and the requested one.
    let steps: StepRunner

    /// Whether no other attempt follows if this one fails.
    package var isLastAttempt: Bool { maximumAttempts.map { attempt + 1 >= $0 } ?? false }

    /// Runs a step once for the whole run: later calls of the run get its stored result.
    ///
    /// The code between steps runs at every call. Errors of this method belong to Inngest's protocol; let them through.
    ///
    /// - Parameters:
    ///   - name: the step's name in Inngest's dashboard; the same at every call.
    ///   - body: the work.
    /// - Returns: the result, of this call or an earlier one.
    /// - Throws: the failure of the step, or a signal to the endpoint that the call ends here.
    package func step(_ name: String, _ body: () async throws -> JSONValue) async throws -> JSONValue {
        try await steps.run(name, body)
    }
}
