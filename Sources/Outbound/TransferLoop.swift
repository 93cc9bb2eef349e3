import CLibCurl
import Glibc
import Synchronization

/// One thread that runs all transfers of the process: an epoll loop over libcurl's multi interface.
///
/// An event costs the same however many transfers wait. Nothing blocks here: libcurl looks names up on threads of its own.
/// The thread starts with the first transfer and stays.
final class TransferLoop: @unchecked Sendable {
    static let shared = TransferLoop()

    /// Whether libcurl is ready for use; initialises it once.
    static let isInitialised = curl_global_init(CLong(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// How many idle connections are kept for later requests.
    private static let keptConnections = 1024

    private enum Order {
        case start(Transfer)
        case cancel(Transfer)
    }

    private struct Inbox {
        var orders: [Order] = []
        var hasThread = false
    }

    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer?
    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    // On the loop's thread only:
    /// The transfers that run, by libcurl's handle.
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    /// When libcurl wants to be called without an event; nil: not at all.
    private var deadline: ContinuousClock.Instant?

    private init() {
        multi = Self.isInitialised ? curl_multi_init() : nil
    }

    /// Runs a transfer, whose `finish` or `end` is called once; false if that cannot be.
    func start(_ transfer: Transfer) -> Bool { submit(.start(transfer)) }

    /// Ends a transfer that was started, unless it has ended.
    func cancel(_ transfer: Transfer) { _ = submit(.cancel(transfer)) }

    private func submit(_ order: Order) -> Bool {
        inbox.withLock { inbox in
            if !inbox.hasThread { inbox.hasThread = startThread() }
            guard inbox.hasThread else { return false }
            // Once a burst: the loop takes all orders at once.
            if inbox.orders.isEmpty { eventfd_write(wakeUp, 1) }
            inbox.orders.append(order)
            return true
        }
    }

    private func startThread() -> Bool {
        guard let multi, prepare(multi) else { return false }
        var thread = pthread_t()
        // The loop is never freed, so the thread needs no reference of its own.
        let context = Unmanaged.passUnretained(self).toOpaque()
        let status = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue().run()
                return nil
            },
            context
        )
        guard status == 0 else { return false }
        pthread_detach(thread)
        return true
    }

    /// Has libcurl call back for the sockets and the time that it waits for.
    private func prepare(_ multi: UnsafeMutableRawPointer) -> Bool {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let onSocket = switchyard_curl_on_socket(
            multi,
            { _, socket, interest, context, _ in
                guard let context else { return -1 }
                return Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue().watch(socket, interest)
            },
            context
        )
        let onTimer = switchyard_curl_on_timer(
            multi,
            { _, milliseconds, context in
                guard let context else { return -1 }
                let loop = Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue()
                loop.deadline = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
                return 0
            },
            context
        )
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wakeUp))
        let isWatched = epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) == 0 || errno == EEXIST
        return isWatched && onSocket == CURLM_OK && onTimer == CURLM_OK
            && switchyard_curl_keep_connections(multi, Self.keptConnections) == CURLM_OK
    }

    // MARK: - On the loop's thread

    private func run() {
        guard let multi else { return }
        Self.blockBrokenPipes()
        let capacity: Int32 = 256
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Int(capacity))
        defer { events.deallocate() }
        while true {
            for order in takeOrders() { follow(order, multi) }
            let count = epoll_wait(epoll, events, capacity, millisecondsToDeadline())
            for index in 0..<max(0, Int(count)) { deliver(events[index], multi) }
            if let due = deadline, due <= .now {
                deadline = nil
                var left: CInt = 0
                curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &left)
            }
            while let (easy, code) = Self.nextEnd(multi) {
                curl_multi_remove_handle(multi, easy)
                running.removeValue(forKey: easy)?.finish(code)
            }
        }
    }

    /// A library that writes to a closed connection raises a signal, which would end the process.
    private static func blockBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func takeOrders() -> [Order] {
        inbox.withLock { inbox in
            defer { inbox.orders.removeAll(keepingCapacity: true) }
            return inbox.orders
        }
    }

    /// How long epoll may wait, rounded up; -1: for ever.
    private func millisecondsToDeadline() -> Int32 {
        guard let deadline else { return -1 }
        let left = deadline - .now
        return left <= .zero ? 0 : Int32(min(left.milliseconds + 1, 60_000))
    }

    private func deliver(_ event: epoll_event, _ multi: UnsafeMutableRawPointer) {
        guard event.data.fd != wakeUp else {
            var count: eventfd_t = 0
            eventfd_read(wakeUp, &count)
            return
        }
        var happened: CInt = 0
        if event.events & EPOLLIN.rawValue != 0 { happened |= CInt(CURL_CSELECT_IN) }
        if event.events & EPOLLOUT.rawValue != 0 { happened |= CInt(CURL_CSELECT_OUT) }
        if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { happened |= CInt(CURL_CSELECT_ERR) }
        var left: CInt = 0
        curl_multi_socket_action(multi, event.data.fd, happened, &left)
    }

    /// Watches a socket for what libcurl waits for, or no longer.
    private func watch(_ socket: Int32, _ interest: CInt) -> CInt {
        var event = epoll_event(events: 0, data: epoll_data_t(fd: socket))
        guard interest != CInt(CURL_POLL_REMOVE) else {
            // The kernel has forgotten a socket that is closed already.
            epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event)
            return 0
        }
        if interest & CInt(CURL_POLL_IN) != 0 { event.events |= EPOLLIN.rawValue }
        if interest & CInt(CURL_POLL_OUT) != 0 { event.events |= EPOLLOUT.rawValue }
        let isWatched =
            epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0
        return isWatched ? 0 : -1
    }

    private func follow(_ order: Order, _ multi: UnsafeMutableRawPointer) {
        switch order {
        case .start(let transfer) where transfer.isCancelled:
            // The order to cancel it may have come before this one.
            transfer.end(.failure(.cancellation))
        case .start(let transfer):
            if curl_multi_add_handle(multi, transfer.easy) == CURLM_OK {
                running[transfer.easy] = transfer
            } else {
                transfer.end(.failure(OutboundError(.other, "libcurl takes no more transfers")))
            }
        case .cancel(let transfer):
            guard running.removeValue(forKey: transfer.easy) != nil else { return }
            curl_multi_remove_handle(multi, transfer.easy)
            transfer.end(.failure(.cancellation))
        }
    }

    private static func nextEnd(_ multi: UnsafeMutableRawPointer) -> (UnsafeMutableRawPointer, CURLcode)? {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle {
                return (easy, message.pointee.data.result)
            }
        }
        return nil
    }
}
