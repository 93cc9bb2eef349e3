import FoundationEssentials
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Writes log lines to standard error, whole lines at a time.
///
/// Ordinary lines are written at once, unless the reader is too slow. Lines about leads, which may be thousands a
/// second, are buffered and written by a thread, so that a slow reader delays no request. Beyond a limit they are
/// dropped and counted.
package final class LogSink: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var waitingLines = 0
        var lost = 0
        var lostInAll = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    /// Held while a line is written, so that lines are not mixed.
    private let writing = Mutex(())
    private let descriptor: Int32
    private let format: LogFormat
    private let bound: Int
    private let work = ThreadSignal()

    /// A sink.
    ///
    /// - Parameters:
    ///   - descriptor: the open file; standard error.
    ///   - format: the format of the line that reports dropped lines.
    ///   - bound: the most bytes that are buffered.
    package init(descriptor: Int32 = STDERR_FILENO, format: LogFormat, bound: Int = 4 << 20) {
        self.descriptor = descriptor
        self.format = format
        self.bound = bound
    }

    /// How many lines were dropped because the reader was too slow.
    package var lostLines: Int { state.withLock { $0.lostInAll } }

    /// Writes a line before it returns; if that would block on a slow reader, the line is buffered.
    func write(_ line: [UInt8]) {
        let isWritten = writing.withLockIfAvailable { _ in
            guard line.count <= Self.atOnce, isReady else { return false }
            put(line)
            return true
        }
        if isWritten != true { gather(line, count: 1) }
    }

    /// How much a ready pipe accepts without blocking: its `PIPE_BUF`.
    private static let atOnce = 4096

    /// Whether something can be written now.
    private var isReady: Bool {
        var asked = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&asked, 1, 0) == 1 && asked.revents & Int16(POLLOUT) != 0
    }

    /// Buffers lines, which are written soon.
    func gather(_ lines: [UInt8], count: Int) {
        let isFirst = state.withLock { state in
            guard state.waiting.count + lines.count <= bound else {
                state.lost += count
                state.lostInAll += count
                return false
            }
            let isFirst = state.waiting.isEmpty
            state.waiting.append(contentsOf: lines)
            state.waitingLines += count
            return isFirst
        }
        if isFirst { work.signal() }
    }

    /// Starts the thread that writes buffered lines, until ``stop()``.
    package func start() {
        let box = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { raw in
                guard let raw else { return nil }
                let sink = Unmanaged<LogSink>.fromOpaque(raw).takeRetainedValue()
                while !sink.state.withLock({ $0.isStopped }) {
                    sink.work.wait()
                    sink.flush()
                }
                return nil
            },
            box.toOpaque()
        )
        if result != 0 { box.release() } else { pthread_detach(thread) }
    }

    /// Writes buffered lines, and ends the thread; later lines about leads are not written.
    package func stop() {
        flush()
        state.withLock { $0.isStopped = true }
        work.signal()
    }

    /// Writes buffered lines.
    package func flush() {
        writing.withLock { _ in
            let (bytes, lost) = state.withLock { state in
                defer {
                    state.waiting = []
                    state.waitingLines = 0
                    state.lost = 0
                }
                return (state.waiting, state.lost)
            }
            if !bytes.isEmpty { put(bytes) }
            if lost > 0 {
                var line = LogLine(format)
                let now = Int64(Date().timeIntervalSince1970 * 1000)
                line.begin(
                    time: now,
                    level: "warning",
                    message: "log lines were dropped because the reader is too slow"
                )
                line.field("log.lines", Int64(lost))
                line.end()
                put(line.bytes)
            }
        }
    }

    private func put(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                guard written > 0 else {
                    if written < 0, errno == EINTR { continue }
                    return
                }
                rest = rest.dropFirst(written)
            }
        }
    }
}

extension Slice where Base == UnsafeRawBufferPointer {
    fileprivate var baseAddress: UnsafeRawPointer? { base.baseAddress.map { $0 + startIndex } }
}

/// Wakes one waiting thread; a signal without a waiting thread is kept.
private final class ThreadSignal: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0, errno == EINTR {}
    }
}
