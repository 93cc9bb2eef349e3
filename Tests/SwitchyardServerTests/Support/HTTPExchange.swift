import NIOCore
import NIOPosix

/// One request on its own connection, and the answer.
struct HTTPExchange: Sendable {
    let status: Int
    let body: String

    /// Sends a request to a port of this machine.
    ///
    /// - Parameters:
    ///   - method: GET, POST …
    ///   - path: the path, with its query.
    ///   - port: the server's.
    ///   - key: an API key.
    ///   - json: the body.
    /// - Throws: the socket's error if no server listens there.
    init(_ method: String, _ path: String, port: Int, key: String? = nil, json: String? = nil) async throws {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        if let key { lines.append("Authorization: Bearer \(key)") }
        if let json { lines += ["Content-Type: application/json", "Content-Length: \(json.utf8.count)"] }
        let request = lines.joined(separator: "\r\n") + "\r\n\r\n" + (json ?? "")
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let answer = try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var text = ""
            for try await buffer in inbound { text += String(buffer: buffer) }
            return text
        }
        status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        body = answer.firstRange(of: "\r\n\r\n").map { String(answer[$0.upperBound...]) } ?? ""
    }
}

/// A port that nothing listens at.
func freePort() async throws -> Int {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .bind(host: "127.0.0.1", port: 0).get()
    let port = listener.localAddress?.port ?? 0
    try await listener.close()
    return port
}
