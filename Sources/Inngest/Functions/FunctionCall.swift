package import JSON

/// An event that Inngest calls a function for.
package struct InngestEvent: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Its id, as the sender or Inngest made it; it may be empty.
    package let id: String
    /// When it was sent, in milliseconds since 1970, if it says so.
    package let timestamp: Int64?
    /// What it is about; an object.
    package let data: JSONValue

    /// An event of these parts.
    package init(name: String, id: String, timestamp: Int64?, data: JSONValue) {
        self.name = name
        self.id = id
        self.timestamp = timestamp
        self.data = data
    }

    /// Reads an event; nil for a value that is none.
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
    /// The run; the same for every try.
    package let runID: String
    /// Which try it is, from 0.
    package let attempt: Int
    /// How many tries there are, if Inngest says so.
    package let maximumAttempts: Int?
    /// What it is called for.
    package let event: InngestEvent
    /// The steps that are done, and the one that is to be.
    let steps: StepRunner

    /// Whether no other try follows if this one fails.
    package var isLastAttempt: Bool { maximumAttempts.map { attempt + 1 >= $0 } ?? false }

    /// Does a part of the work once for the whole run: when the run is called again, the result is there already.
    ///
    /// What comes between steps is done at every call. Errors of this method belong to Inngest's protocol; let them
    /// through.
    ///
    /// - Parameters:
    ///   - name: what it is called on Inngest's pages; the same at every call.
    ///   - body: the work.
    /// - Returns: the result, of now or of an earlier call.
    /// - Throws: how the step failed, or a sign for the endpoint that the call ends here.
    package func step(_ name: String, _ body: () async throws -> JSONValue) async throws -> JSONValue {
        try await steps.run(name, body)
    }
}
