import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import RoutingRules
import Synchronization
import Testing

@testable import Web

/// `POST /api/leads/stream`.
struct StreamTests {
    private let lines: HTTPFields = [.contentType: "application/x-ndjson"]

    private func answers(_ text: String) throws -> [AnyJSON] {
        try text.split(separator: "\n").map { try JSONDecoder().decode(AnyJSON.self, from: Data($0.utf8)) }
    }

    @Test func answersEachLineInItsPlaceAndSumsUp() async throws {
        try await TestServer.run { server in
            let body = """
                {"email":"a@b.co"}
                {"email":"bad"}

                {"email":
                7
                {"email":"A@B.co"}\r
                {"phone":"+1 415 555 0100"}
                """
            let answer = try await server.post("/api/leads/stream", body, headers: lines)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "application/x-ndjson")
            let all = try answers(answer.text)
            #expect(all.map { $0["index"]?.int } == [0, 1, 2, 3, 4, 5, nil])
            #expect(all.map { $0["code"]?.int } == [201, 422, 400, 422, 201, 201, nil])
            #expect(all[1]["problem"]?["errors"]?[0]?["field"]?.string == "/email")
            #expect(all[4]["lead"]?["isDuplicate"]?.bool == true)
            let summary = all.last?["summary"]
            #expect(summary?["received"]?.int == 6)
            #expect(summary?["accepted"]?.int == 3)
            #expect(summary?["rejected"]?.int == 3)
            #expect(summary?["duplicates"]?.int == 1)
            #expect(all.last?["problem"] == nil)
        }
    }

    @Test func takesNoOtherMediaTypeAndNoOtherKey() async throws {
        try await TestServer.run { server in
            let json = try await server.post("/api/leads/stream", "{}")
            #expect(json.status == 415)
            let reader = try await server.post("/api/leads/stream", "", key: "reader-key", headers: lines)
            #expect(reader.status == 403 || reader.status == 401)
            let empty = try await server.post("/api/leads/stream", "\n\n", headers: lines)
            #expect(empty.status == 200)
            #expect(try answers(empty.text).map { $0["summary"]?["received"]?.int } == [0])
        }
    }

    @Test func aLineThatIsTooLongEndsTheStreamAndKeepsWhatCameBefore() async throws {
        var limits = WebConfiguration.Limits()
        limits.bodyBytes = 64
        try await TestServer.run(limits: limits) { server in
            let long = #"{"email":"\#(String(repeating: "a", count: 100))@b.co"}"#
            let body = "{\"email\":\"a@b.co\"}\n\(long)\n{\"email\":\"c@b.co\"}\n"
            let all = try answers(await server.post("/api/leads/stream", body, headers: lines).text)
            #expect(all.count == 2)
            #expect(all.first?["code"]?.int == 201)
            #expect(all.last?["summary"]?["received"]?.int == 1)
            #expect(all.last?["problem"]?["status"]?.int == 413)
            #expect(server.backend.leadCount == 2 + 1)
        }
    }

    /// A caller that waits for each answer before it sends its next lead is answered at once, on one connection.
    ///
    /// The connection serves a request after it. How long a stream may take: `ConnectionGuardTests`.
    @Test func answersWhileTheBodyStillArrives() async throws {
        let app = makeApplication(
            configuration: WebConfiguration(port: 0),
            backend: FakeBackend(),
            logger: Logger(label: "web-tests") { _ in SwiftLogNoOpLogHandler() }
        )
        try await app.test(.live) { client in
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "localhost", port: try #require(client.port)) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            try await channel.executeThenClose { inbound, outbound in
                var answers = inbound.makeAsyncIterator()
                var text = ""
                func read(until end: String) async throws {
                    while !text.contains(end) {
                        text += String(buffer: try #require(try await answers.next()))
                    }
                    text = ""
                }
                let fields = [
                    "POST /api/leads/stream HTTP/1.1", "Host: x", "Authorization: Bearer alpha-key",
                    "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked", "", "",
                ]
                try await outbound.write(ByteBuffer(string: fields.joined(separator: "\r\n")))
                for number in 0..<6 {
                    let line = "{\"email\":\"lead-\(number)@b.co\"}\n"
                    let chunk = String(line.utf8.count, radix: 16) + "\r\n" + line + "\r\n"
                    try await outbound.write(ByteBuffer(string: chunk))
                    try await read(until: "\"index\":\(number),\"code\":201")
                }
                try await outbound.write(ByteBuffer(string: "0\r\n\r\n"))
                try await read(until: "\"received\":6")
                let next = "GET /api/workspaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alpha-key\r\n\r\n"
                try await outbound.write(ByteBuffer(string: next))
                try await read(until: "HTTP/1.1 200")
            }
        }
    }

    @Test(arguments: 1...7) func linesAreTheSameHoweverTheyArrive(size: Int) throws {
        let text = Array("one\ntwo\r\n\n  \nthree".utf8)
        var splitter = LineSplitter(limit: 10)
        var lines: [String] = []
        for start in stride(from: 0, to: text.count, by: size) {
            try splitter.split(text[start..<min(start + size, text.count)]) {
                lines.append(String(decoding: $0, as: UTF8.self))
            }
        }
        try splitter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
        #expect(lines == ["one", "two\r", "three"])
    }

    @Test func theGiverWaitsWhileTooMuchIsUnderWay() async throws {
        let handover = Handover<Int>(limit: 10)
        let given = Count()
        let giver = Task {
            for number in 0..<5 {
                await handover.give(number, weight: 6)
                given.add()
            }
            handover.finish()
        }
        var taken: [Int] = []
        while let number = await handover.take() {
            // What is given and not done with weighs no more than the limit and one thing.
            #expect(given.value <= taken.count + 1)
            taken.append(number)
            handover.done(weight: 6)
        }
        await giver.value
        #expect(taken == [0, 1, 2, 3, 4])
    }

    @Test func nobodyWaitsForAHandoverThatIsFinished() async {
        let handover = Handover<Int>(limit: 1)
        let giver = Task { await handover.give(1, weight: 5) }
        handover.finish()
        await giver.value
        // It may or may not have been given before that.
        let first = await handover.take()
        #expect(first == nil || first == 1)
        let second = await handover.take()
        #expect(second == nil)
    }
}

/// A number that tasks count up.
private final class Count: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    func add() { number.withLock { $0 += 1 } }
}
