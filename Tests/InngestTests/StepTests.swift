import JSON
import Synchronization
import Testing

@testable import Inngest

@Suite struct StepTests {
    /// Two steps, and a count of their executions.
    private final class Work: Sendable {
        let counts = Mutex<[String: Int]>([:])

        func body(_ call: FunctionCall) async throws -> JSONValue {
            let first = try await call.step("add") { self.count("add") }
            let second = try await call.step("add") { self.count("add again") }
            return [first, second]
        }

        private func count(_ name: String) -> JSONValue {
            counts.withLock { $0[name, default: 0] += 1 }
            return .string(name)
        }
    }

    @Test func stepIDsAreHashed() {
        #expect(StepRunner.id("my-step-id") == "e7d8a2f140845095749d60246ff1110c9d01d76a")
    }

    @Test func stepRunsOncePerRun() async throws {
        let work = Work()
        let endpoint = try TestEndpoint(body: work.body)
        let (first, second) = (StepRunner.id("add"), StepRunner.id("add:1"))
        let one = await endpoint.call()
        #expect(one.status == 206)
        #expect(one.text == #"[{"id":"\#(first)","op":"StepRun","displayName":"add","data":"add"}]"#)
        let known: JSONValue = .object([.init(first, ["data": "kept"])])
        let two = await endpoint.call(steps: known)
        #expect(two.text == #"[{"id":"\#(second)","op":"StepRun","displayName":"add","data":"add again"}]"#)
        let all: JSONValue = .object([
            .init(first, ["data": "kept"]), .init(second, ["data": "kept too"]),
        ])
        let three = await endpoint.call(steps: all)
        #expect(three.status == 200 && three.text == #"["kept","kept too"]"#)
        #expect(work.counts.withLock { $0 } == ["add": 1, "add again": 1])
    }

    @Test func plannedStepRunsWhenCalled() async throws {
        let work = Work()
        let endpoint = try TestEndpoint(body: work.body)
        let plan = await endpoint.call(context: [.init("disable_immediate_execution", true)])
        let id = StepRunner.id("add")
        #expect(plan.status == 206)
        #expect(plan.text == #"[{"id":"\#(id)","op":"StepPlanned","displayName":"add"}]"#)
        #expect(work.counts.withLock { $0 }.isEmpty)
        let done = await endpoint.call(
            step: id,
            context: [.init("disable_immediate_execution", true)]
        )
        #expect(done.text == #"[{"id":"\#(id)","op":"StepRun","displayName":"add","data":"add"}]"#)
        let gone = await endpoint.call(step: "0123")
        #expect(gone.json?.array?.first?["op"] == "StepNotFound")
    }

    @Test func failedStepIsReported() async throws {
        let endpoint = try TestEndpoint(body: { call in
            try await call.step("work") { throw FunctionFailure.final("no", name: "Bad") }
        })
        let answer = await endpoint.call()
        #expect(answer.status == 206 && answer.header("X-Inngest-No-Retry") == "true")
        #expect(answer.json?.array?.first?["op"] == "StepError")
        #expect(answer.json?.array?.first?["error"]?["message"] == "no")
        // Once its attempts are used up, the run continues with the error.
        let steps: JSONValue = .object([
            .init(StepRunner.id("work"), ["error": ["name": "Bad", "message": "no"]])
        ])
        let after = await endpoint.call(steps: steps)
        #expect(after.status == 400 && after.text == #"{"name":"Bad","message":"no"}"#)
    }

    @Test func manualRunPerformsAllSteps() async throws {
        let work = Work()
        let endpoint = try TestEndpoint(body: work.body).endpoint
        let answer = try await endpoint.trigger(Array(#"{"name":"lead/asked","data":{"limit":1},"id":"mine"}"#.utf8))
        #expect(answer["ids"] == ["mine"])
        #expect(answer["runs"]?.array?.count == 1)
        #expect(answer["runs"]?.array?.first?["function"] == "listener")
        #expect(answer["runs"]?.array?.first?["result"] == ["add", "add again"])
        await #expect(throws: InngestEndpoint.Refusal.unknownEvent(known: ["lead/asked"])) {
            try await endpoint.trigger(Array(#"{"name":"other"}"#.utf8))
        }
        for text in ["", "[]", "{}", #"{"name":1}"#, #"{"name":"lead/asked","data":7}"#] {
            await #expect(throws: InngestEndpoint.Refusal.notAnEvent) { try await endpoint.trigger(Array(text.utf8)) }
        }
    }
}
