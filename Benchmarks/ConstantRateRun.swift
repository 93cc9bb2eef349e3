import ArgumentParser
import Glibc

/// The sockets and the clock of one constant-rate run.
final class ConstantRateRun {
    /// One connection, with at most one request on it.
    private struct Connection {
        let descriptor: Int32
        var unsent: ArraySlice<UInt8> = []
        var received: [UInt8] = []
        /// When its request was due; nil while it has none.
        var due: Double?
        var isOpen = true
    }

    private let rate: Double
    private let seconds: Double
    private var connections: [Connection] = []
    private var idle: [Int] = []
    private var figures = ConstantRateFigures()
    private var start = 0.0

    /// How long answers are waited for after the last request was due, in seconds.
    private static let grace = 10.0

    /// Connects; nothing is sent yet.
    ///
    /// - Throws: `ValidationError` if nothing listens there.
    init(port: UInt16, connections count: Int, rate: Double, seconds: Double) throws {
        self.rate = rate
        self.seconds = seconds
        for index in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isConnected else { throw ValidationError("Nothing listens at port \(port).") }
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            connections.append(Connection(descriptor: descriptor))
            idle.append(index)
        }
    }

    deinit {
        for connection in connections where connection.isOpen { close(connection.descriptor) }
    }

    /// Sends what becomes due, in order, and waits for the answers.
    func measure(_ requests: PostedLead) -> ConstantRateFigures {
        let total = Int(rate * seconds)
        figures.latencies.reserveCapacity(total)
        figures.lateness.reserveCapacity(total)
        start = Self.now() + 0.01
        let end = start + seconds + Self.grace
        var next = 0
        // The next request is made while nothing is due, not when it is.
        var prepared = requests.bytes(0)
        // Whether a request that was due has had to wait for a connection: what is late then is the server.
        var isBlocked = false
        while true {
            let now = Self.now()
            let open = connections.count { $0.isOpen }
            if now > end || open == 0 || (next == total && idle.count == open) { break }
            while next < total, start + Double(next) / rate <= now {
                guard let index = idle.popLast() else {
                    isBlocked = true
                    break
                }
                let due = start + Double(next) / rate
                if !isBlocked { figures.lateness.append((now - due) * 1000) }
                send(prepared, on: index, due: due)
                next += 1
                prepared = requests.bytes(next)
            }
            if !idle.isEmpty { isBlocked = false }
            wait(until: next < total && !idle.isEmpty ? start + Double(next) / rate : end)
        }
        figures.due = total
        figures.lost = total - figures.latencies.count - figures.refused
        return figures
    }

    /// Waits until a time, or until a socket can be read or, if something is to be sent, written, and does that.
    private func wait(until time: Double) {
        var reading = fd_set()
        var writing = fd_set()
        var highest: Int32 = -1
        for connection in connections where connection.isOpen && connection.due != nil {
            reading.insert(connection.descriptor)
            if !connection.unsent.isEmpty { writing.insert(connection.descriptor) }
            highest = max(highest, connection.descriptor)
        }
        let left = max(0, time - Self.now())
        // `poll` knows whole milliseconds only, which would be most of what is measured.
        var timeout = timeval(tv_sec: Int(left), tv_usec: Int((left - left.rounded(.down)) * 1e6))
        guard select(highest + 1, &reading, &writing, nil, &timeout) > 0 else { return }
        for index in connections.indices where connections[index].isOpen && connections[index].due != nil {
            if writing.contains(connections[index].descriptor) { flush(index) }
            if reading.contains(connections[index].descriptor) { receive(index) }
        }
    }

    private func send(_ request: [UInt8], on index: Int, due: Double) {
        connections[index].due = due
        connections[index].unsent = request[...]
        flush(index)
    }

    private func flush(_ index: Int) {
        let unsent = connections[index].unsent
        let written = unsent.withUnsafeBytes { write(connections[index].descriptor, $0.baseAddress, $0.count) }
        if written < 0, errno != EAGAIN { return drop(index) }
        connections[index].unsent = unsent.dropFirst(max(0, written))
    }

    private func receive(_ index: Int) {
        let count = withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { buffer in
            let count = read(connections[index].descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { connections[index].received += buffer[..<count] }
            return count
        }
        if count == 0 || (count < 0 && errno != EAGAIN) { return drop(index) }
        guard let answer = ReceivedAnswer(connections[index].received), let due = connections[index].due else { return }
        let now = Self.now()
        connections[index].received.removeAll(keepingCapacity: true)
        connections[index].due = nil
        if 200..<300 ~= answer.status {
            figures.latencies.append((now - due) * 1000)
            figures.dueTimes.append(due - start)
        } else {
            figures.refused += 1
        }
        figures.seconds = now - start
        idle.append(index)
    }

    private func drop(_ index: Int) {
        guard connections[index].isOpen else { return }
        connections[index].isOpen = false
        connections[index].due = nil
        close(connections[index].descriptor)
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// A whole answer, once its head and as many bytes as that promises are there.
private struct ReceivedAnswer {
    let status: Int

    init?(_ bytes: [UInt8]) {
        guard let head = Self.find("\r\n\r\n", in: bytes, from: 0), bytes.count > 12 else { return nil }
        var length = 0
        var line = 0
        let name = Array("content-length:".utf8)
        while let end = Self.find("\r\n", in: bytes, from: line), line < head {
            let field = bytes[line..<end]
            if field.count > name.count, zip(field, name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                length = field.dropFirst(name.count)
                    .reduce(0) { 0x30...0x39 ~= $1 ? $0 * 10 + Int($1 - 0x30) : $0 }
            }
            line = end + 2
        }
        guard bytes.count >= head + 4 + length else { return nil }
        status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1 & 0x0F) }
    }

    private static func find(_ text: StaticString, in bytes: [UInt8], from start: Int) -> Int? {
        let count = text.utf8CodeUnitCount
        return text.withUTF8Buffer { pattern in
            var index = start
            while index + count <= bytes.count {
                if bytes[index] == pattern[0], (1..<count).allSatisfy({ bytes[index + $0] == pattern[$0] }) {
                    return index
                }
                index += 1
            }
            return nil
        }
    }
}

extension fd_set {
    /// A set of descriptors is a row of bits.
    private mutating func withBits<Value>(_ body: (UnsafeMutableBufferPointer<UInt64>) -> Value) -> Value {
        withUnsafeMutableBytes(of: &self) { body($0.bindMemory(to: UInt64.self)) }
    }

    fileprivate mutating func insert(_ descriptor: Int32) {
        withBits { $0[Int(descriptor) / 64] |= 1 << UInt64(descriptor % 64) }
    }

    fileprivate mutating func contains(_ descriptor: Int32) -> Bool {
        withBits { $0[Int(descriptor) / 64] & 1 << UInt64(descriptor % 64) != 0 }
    }
}
