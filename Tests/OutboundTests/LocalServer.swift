import NIOCore
import NIOPosix
import Synchronization

/// A server on this machine that does with each connection what a test says.
struct LocalServer: Sendable {
    let port: Int
    private let tasks: ConnectionTasks

    /// How many connections were made.
    var connections: Int { tasks.count }

    var url: String { "http://127.0.0.1:\(port)" }

    private final class ConnectionTasks: Sendable {
        private let tasks = Mutex<[Task<Void, Never>]>([])
        var count: Int { tasks.withLock { $0.count } }
        func add(_ task: Task<Void, Never>) { tasks.withLock { $0.append(task) } }

        func end() async {
            for task in tasks.withLock({ $0 }) {
                task.cancel()
                await task.value
            }
        }
    }

    /// Serves while a test runs; a connection is closed when `serve` returns or throws.
    static func run(
        _ serve: @escaping @Sendable (inout Connection) async throws -> Void,
        _ test: (LocalServer) async throws -> Void
    ) async throws {
        let tasks = ConnectionTasks()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let channel = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    tasks.add(
                        Task {
                            try? await channel.executeThenClose { inbound, outbound in
                                var connection = Connection(inbound.makeAsyncIterator(), outbound)
                                try await serve(&connection)
                            }
                        }
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        func end() async throws {
            try await listener.close()
            await tasks.end()
        }
        do {
            try await test(LocalServer(port: listener.localAddress?.port ?? 0, tasks: tasks))
        } catch {
            try await end()
            throw error
        }
        try await end()
    }

    /// A port that nothing listens at.
    static func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = listener.localAddress?.port ?? 0
        try await listener.close()
        return port
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
