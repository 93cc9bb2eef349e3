import JSON
import Logging
import Outbound
import Synchronization

@testable import Inngest

/// An Inngest server with configured answers.
final class FakeInngest: HTTPTransport {
    struct Unreachable: Error {}

    private let state = Mutex<(requests: [OutboundRequest], answers: [OutboundResponse?])>(([], []))
    private let usual: OutboundResponse

    /// - Parameters:
    ///   - answers: the first answers; nil for no answer.
    ///   - usual: the answers after them.
    init(_ answers: [OutboundResponse?] = [], usual: OutboundResponse = .init(status: 200, json: ["modified": true])) {
        self.usual = usual
        state.withLock { $0.answers = answers }
    }

    var requests: [OutboundRequest] { state.withLock { $0.requests } }

    func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let answer = state.withLock { state -> OutboundResponse? in
            state.requests.append(request)
            return state.answers.isEmpty ? usual : state.answers.removeFirst()
        }
        guard let answer else { throw Unreachable() }
        return answer
    }
}

extension OutboundResponse {
    init(status: Int, json: JSONValue) { self.init(status: status, body: json.bytes) }
}

extension OutboundRequest {
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    var json: JSONValue? { try? InngestJSON.value(of: body) }
}

/// An endpoint with three functions, in front of a fake server.
struct TestEndpoint {
    static let key = "signkey-test-f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f"
    static let now: Int64 = 1_700_000_000

    let inngest: FakeInngest
    let endpoint: InngestEndpoint

    init(
        _ environment: [String: String] = [
            "INNGEST_SIGNING_KEY": key, "INNGEST_SERVE_ORIGIN": "https://leads.example",
        ],
        inngest: FakeInngest = FakeInngest(),
        body: @escaping @Sendable (FunctionCall) async throws -> JSONValue = { _ in ["affected": 3] }
    ) throws {
        self.inngest = inngest
        endpoint = InngestEndpoint(
            client: InngestClient(
                app: InngestApp(id: "app", version: "1.2.3"),
                settings: try InngestSettings(environment: environment),
                transport: inngest
            ),
            functions: [
                InngestFunction(id: "clock", triggers: [.cron("*/5 * * * *")], retries: 2, concurrency: 1, body: body),
                InngestFunction(id: "listener", triggers: [.event("lead/asked")], body: body),
            ],
            now: { Self.now },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Sends a request, signed by default.
    func send(
        _ method: String,
        query: [String: String] = [:],
        headers: [HeaderField] = [],
        _ body: JSONValue? = nil,
        signed: Bool = true,
        with key: String = Self.key
    ) async -> InngestResponse {
        let bytes = body?.bytes ?? []
        var headers = headers
        if signed, let key = SigningKey(key) {
            let signature = Signature(of: bytes, with: key, at: Self.now)
            headers.append(HeaderField("X-Inngest-Signature", signature.description))
        }
        return await endpoint.answer(InngestRequest(method: method, query: query, headers: headers, body: bytes))
    }

    /// Calls a function as Inngest does.
    func call(
        _ function: String = "app-clock",
        step: String = "step",
        context: [JSONValue.Member] = [],
        steps: JSONValue = [:],
        signed: Bool = true
    ) async -> InngestResponse {
        let event: JSONValue = ["name": "lead/asked", "id": "e1", "ts": 1, "data": ["limit": 7]]
        let context = context + [.init("run_id", "run 1"), .init("attempt", 0)]
        return await send(
            "POST",
            query: ["fnId": function, "stepId": step],
            ["ctx": .object(context), "event": event, "events": [event], "steps": steps, "use_api": false],
            signed: signed
        )
    }
}

extension InngestResponse {
    var json: JSONValue? { try? InngestJSON.value(of: body) }
    var text: String { String(decoding: body, as: UTF8.self) }
}
