import Glibc
import Postgres

/// A fake server for connections that must not succeed.
final class FakeServer: Sendable {
    enum Manner: Sendable {
        /// Accepts, and never answers.
        case silent
        /// Answers the start-up packet with an error.
        case refusing(state: String, String)
    }

    let port: UInt16
    private let descriptor: Int32

    init(_ manner: Manner) throws {
        (descriptor, port) = try Self.bound()
        listen(descriptor, 16)
        guard case .refusing(let state, let text) = manner else { return }
        let fields = "SFATAL\0VFATAL\0C\(state)\0M\(text)\0\0"
        let length = UInt32(fields.utf8.count + 4).bigEndian
        let answer = [UInt8(ascii: "E")] + withUnsafeBytes(of: length) { Array($0) } + Array(fields.utf8)
        let descriptor = descriptor
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(descriptor: descriptor, answer: answer))
        pthread_create(
            &thread,
            nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            },
            work.toOpaque()
        )
        pthread_detach(thread)
    }

    /// Stops listening.
    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// A port of the loopback interface without a listener.
    static func unusedPort() throws -> UInt16 {
        let (descriptor, port) = try bound()
        close(descriptor)
        return port
    }

    private final class Work: Sendable {
        let descriptor: Int32
        let answer: [UInt8]

        init(descriptor: Int32, answer: [UInt8]) {
            self.descriptor = descriptor
            self.answer = answer
        }

        func run() {
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { return }
                var packet = [UInt8](repeating: 0, count: 1024)
                _ = read(client, &packet, packet.count)
                _ = answer.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
                close(client)
            }
        }
    }

    private static func bound() throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard status == 0 else { throw PostgresError(.configuration, "No port for a test.") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
