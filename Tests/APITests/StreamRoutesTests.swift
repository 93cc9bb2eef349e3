import FoundationEssentials
import HTTPTypes
import Hummingbird
import LeadRouting
import Logging
import NIOCore
import NIOPosix
import RoutingRules
import Testing
import Web
import WebTestSupport

/// `POST /api/leads/stream`.
struct StreamRoutesTests {
    private let lines: HTTPFields = [.contentType: "application/x-ndjson"]

    private func answers(_ text: String) throws -> [AnyJSON] {
        try text.split(separator: "\n").map { try JSONDecoder().decode(AnyJSON.self, from: Data($0.utf8)) }
    }

    @Test func streamRespondsInOrderOfLines() async throws {
        try await APIFixture.with { api in
            let body = """
                {"email":"a@b.co"}
                {"email":"bad"}

                {"email":
                7
                {"email":"A@B.co"}\r
                {"email":"x@b.co","workspaceId":"\(APIFixture.beta.text)"}
                {"phone":"+1 415 555 0100"}
                """
            let answer = try await api.server.post("/api/leads/stream", body, headers: lines)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "application/x-ndjson")
            let all = try answers(answer.text)
            #expect(all.map { $0["index"]?.int } == [0, 1, 2, 3, 4, 5, 6, nil])
            #expect(all.map { $0["code"]?.int } == [201, 422, 400, 422, 201, 403, 201, nil])
            #expect(all[1]["problem"]?["errors"]?[0]?["field"]?.string == "/email")
            #expect(all[4]["lead"]?["isDuplicate"]?.bool == true)
            let summary = all.last?["summary"]
            #expect(summary?["received"]?.int == 7)
            #expect(summary?["accepted"]?.int == 3)
            #expect(summary?["rejected"]?.int == 4)
            #expect(summary?["duplicates"]?.int == 1)
            #expect(all.last?["problem"] == nil)
            #expect(try await api.server.post("/api/leads/stream", "", key: "reader-key", headers: lines).status == 403)
            let empty = try await api.server.post("/api/leads/stream", "\n\n", headers: lines)
            #expect(try answers(empty.text).map { $0["summary"]?["received"]?.int } == [0])
        }
    }

    @Test func overlongLineEndsStreamAndKeepsEarlierLines() async throws {
        var limits = WebConfiguration.Limits()
        limits.bodyBytes = 64
        try await APIFixture.with(limits: limits) { api in
            let long = #"{"email":"\#(String(repeating: "a", count: 100))@b.co"}"#
            let body = "{\"email\":\"a@b.co\"}\n\(long)\n{\"email\":\"c@b.co\"}\n"
            let all = try answers(await api.server.post("/api/leads/stream", body, headers: lines).text)
            #expect(all.count == 2)
            #expect(all.first?["code"]?.int == 201)
            #expect(all.last?["summary"]?["received"]?.int == 1)
            #expect(all.last?["problem"]?["status"]?.int == 413)
            #expect(try await api.leadCount() == 1)
        }
    }

    /// A client that waits for each answer before it sends its next lead gets its answers, on one connection.
    ///
    /// The connection serves another request afterwards. `ConnectionGuardTests` tests the time limits of streams.
    @Test func streamRespondsWhileBodyArrives() async throws {
        try await APIFixture.with { api in
            let key = api.tokens["alpha-key"] ?? ""
            try await withLiveServer(useCases: api.useCases) { port in
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "localhost", port: port) { channel in
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
                        "POST /api/leads/stream HTTP/1.1", "Host: x", "Authorization: Bearer \(key)",
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
                    let next = "GET /api/workspaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(key)\r\n\r\n"
                    try await outbound.write(ByteBuffer(string: next))
                    try await read(until: "HTTP/1.1 200")
                }
            }
        }
    }
}
