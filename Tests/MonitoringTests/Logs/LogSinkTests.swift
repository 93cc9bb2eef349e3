import FoundationEssentials
import Testing

@testable import Monitoring

#if canImport(Glibc)
import Glibc
#endif

/// Buffered lines are written whole and in order; those beyond the limit are dropped and counted, and no caller waits.
@Suite struct LogSinkTests {
    @Test func flushWritesBufferedLines() throws {
        try withPipe { reading, writing in
            let sink = LogSink(descriptor: writing, format: .text)
            sink.gather(Array("a\nb\n".utf8), count: 2)
            sink.write(Array("c\n".utf8))
            sink.flush()
            sink.flush()
            close(writing)
            #expect(all(reading) == "c\na\nb\n")
            #expect(sink.lostLines == 0)
        }
    }

    /// With an unread pipe the limit holds, callers return, and the dropped lines are reported.
    @Test func excessLinesAreDroppedAndCounted() throws {
        try withPipe { reading, writing in
            let sink = LogSink(descriptor: writing, format: .json, bound: 100)
            for _ in 0..<20 { sink.gather(Array("0123456789012345678\n".utf8), count: 1) }
            #expect(sink.lostLines == 15)
            sink.flush()
            close(writing)
            let lines = all(reading).split(separator: "\n")
            #expect(lines.count == 6)
            #expect(lines.last?.hasSuffix(#""log.lines":15}"#) == true)
        }
    }

    /// A full pipe does not block a caller that logs an ordinary line: it is written when the pipe is read.
    @Test func logDoesNotWaitForSlowReader() throws {
        try withPipe { reading, writing in
            _ = fcntl(writing, F_SETFL, O_NONBLOCK)
            let filling = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
            while Glibc.write(writing, filling, filling.count) > 0 {}
            _ = fcntl(writing, F_SETFL, 0)
            let sink = LogSink(descriptor: writing, format: .text)
            sink.write(Array("late\n".utf8))
            _ = fcntl(reading, F_SETFL, O_NONBLOCK)
            var buffer = [UInt8](repeating: 0, count: 4096)
            while read(reading, &buffer, buffer.count) > 0 {}
            _ = fcntl(reading, F_SETFL, 0)
            sink.flush()
            close(writing)
            #expect(all(reading) == "late\n")
        }
    }

    private func withPipe(_ body: (Int32, Int32) throws -> Void) throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { close(ends[0]) }
        try body(ends[0], ends[1])
    }

    private func all(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
