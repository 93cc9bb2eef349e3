import CLibPQ

extension Session {
    /// A cancel request on its way to the thread that sends it.
    private struct CancelRequest: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// How long after a cancel request that had no effect the next one is sent.
    static let cancelInterval: Duration = .milliseconds(50)
    /// How long the end of a cancelled statement is waited for.
    static let cancelGrace: Duration = .seconds(5)

    /// Ends a request early, with `reason` for its caller.
    ///
    /// PostgreSQL cancels whatever the session runs at that moment. So a cancel request is sent only for the request
    /// at the head of the pipeline, one at a time, again if it came too early, and nothing new is sent until the
    /// statement has ended.
    /// Requests behind that one on a shared connection might be hit instead, when it ends just then: they are their
    /// own transactions, rolled back, and are sent again. A request further back on a shared connection is given up:
    /// its caller gets an error at once, it still runs, bounded by `statement_timeout`, and its result is dropped.
    func interrupt(_ request: Request, _ reason: PostgresError) {
        guard !request.isAnswered, request.interruption == nil else { return }
        request.interruption = reason
        guard state == .ready, pending.first === request, !isCancelling else {
            backlog.removeAll { $0 === request }
            return request.answer(.failure(reason))
        }
        guard sendCancel() else { return request.answer(.failure(reason)) }
        cancelTarget = request
        _ = loop.after(Self.cancelGrace) { [weak self] in
            guard let self, cancelTarget === request else { return }
            cancelTarget = nil
            request.answer(.failure(reason))
            guard isShared else { return lose() }
            pump()
            owner?.sessionProgressed(self)
        }
    }

    /// Cancels whatever runs, from a thread that may block.
    @discardableResult
    func sendCancel() -> Bool {
        guard let connection, !pending.isEmpty, !isCancelling, let pointer = PQgetCancel(connection)
        else {
            return false
        }
        isCancelling = true
        let cancel = CancelRequest(pointer: pointer)
        let accepted = BlockingThreads.cancelling.submit { [self] in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
                _ = PQcancel(cancel.pointer, message.baseAddress, Int32(message.count))
            }
            PQfreeCancel(cancel.pointer)
            _ = loop.submit { self.cancelWasDelivered() }
        }
        if !accepted {
            PQfreeCancel(pointer)
            isCancelling = false
        }
        return accepted
    }

    private func cancelWasDelivered() {
        isCancelling = false
        exposed = pending.count
        guard state == .ready else { return }
        if let target = cancelTarget {
            // A server that had not begun with the statement yet takes no notice of a cancel request.
            _ = loop.after(Self.cancelInterval) { [weak self] in
                guard let self, cancelTarget === target else { return }
                sendCancel()
            }
        }
        pump()
        owner?.sessionProgressed(self)
    }
}
