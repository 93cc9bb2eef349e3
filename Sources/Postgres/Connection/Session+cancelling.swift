import CLibPQ

extension Session {
    /// A cancel request on its way to the thread that sends it.
    private struct CancelRequest: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// The interval between cancel requests, if the previous one had no effect.
    static let cancelInterval: Duration = .milliseconds(50)
    /// How long the session waits for a cancelled statement to end.
    static let cancelGrace: Duration = .seconds(5)

    /// Ends a request early; its caller receives `reason`.
    ///
    /// PostgreSQL cancels the statement that the session runs at that moment. So a cancel request is sent only for the
    /// request at the head of the pipeline, one at a time and repeated if it came too early, and nothing new is sent
    /// until the statement has ended. If the statement ends just then, the cancel request may hit a request behind it
    /// on a shared connection: that one is its own transaction, is rolled back and sent again. A request further back
    /// on a shared connection is abandoned: its caller gets an error at once, the statement still runs, bounded by
    /// `statement_timeout`, and its result is dropped.
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

    /// Cancels the running statement from a thread that may block.
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
            // A server that has not started the statement yet ignores a cancel request.
            _ = loop.after(Self.cancelInterval) { [weak self] in
                guard let self, cancelTarget === target else { return }
                sendCancel()
            }
        }
        pump()
        owner?.sessionProgressed(self)
    }
}
