import Synchronization
import Testing

@testable import Outbound

/// ``OutboundHTTPClient`` against a server on this machine.
@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    private let client = OutboundHTTPClient(userAgent: "switchyard/test", addresses: .operatorDestinations)

    private static func ok(_ body: String = "{}") -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func failure(_ request: OutboundRequest, by client: OutboundHTTPClient? = nil) async -> OutboundError? {
        do {
            let response = try await (client ?? self.client).send(request)
            Issue.record("a response: \(response.status)")
            return nil
        } catch {
            return error as? OutboundError
        }
    }

    @Test func requestArrivesWhole() async throws {
        let seen = Mutex<(head: String, body: String)?>(nil)
        try await LocalServer.run { connection in
            let request = try await connection.request()
            seen.withLock { $0 = request }
            try await connection.write(Self.ok("pong"))
        } _: { server in
            let response = try await client.send(
                OutboundRequest(
                    "POST",
                    server.url + "/a?b=c",
                    headers: [HeaderField("Content-Type", "application/json"), HeaderField("X-Empty", "")],
                    body: Array(repeating: UInt8(ascii: "x"), count: 3 << 20),
                    responseBody: .upTo(bytes: 4)
                )
            )
            #expect(response == OutboundResponse(status: 200, body: Array("pong".utf8)))
        }
        let (head, body) = try #require(seen.withLock { $0 })
        let lines = head.split(separator: "\r\n").map(String.init)
        #expect(lines.first == "POST /a?b=c HTTP/1.1")
        #expect(lines.contains("User-Agent: switchyard/test") && lines.contains("Content-Type: application/json"))
        #expect(lines.contains("X-Empty:") && !lines.contains { $0.hasPrefix("Expect") })
        #expect(body.utf8.count == 3 << 20)
    }

    /// libcurl would call an empty POST a form.
    @Test(arguments: ["POST", "GET", "PUT", "DELETE"]) func emptyRequestHasNoContentType(method: String) async throws {
        let seen = Mutex("")
        try await LocalServer.run { connection in
            let head = try await connection.request().head
            seen.withLock { $0 = head }
            try await connection.write(Self.ok())
        } _: { server in
            let response = try await client.send(OutboundRequest(method, server.url))
            #expect(response.status == 200)
        }
        let head = seen.withLock { $0 }
        #expect(head.hasPrefix("\(method) / HTTP/1.1") && !head.lowercased().contains("content-type"))
    }

    @Test func connectionIsUsedAgain() async throws {
        try await LocalServer.run { connection in
            while true {
                _ = try await connection.request()
                try await connection.write(Self.ok())
            }
        } _: { server in
            for _ in 0..<5 {
                let response = try await client.send(OutboundRequest("POST", server.url))
                #expect(response.status == 200)
            }
            #expect(server.connections == 1)
        }
    }

    @Test func manyRequestsRunAtOnce() async throws {
        // No response before all requests are there.
        let gate = Gate(count: 100)
        try await LocalServer.run { connection in
            _ = try await connection.request()
            await gate.pass()
            try await connection.write(Self.ok())
        } _: { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask { try await client.send(OutboundRequest("GET", server.url + "/\(number)")).status }
                }
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    // MARK: - Time

    @Test func silentServerTimesOut() async throws {
        try await LocalServer.run {
            try await $0.waitForEnd()
        } _: { server in
            let error = await failure(OutboundRequest("POST", server.url, timeout: .milliseconds(200)))
            #expect(error?.code == .timedOut && error?.isRetriable == true)
        }
    }

    /// Each byte comes in time; all of them do not.
    @Test(arguments: [false, true]) func drippingResponseTimesOut(isHead: Bool) async throws {
        try await LocalServer.run { connection in
            _ = try await connection.request()
            try await connection.write(
                isHead ? "HTTP/1.1 200 OK\r\nX-Long: " : "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
            )
            while true {
                try await connection.write("x")
                try await Task.sleep(for: .milliseconds(10))
            }
        } _: { server in
            let request = OutboundRequest(
                "POST",
                server.url,
                responseBody: .upTo(bytes: 1000),
                timeout: .milliseconds(300)
            )
            let error = await failure(request)
            #expect(error?.code == .timedOut)
        }
    }

    @Test func cancelledTaskEndsTheRequest() async throws {
        let arrived = Gate(count: 2)
        try await LocalServer.run { connection in
            _ = try await connection.request()
            await arrived.pass()
            try await connection.waitForEnd()
        } _: { server in
            let task = Task { await failure(OutboundRequest("POST", server.url, timeout: .seconds(600))) }
            await arrived.pass()
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
        }
    }

    @Test func cancelledTaskSendsNothing() async throws {
        try await LocalServer.run {
            _ = try await $0.request()
        } _: { server in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return await failure(OutboundRequest("POST", server.url))
            }
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(server.connections == 0)
        }
    }

    // MARK: - Size

    @Test(arguments: [false, true]) func longBodyIsAnError(isChunked: Bool) async throws {
        try await LocalServer.run { connection in
            _ = try await connection.request()
            let field = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(100 << 20)"
            try await connection.write("HTTP/1.1 200 OK\r\n\(field)\r\n\r\n")
            let part = String(repeating: "x", count: 0x1000)
            // The client closes the connection long before.
            for _ in 0..<(100 << 8) { try await connection.write(isChunked ? "1000\r\n\(part)\r\n" : part) }
        } _: { server in
            let error = await failure(OutboundRequest("GET", server.url, responseBody: .upTo(bytes: 10_000)))
            #expect(error?.code == .bodyTooLong && error?.isRetriable == false)
        }
    }

    @Test(arguments: [(4, true), (3, false)]) func bodyLimitIsExact(limit: Int, fits: Bool) async throws {
        try await LocalServer.run { connection in
            _ = try await connection.request()
            try await connection.write(Self.ok("four"))
        } _: { server in
            let request = OutboundRequest("GET", server.url, responseBody: .upTo(bytes: limit))
            if fits {
                let response = try await client.send(request)
                #expect(response.body.count == 4)
            } else {
                let error = await failure(request)
                #expect(error?.code == .bodyTooLong)
            }
        }
    }

    /// Where the status alone counts, it does however the body goes on: long, broken off, or not at all.
    @Test(arguments: [0, 10, 1 << 20]) func ignoredBodyDoesNotMatter(bytes: Int) async throws {
        try await LocalServer.run { connection in
            _ = try await connection.request()
            try await connection.write("HTTP/1.1 202 Accepted\r\nContent-Length: \(100 << 20)\r\n\r\n")
            try await connection.write(String(repeating: "x", count: bytes))
        } _: { server in
            let response = try await client.send(OutboundRequest("POST", server.url))
            #expect(response == OutboundResponse(status: 202))
        }
    }

    @Test func bodyThatBreaksOffIsAnError() async throws {
        try await LocalServer.run { connection in
            _ = try await connection.request()
            try await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        } _: { server in
            let error = await failure(OutboundRequest("GET", server.url, responseBody: .upTo(bytes: 1000)))
            #expect(error?.code == .cannotConnect)
        }
    }

    // MARK: - Reach

    @Test(arguments: [301, 302, 307, 308]) func redirectIsNotFollowed(status: Int) async throws {
        let requests = Mutex(0)
        try await LocalServer.run { connection in
            while true {
                _ = try await connection.request()
                requests.withLock { $0 += 1 }
                try await connection.write(
                    "HTTP/1.1 \(status) Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
                )
            }
        } _: { server in
            let response = try await client.send(OutboundRequest("POST", server.url))
            #expect(response.status == status)
        }
        #expect(requests.withLock { $0 } == 1)
    }

    @Test func refusedConnectionIsSaid() async throws {
        let port = try await LocalServer.freePort()
        let error = await failure(OutboundRequest("POST", "http://127.0.0.1:\(port)/hook/secret"))
        #expect(error?.code == .cannotConnect && error?.isRetriable == true)
        #expect(error.map { "\($0)".contains("secret") || "\($0)".contains("127.0.0.1") } == false)
    }

    @Test func unknownHostIsSaid() async {
        let error = await failure(OutboundRequest("POST", "http://switchyard.invalid/"))
        #expect(error?.code == .cannotResolve)
    }

    @Test func serverWithoutTLSIsSaid() async throws {
        try await LocalServer.run { connection in
            _ = try await connection.text(until: "\u{01}")
            try await connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        } _: { server in
            let error = await failure(OutboundRequest("POST", "https://127.0.0.1:\(server.port)/"))
            #expect(error?.code == .tls)
        }
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/", "smtp://127.0.0.1/", "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y", "http://[",
    ])
    func addressThatIsNoneIsRefused(url: String) async {
        let error = await failure(OutboundRequest("GET", url))
        #expect(error?.code == .invalidRequest && error?.isRetriable == false)
    }

    @Test(arguments: [
        HeaderField("X-A", "b\r\nX-C: d"), HeaderField("X-A", "b\0"), HeaderField("X A", "b"), HeaderField("", "b"),
        HeaderField("X-A: b\r\nX-C", "d"),
    ])
    func headerFieldThatIsNoneIsRefused(field: HeaderField) async {
        let error = await failure(OutboundRequest("GET", "http://127.0.0.1:9/", headers: [field]))
        #expect(error?.code == .invalidRequest)
    }

    // MARK: - Proxy

    @Test func proxyIsAskedForOtherHosts() async throws {
        let seen = Mutex("")
        try await LocalServer.run { connection in
            let head = try await connection.request().head
            seen.withLock { $0 = head }
            try await connection.write(Self.ok())
        } _: { server in
            let proxy = try #require(OutboundProxy("http://user:word@127.0.0.1:\(server.port)"))
            let client = OutboundHTTPClient(userAgent: "x", proxy: proxy, addresses: .operatorDestinations)
            let response = try await client.send(OutboundRequest("POST", "http://switchyard.invalid/hook"))
            #expect(response.status == 200)
        }
        let head = seen.withLock { $0 }
        #expect(head.hasPrefix("POST http://switchyard.invalid/hook HTTP/1.1"))
        #expect(head.contains("Proxy-Authorization: Basic dXNlcjp3b3Jk"))
    }

    @Test func proxyThatRefusesATunnelIsNoResponse() async throws {
        try await LocalServer.run { connection in
            let head = try await connection.request().head
            #expect(head.hasPrefix("CONNECT switchyard.invalid:443 HTTP/1.1"))
            try await connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        } _: { server in
            let client = OutboundHTTPClient(
                userAgent: "x",
                proxy: OutboundProxy(server.url),
                addresses: .operatorDestinations
            )
            let error = await failure(OutboundRequest("POST", "https://switchyard.invalid/"), by: client)
            #expect(error != nil)
            #expect(server.connections == 1)
        }
    }

    @Test func proxyIsNotAskedForThisMachine() async throws {
        let port = try await LocalServer.freePort()
        try await LocalServer.run { connection in
            _ = try await connection.request()
            try await connection.write(Self.ok())
        } _: { server in
            let client = OutboundHTTPClient(
                userAgent: "x",
                proxy: OutboundProxy("http://127.0.0.1:\(port)"),
                addresses: .operatorDestinations
            )
            for host in ["127.0.0.1", "localhost"] {
                let response = try await client.send(OutboundRequest("GET", "http://\(host):\(server.port)/"))
                #expect(response.status == 200)
            }
        }
    }

    @Test(arguments: [
        "proxy.example:3128", "socks5://proxy.example", "http://", "http://u@", "http://p/x", "http://a b",
    ])
    func addressThatIsNoProxyIsRefused(text: String) { #expect(OutboundProxy(text) == nil) }
}

/// Holds tasks back until a number of them are there.
actor Gate {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) { missing = count }

    func pass() async {
        missing -= 1
        guard missing > 0 else {
            for continuation in waiting { continuation.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
