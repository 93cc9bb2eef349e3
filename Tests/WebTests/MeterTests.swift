import CoreMetrics
import HTTPTypes
import NIOCore
import RoutingRules
import Synchronization
import Testing
import WebTestSupport

@testable import Web

/// Requests are counted by route, whatever the path.
struct MeterTests {
    /// Metrics that a test can read, by name and labels.
    private final class Recorded: MetricsFactory {
        final class Cell: CounterHandler, TimerHandler, MeterHandler {
            let values = Mutex<[Int64]>([])

            func increment(by amount: Int64) { values.withLock { $0.append(amount) } }
            func reset() {}
            func recordNanoseconds(_ duration: Int64) { values.withLock { $0.append(duration) } }
            func set(_ value: Int64) { values.withLock { $0.append(value) } }
            func set(_ value: Double) { set(Int64(value)) }
            func increment(by amount: Double) { values.withLock { $0.append(Int64(amount)) } }
            func decrement(by amount: Double) { values.withLock { $0.append(-Int64(amount)) } }
        }

        private let cells = Mutex<[String: Cell]>([:])
        private let made = Mutex(0)

        /// The number of metrics.
        var count: Int { made.withLock { $0 } }
        var names: Set<String> { Set(cells.withLock { $0.keys }) }

        func values(_ name: String) -> [Int64] { cells.withLock { $0[name] }?.values.withLock { $0 } ?? [] }

        private func cell(_ label: String, _ dimensions: [(String, String)]) -> Cell {
            made.withLock { $0 += 1 }
            return cells.withLock { cells in
                let name = ([label] + dimensions.map(\.1)).joined(separator: " ")
                let cell = cells[name] ?? Cell()
                cells[name] = cell
                return cell
            }
        }

        func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
            cell(label, dimensions)
        }
        func makeFloatingPointCounter(
            label: String,
            dimensions: [(String, String)]
        ) -> any FloatingPointCounterHandler {
            NOOPMetricsHandler.instance
        }
        func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { cell(label, dimensions) }
        func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
            NOOPMetricsHandler.instance
        }
        func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { cell(label, dimensions) }
        func destroyCounter(_ handler: any CounterHandler) {}
        func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
        func destroyMeter(_ handler: any MeterHandler) {}
        func destroyRecorder(_ handler: any RecorderHandler) {}
        func destroyTimer(_ handler: any TimerHandler) {}
    }

    @Test func requestsAreCountedByMethodRouteAndClass() async throws {
        let lead = #"{"email":"a@b.co","workspaceId":"00000000-0000-4000-8000-000000000001"}"#
        let faulty = MountedEndpoint(path: "/api/faulty", methods: ["GET"]) { _ in throw CancellationError() }
        let recorded = Recorded()
        try await TestServer.run(.withoutDatabase(), mounts: [faulty], metrics: recorded) { server in
            for _ in 0..<3 { _ = try await server.post("/api/leads/decode", lead) }
            _ = try await server.post("/api/leads/decode", "{")
            _ = try await server.get("/api/faulty")
            _ = try await server.get("/api/leads/not-an-id")
            _ = try await server.get("/healthz", key: nil)
        }
        #expect(recorded.values("http.server.requests POST /api/leads/decode 2xx") == [1, 1, 1])
        #expect(recorded.values("http.server.requests POST /api/leads/decode 4xx") == [1])
        #expect(recorded.values("http.server.requests GET /api/faulty 5xx") == [1])
        #expect(recorded.values("http.server.requests GET /api/leads/{id} 4xx") == [1])
        #expect(recorded.values("http.server.request.duration POST /api/leads/decode").count == 4)
        #expect(recorded.values("http.server.request.duration POST /api/leads/decode").allSatisfy { $0 > 0 })
        #expect(recorded.values("http.server.request.duration GET /healthz").count == 1)
        // Every started request has ended.
        #expect(recorded.values("http.server.active_requests").reduce(0, +) == 0)
        #expect(recorded.values("http.server.active_requests").count == 1 + 2 * 7)
    }

    /// Unknown paths and methods are a series each at most, and no label repeats them.
    @Test func seriesAreBoundedForAnyRequest() async throws {
        let recorded = Recorded()
        try await TestServer.run(.withoutDatabase(), metrics: recorded) { server in
            for number in 0..<40 {
                _ = try await server.get("/secret/canary\(number)")
                _ = try await server.get("/api/leads/canary\(number)")
                let method = try #require(HTTPRequest.Method(rawValue: "CANARY\(number)"))
                _ = try await server.send(method, "/api/leads")
                _ = try await server.send(.put, "/api/leads")
            }
        }
        #expect(
            recorded.names == [
                "http.server.active_requests", "http.server.request.duration _OTHER unknown",
                "http.server.requests _OTHER unknown 4xx", "http.server.request.duration GET /api/leads/{id}",
                "http.server.requests GET /api/leads/{id} 4xx", "http.server.request.duration _OTHER /api/leads",
                "http.server.requests _OTHER /api/leads 4xx",
            ]
        )
        // Each metric is created once and kept: a request creates none.
        #expect(recorded.count == 7)
        #expect(recorded.values("http.server.requests _OTHER /api/leads 4xx").count >= 40)
    }

    /// A stream counts as active until its last line.
    @Test func streamIsMeasuredToItsEnd() async throws {
        let recorded = Recorded()
        try await TestServer.run(.withoutDatabase(), metrics: recorded) { server in
            let answer = try await server.send(
                .post,
                "/api/leads/stream",
                headers: [.contentType: "application/x-ndjson"],
                bytes: Array("{\n7\n".utf8)
            )
            #expect(answer.status == 200)
        }
        #expect(recorded.values("http.server.requests POST /api/leads/stream 2xx") == [1])
        #expect(recorded.values("http.server.active_requests").reduce(0, +) == 0)
    }
}
