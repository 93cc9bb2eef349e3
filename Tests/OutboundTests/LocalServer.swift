import NIOCore
import NIOPosix
import Synchronization

/// A server on this machine that does with each connection what a test says.
struct LocalServer: Sendable {
    let port: Int
    private let counter: Counter

    /// How many connections were made.
    var connections: Int { counter.value }

    var url: String { "http://127.0.0.1:\(port)" }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func increase() { count.withLock { $0 += 1 } }
    }

    /// Serves while a test runs; a connection is closed when `serve` returns or throws.
    static func run(
        _ serve: @escaping @Sendable (inout Connection) async throws -> Void,
        _ test: @escaping @Sendable (LocalServer) async throws -> Void
    ) async throws {
        let counter = Counter()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await listener.executeThenClose { inbound in
            let server = LocalServer(port: listener.channel.localAddress?.port ?? 0, counter: counter)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await withThrowingDiscardingTaskGroup { connections in
                        for try await channel in inbound {
                            counter.increase()
                            connections.addTask {
                                try? await channel.executeThenClose { inbound, outbound in
                                    var connection = Connection(inbound.makeAsyncIterator(), outbound)
                                    try await serve(&connection)
                                }
                            }
                        }
                    }
                }
                group.addTask { try await test(server) }
                // The first task ends with the listener alone.
                try await group.next()
                group.cancelAll()
            }
        }
    }

    /// A port that nothing listens at.
    static func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        defer { listener.close(promise: nil) }
        return listener.localAddress?.port ?? 0
    }
}

/// A connection as the server sees it.
struct Connection {
    struct Ended: Error {}

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var arrived = ""

    init(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    /// The next request: its head and its body, whose length the head says.
    mutating func request() async throws -> (head: String, body: String) {
        let head = try await text(until: "\r\n\r\n")
        let length =
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
        while arrived.utf8.count < length { try await read() }
        let body = String(decoding: arrived.utf8.prefix(length), as: UTF8.self)
        arrived = String(decoding: arrived.utf8.dropFirst(length), as: UTF8.self)
        return (head, body)
    }

    /// What arrives up to a mark, which is dropped.
    mutating func text(until mark: String) async throws -> String {
        while true {
            if let range = arrived.firstRange(of: mark) {
                defer { arrived = String(arrived[range.upperBound...]) }
                return String(arrived[..<range.lowerBound])
            }
            try await read()
        }
    }

    func write(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// Waits until the client closes the connection.
    mutating func waitForEnd() async throws { while try await inbound.next() != nil {} }

    private mutating func read() async throws {
        guard let buffer = try await inbound.next() else { throw Ended() }
        arrived += String(buffer: buffer)
    }
}
