import CLibPQ
import Glibc
import Synchronization

/// Called on the loop's thread when a socket can be read or written.
protocol SocketHandler: AnyObject {
    func socketIsReady(readable: Bool, writable: Bool)
    /// The jobs of one round have run: buffered data may be sent now.
    func roundEnded()
}

/// One thread with one epoll, to which any number of connections are confined.
///
/// Everything that touches a `PGconn` runs here as a job, a timer or a handler, one after the other, so state confined
/// to the loop needs no lock. Nothing that runs here may block.
final class SocketLoop: @unchecked Sendable {
    typealias Job = @Sendable () -> Void

    private struct Inbox {
        var jobs: [Job] = []
        /// Whether the thread will check for jobs without being woken.
        var isAwake = false
        var isStopped = false
    }

    private let inbox = Mutex(Inbox())
    private let epoll: Int32
    private let wakeUp: Int32

    // On the loop's thread only:
    private var handlers: [UInt64: any SocketHandler] = [:]
    private var lastToken: UInt64 = 0
    private var changed: [any SocketHandler] = []
    private var timers = TimerList()
    private var isStopping = false
    /// When the present round began: a clock for scheduling that costs no system call.
    private(set) var now = ContinuousClock.now

    /// Starts the thread; if the system has no thread or descriptor left, the loop is stopped at once.
    init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: 0))
        guard epoll >= 0, wakeUp >= 0, epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) == 0,
            Thread.start({ self.run() })
        else {
            inbox.withLock { $0.isStopped = true }
            closeDescriptors()
            return
        }
    }

    /// Runs a job on the loop's thread; returns false without running it once the loop has stopped.
    func submit(_ job: @escaping Job) -> Bool {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return false }
            inbox.jobs.append(job)
            if !inbox.isAwake {
                inbox.isAwake = true
                // Once per burst; under the lock, because a stopped loop's descriptor may have been reused.
                eventfd_write(wakeUp, 1)
            }
            return true
        }
    }

    /// Ends the thread after the jobs submitted so far.
    func stop() {
        _ = submit { [unowned self] in isStopping = true }
    }

    // MARK: - On the loop's thread

    /// Watches a socket for reading; the token names it from now on.
    func watch(_ descriptor: Int32, _ handler: any SocketHandler) -> UInt64? {
        lastToken += 1
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: lastToken))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { return nil }
        handlers[lastToken] = handler
        return lastToken
    }

    /// Starts or stops watching a socket for writing.
    func setWriting(_ on: Bool, _ descriptor: Int32, token: UInt64) {
        let events = EPOLLIN.rawValue | (on ? EPOLLOUT.rawValue : 0)
        var event = epoll_event(events: events, data: epoll_data_t(u64: token))
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Stops watching a socket; call it before the socket is closed.
    func unwatch(_ descriptor: Int32, token: UInt64) {
        var event = epoll_event()
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
        handlers[token] = nil
    }

    /// Has ``SocketHandler/roundEnded()`` called once the queued jobs have run.
    func noteChange(_ handler: any SocketHandler) {
        changed.append(handler)
    }

    /// Runs an action after a delay, unless it is cancelled by its token.
    func after(_ delay: Duration, _ action: @escaping () -> Void) -> TimerList.Token {
        timers.add(at: ContinuousClock.now + delay, action)
    }

    /// Cancels a timer; a token that has fired already is ignored.
    func cancel(_ token: TimerList.Token?) {
        if let token { timers.remove(token) }
    }

    private func run() {
        let capacity: Int32 = 64
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Int(capacity))
        defer { events.deallocate() }
        var jobs: [Job] = []
        while true {
            jobs.removeAll(keepingCapacity: true)
            inbox.withLock { inbox in
                swap(&inbox.jobs, &jobs)
                inbox.isAwake = !jobs.isEmpty
            }
            for job in jobs { job() }
            endRound()
            if isStopping { break }
            // Sockets are polled between any two rounds of jobs; the loop waits for them only without jobs.
            let wait = jobs.isEmpty ? timers.millisecondsToNext(from: now) : 0
            let count = epoll_wait(epoll, events, capacity, wait)
            // Jobs submitted from here on run in the next round, which needs no wake-up.
            inbox.withLock { $0.isAwake = true }
            for index in 0..<max(0, Int(count)) { deliver(events[index]) }
            now = ContinuousClock.now
            for action in timers.takeDue(now) { action() }
            endRound()
        }
        finish()
    }

    private func deliver(_ event: epoll_event) {
        guard event.data.u64 != 0 else {
            var count: eventfd_t = 0
            eventfd_read(wakeUp, &count)
            return
        }
        let failed = EPOLLHUP.rawValue | EPOLLERR.rawValue
        handlers[event.data.u64]?
            .socketIsReady(
                readable: event.events & (EPOLLIN.rawValue | failed) != 0,
                writable: event.events & EPOLLOUT.rawValue != 0
            )
    }

    private func endRound() {
        while !changed.isEmpty {
            let round = changed
            changed.removeAll(keepingCapacity: true)
            for handler in round { handler.roundEnded() }
        }
    }

    private func finish() {
        let rest = inbox.withLock { inbox in
            inbox.isStopped = true
            defer { inbox.jobs = [] }
            return inbox.jobs
        }
        for job in rest { job() }
        handlers = [:]
        timers = TimerList()
        changed = []
        closeDescriptors()
    }

    private func closeDescriptors() {
        if epoll >= 0 { close(epoll) }
        if wakeUp >= 0 { close(wakeUp) }
    }
}
