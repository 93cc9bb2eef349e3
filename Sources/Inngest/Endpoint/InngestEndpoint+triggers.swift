import FoundationEssentials
package import JSON

extension InngestEndpoint {
    /// Why a received event ran no function.
    package enum Refusal: Error, Sendable, Hashable {
        /// The body is not an event.
        case notAnEvent
        /// No function is triggered by this event; `known` lists those that are.
        case unknownEvent(known: [String])
        /// A function failed.
        case failed(FunctionFailure)
    }

    /// `POST {"name","data"}`: runs the functions that this event triggers, in this process.
    ///
    /// The caller has checked that the sender may do so.
    ///
    /// - Parameter body: the event.
    /// - Returns: the event's id, and for each function its name, its run and its result.
    /// - Throws: ``Refusal``.
    package func trigger(_ body: [UInt8]) async throws(Refusal) -> JSONValue {
        guard let json = try? InngestJSON.value(of: body), var event = InngestEvent(json) else {
            throw Refusal.notAnEvent
        }
        if event.id.isEmpty {
            event = InngestEvent(name: event.name, id: Self.newID(), timestamp: event.timestamp, data: event.data)
        }
        let triggered = functions.filter { $0.triggers.contains(.event(event.name)) }
        guard !triggered.isEmpty else { throw Refusal.unknownEvent(known: knownEvents) }
        var runs: [JSONValue] = []
        for function in triggered {
            let call = FunctionCall(
                runID: Self.newID(),
                attempt: 0,
                maximumAttempts: 1,
                event: event,
                steps: StepRunner(purpose: .everything)
            )
            switch await run(function, call) {
            case .done(let result):
                runs.append(["function": .string(function.id), "runId": .string(call.runID), "result": result])
            case .failed(let failure): throw Refusal.failed(failure)
            case .steps: throw Refusal.failed(.retriable("The function reported a step."))
            }
        }
        return ["ids": [.string(event.id)], "status": 200, "runs": .array(runs)]
    }

    private var knownEvents: [String] {
        functions.flatMap(\.triggers)
            .compactMap { trigger in
                if case .event(let name) = trigger { name } else { nil }
            }
    }

    private static func newID() -> String { UUID().uuidString.lowercased() }
}
