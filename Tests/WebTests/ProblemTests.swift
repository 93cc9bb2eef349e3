import FoundationEssentials
import HTTPTypes
import LeadRouting
import Logging
import RoutingRules
import Synchronization
import Testing
import WebTestSupport

@testable import Web

/// Refusals of use cases as answers.
struct ProblemTests {
    @Test(arguments: [
        (RequestError.notFound("None."), 404), (.conflict(reason: "No.", remedy: "Wait."), 409),
        (.invalid([FieldProblem(field: "name", message: "Too long.")]), 422), (.overloaded(retryAfterSeconds: 7), 503),
        (.unavailable(reason: "The database cannot be reached."), 503), (.reusedKey, 422), (.forbidden("No."), 403),
        (.missingScope(.leadsWrite), 403),
    ])
    func everyErrorHasItsStatus(_ error: RequestError, _ status: Int) {
        #expect(Problem(error).kind.status.code == status)
    }

    @Test func errorDetailsAreKept() {
        #expect(Problem(RequestError.overloaded(retryAfterSeconds: 7)).headers[.retryAfter] == "7")
        #expect(Problem(RequestError.unavailable(reason: "Down.")).headers[.retryAfter] != nil)
        #expect(Problem(RequestError.reusedKey).errors.map(\.field) == ["Idempotency-Key"])
        let invalid = RequestError.invalid([FieldProblem(field: "conditions.regions", message: "Odd.", remedy: "Less.")]
        )
        #expect(Problem(invalid).errors.map(\.field) == ["/conditions/regions"])
        #expect(Problem(invalid).pointing(below: "/leads/3").errors.map(\.field) == ["/leads/3/conditions/regions"])
        let field = FieldProblem(field: "/workspaceId", message: "No.")
        let forbidden = Problem(RequestError.forbidden("No.", remedy: "Omit it.", fields: [field]))
        #expect(forbidden.errors == [field] && forbidden.remedy == "Omit it.")
        #expect(
            Problem(RequestError.missingScope(.leadsErase)).headers[.wwwAuthenticate]?.contains("leads:erase") == true
        )
    }

    /// An error type that the API does not know.
    private struct UnknownError: Error {
        let secret = "p@ssw0rd"
    }

    @Test func serverErrorNamesRequestOnly() async throws {
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "web-tests") { _ in
            RecordingLogHandler { line in lines.withLock { $0.append(line) } }
        }
        let faulty = MountedEndpoint(path: "/api/faulty", methods: ["GET"]) { _ in throw UnknownError() }
        try await TestServer.run(.withoutDatabase(), mounts: [faulty], logger: logger) { server in
            let answer = try await server.get("/api/faulty")
            #expect(answer.isProblem(500))
            #expect(!answer.text.contains("UnknownError") && !answer.text.contains("p@ssw0rd"))
            #expect(answer["requestId"]?.string == answer.headers[.xRequestID])
        }
        let text = lines.withLock { $0.joined(separator: "\n") }
        #expect(text.contains("UnknownError") && !text.contains("p@ssw0rd"))
    }
}
