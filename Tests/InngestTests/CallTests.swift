import JSON
import Outbound
import Testing

@testable import Inngest

@Suite struct CallTests {
    @Test func completedFunctionRespondsWithResult() async throws {
        let answer = try await TestEndpoint().call()
        #expect(answer.status == 200)
        #expect(answer.text == #"{"affected":3}"#)
        #expect(answer.header("X-Inngest-Sdk") == "switchyard/inngest-swift:v1.2.3")
        #expect(answer.header("X-Inngest-Req-Version") == "2")
        #expect(answer.header("X-Inngest-No-Retry") == nil)
        let key = try #require(SigningKey(TestEndpoint.key))
        let signature = try #require(answer.header("X-Inngest-Signature").flatMap { Signature($0) })
        #expect(signature.isValid(of: answer.body, by: key, now: TestEndpoint.now))
    }

    @Test func missingResultIsNull() async throws {
        let answer = try await TestEndpoint(body: { _ in .null }).call()
        #expect(answer.status == 200 && answer.text == "null")
    }

    @Test func retriableFailureIsReported() async throws {
        struct Odd: Error { let secret = "person@example.com" }
        let answer = try await TestEndpoint(body: { _ in throw Odd() }).call()
        #expect(answer.status == 500)
        #expect(answer.header("X-Inngest-No-Retry") == "false")
        #expect(answer.text == #"{"name":"Odd","message":"The function failed."}"#)
    }

    @Test func retriableFailureNamesDelay() async throws {
        let answer = try await TestEndpoint(body: { _ in
            throw FunctionFailure.retriable("busy", after: .seconds(30))
        })
        .call()
        #expect(answer.status == 500)
        #expect(answer.header("Retry-After") == "30" && answer.header("X-Inngest-No-Retry") == "false")
    }

    @Test func permanentFailureIsNotRetried() async throws {
        let answer = try await TestEndpoint(body: { _ in throw FunctionFailure.final("no", name: "Bad") }).call()
        #expect(answer.status == 400)
        #expect(answer.header("X-Inngest-No-Retry") == "true" && answer.header("Retry-After") == nil)
        #expect(answer.text == #"{"name":"Bad","message":"no"}"#)
    }

    @Test func unknownFunctionIsRefused() async throws {
        let answer = try await TestEndpoint().call("app-nothing")
        #expect(answer.status == 500 && answer.header("X-Inngest-No-Retry") == "false")
    }

    @Test func malformedCallIsRefused() async throws {
        let endpoint = try TestEndpoint()
        for body: JSONValue in [[], ["ctx": [:]], ["ctx": ["run_id": "r"]], "text"] {
            let answer = await endpoint.send("POST", query: ["fnId": "app-clock"], body)
            #expect(answer.status == 400 && answer.header("X-Inngest-No-Retry") == "true")
        }
        #expect(await endpoint.send("POST", query: ["fnId": "app-clock"], nil).status == 400)
    }

    @Test func unsignedCallsAreRefused() async throws {
        let endpoint = try TestEndpoint()
        let answer = await endpoint.call(signed: false)
        #expect(answer.status == 401 && answer.text == #"{"message":"Unauthorized"}"#)
        #expect(answer.header("X-Inngest-Sdk") != nil && answer.header("X-Inngest-Signature") == nil)
        let other = await endpoint.send("POST", query: ["fnId": "app-clock"], [:], with: "signkey-test-00")
        #expect(other.status == 401)
        // Without a signing key every request is refused.
        #expect(try await TestEndpoint([:]).call().status == 401)
        #expect(try await TestEndpoint(["INNGEST_DEV": "1"]).call(signed: false).status == 200)
    }

    @Test func functionReceivesItsCall() async throws {
        let endpoint = try TestEndpoint(body: { call in
            [
                "run": .string(call.runID), "event": .string(call.event.name), "id": .string(call.event.id),
                "limit": call.event.data["limit"] ?? .null, "last": .bool(call.isLastAttempt),
            ]
        })
        #expect(
            await endpoint.call(context: [.init("max_attempts", 1)]).text
                == #"{"run":"run 1","event":"lead/asked","id":"e1","limit":7,"last":true}"#
        )
    }

    @Test func oversizedCallIsFetchedFromAPI() async throws {
        let event: JSONValue = ["name": "large", "data": [:]]
        let inngest = FakeInngest([.init(status: 200, json: [event]), .init(status: 200, json: [:])])
        let endpoint = try TestEndpoint(inngest: inngest) { .string($0.event.name) }
        let answer = await endpoint.call(context: [.init("use_api", true)])
        #expect(answer.text == #""large""#)
        #expect(
            inngest.requests.map(\.url) == [
                "https://api.inngest.com/v0/runs/run%201/batch", "https://api.inngest.com/v0/runs/run%201/actions",
            ]
        )
        #expect(inngest.requests.allSatisfy { $0.header("Authorization")?.hasPrefix("Bearer signkey-test-") == true })
        let failing = try TestEndpoint(inngest: FakeInngest(usual: .init(status: 500)))
        #expect(await failing.call(context: [.init("use_api", true)]).status == 500)
    }
}
