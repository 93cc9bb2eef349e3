import JSON
import Logging
import Outbound

extension InngestEndpoint {
    /// `POST ?fnId=…&stepId=…`: runs a function, or a step of it.
    func call(_ request: InngestRequest, _ verdict: SigningKeys.Verdict) async -> InngestResponse {
        guard isTrusted(verdict) else {
            logger.warning("refused a call without a valid Inngest signature")
            return Self.unauthorised
        }
        guard let id = request.query["fnId"], let function = functions.first(where: { app.compositeID($0) == id })
        else {
            return answer(.failed(.retriable("This app has no such function.", name: "UnknownFunction")))
        }
        let call: FunctionCall
        do {
            call = try await read(request)
        } catch {
            return answer(.failed(FunctionFailure(error)))
        }
        return answer(await run(function, call))
    }

    /// The outcome of a call.
    enum Outcome: Sendable, Hashable {
        case done(JSONValue)
        case failed(FunctionFailure)
        case steps([StepOperation])
    }

    func run(_ function: InngestFunction, _ call: FunctionCall) async -> Outcome {
        do {
            return .done(try await function.body(call))
        } catch let report as StepRunner.Report {
            return .steps(report.operations)
        } catch {
            return .failed(FunctionFailure(error))
        }
    }

    /// Decodes a call; fetches parts that were omitted because of their size.
    private func read(_ request: InngestRequest) async throws -> FunctionCall {
        guard let body = try? InngestJSON.value(of: request.body), let context = body["ctx"],
            let run = context["run_id"]?.string
        else { throw FunctionFailure.final("The body is not a function call.", name: "BadCall") }
        var events = [body["event"]].compactMap { $0 }
        var steps = body["steps"]
        if context["use_api"]?.bool ?? body["use_api"]?.bool ?? false {
            do {
                events = try await client.events(ofRun: run)
                steps = try await client.steps(ofRun: run)
            } catch {
                throw FunctionFailure.retriable(error.description, name: "RunNotRead")
            }
        }
        guard let event = events.first.flatMap(InngestEvent.init) else {
            throw FunctionFailure.final("The call has no event.", name: "BadCall")
        }
        let step = request.query["stepId"] ?? "step"
        let isPlan = context["disable_immediate_execution"]?.bool ?? false
        return FunctionCall(
            runID: run,
            attempt: Int(clamping: context["attempt"]?.integer ?? 0),
            maximumAttempts: context["max_attempts"]?.integer.map { Int(clamping: $0) },
            event: event,
            steps: StepRunner(
                purpose: step == "step" ? (isPlan ? .plan : .next) : .step(step),
                done: Dictionary((steps?.members ?? []).map { ($0.key, $0.value) }) { first, _ in first }
            )
        )
    }

    /// An outcome in the protocol's form.
    private func answer(_ outcome: Outcome) -> InngestResponse {
        switch outcome {
        case .done(let value): return InngestResponse(200, value)
        case .steps(let operations):
            var response = InngestResponse(206, .array(operations.map(\.json)))
            for operation in operations {
                if case .failed(let failure) = operation.kind { response.headers += Self.headers(failure) }
            }
            return response
        case .failed(let failure):
            // Inngest reads the header, not the status: a 400 without it is retried.
            return InngestResponse(
                failure.isRetriable ? 500 : 400,
                failure.json,
                headers: Self.headers(failure)
            )
        }
    }

    private static func headers(_ failure: FunctionFailure) -> [HeaderField] {
        var headers = [HeaderField("X-Inngest-No-Retry", failure.isRetriable ? "false" : "true")]
        if failure.isRetriable, let delay = failure.retryAfter {
            headers.append(HeaderField("Retry-After", "\(max(1, delay.components.seconds))"))
        }
        return headers
    }
}
