import CLibPQ
import Synchronization

extension Session: SocketHandler {
    func socketIsReady(readable: Bool, writable: Bool) {
        if writable { flush() }
        guard readable, let connection else { return }
        receivedAt = ContinuousClock.now
        guard PQconsumeInput(connection) == 1 else {
            // Reads what arrived before the end: the server says why it ends a session.
            readAnswers()
            return lose()
        }
        if wantsWriting { flush() }
        readAnswers()
        if pending.isEmpty, state == .ready { owner?.sessionHeard(self) }
    }

    func roundEnded() {
        isChanged = false
        flush()
    }

    private func readAnswers() {
        guard let connection else { return }
        // Also lets libpq read what arrived while no request was pending.
        while let pointer = PQnotifies(connection) {
            let notification = Notification(
                channel: String(cString: pointer.pointee.relname),
                payload: String(cString: pointer.pointee.extra)
            )
            PQfreemem(pointer)
            owner?.session(self, notified: notification)
        }
        var blanks = 0
        while let connection = self.connection, let request = pending.first, PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                if !isPipelining {
                    PQenterPipelineMode(connection)
                    isPipelining = true
                    finish(request)
                    continue
                }
                // libpq returns one or two empty results between two commands of a pipeline; more mean that nothing is
                // left to read.
                blanks += 1
                if blanks > 2 { return }
                continue
            }
            blanks = 0
            take(result, for: request)
        }
    }

    private func take(_ result: OpaquePointer, for request: Request) {
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC:
            PQclear(result)
            finish(request)
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            request.error = PostgresError(.configuration, "COPY from or to the client is not supported.")
            lose()
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR:
            if request.error == nil {
                request.error = PostgresError(result: result, statement: request.name)
            }
            PQclear(result)
            if let connection, PQstatus(connection) == CONNECTION_BAD {
                // An error without a SQLSTATE is libpq's own, about the connection.
                if request.error?.sqlState == nil { request.error = nil }
                lose()
            }
        default:
            keep(ResultSet(result), for: request)
        }
    }

    private func keep(_ result: ResultSet, for request: Request) {
        if request.preamble.contains(.begin) {
            request.preamble.remove(.begin)
        } else if request.limitsToCome > 0 {
            request.limitsToCome -= 1
        } else if request.preamble.contains(.prepare) {
            request.preamble.remove(.prepare)
        } else if case .simple = request.content {
            request.results.append(result)
        } else {
            request.result = result
        }
    }

    private func finish(_ request: Request) {
        pending.removeFirst()
        headSince = loop.now
        if cancelTarget === request { cancelTarget = nil }
        let mayBeHitByMistake = exposed > 0 || isCancelling
        if !isCancelling { exposed = max(0, exposed - 1) }
        // BEGIN was not executed: the next statement must not run outside a transaction.
        if request.preamble.contains(.begin) { beginsTransaction = true }
        if request.preamble.contains(.prepare) { prepared.forget(request.name) }
        let state = request.error?.sqlState
        if state == "55P03" { PoolStatistics.lockTimeoutCount.add(1, ordering: .relaxed) }
        if state == "25006" { hasMetReadOnly = true }
        let isPreparedFault = request.usesPrepared && (state == "26000" || state == "0A000")
        if isPreparedFault || state == "42P05" { prepared.forget(request.name) }
        if isShared, !request.isResent, request.interruption == nil,
            isPreparedFault || state == "42P05" || (state == "57014" && mayBeHitByMistake)
        {
            request.prepareToResend()
            owner?.session(self, returns: request)
        } else {
            request.answer(answer(to: request))
        }
        pump()
        owner?.sessionProgressed(self)
    }

    /// A request that was answered before it could be cancelled keeps its answer; a cancelled one gets the error code
    /// of its cancellation.
    private func answer(to request: Request) -> Request.Outcome {
        if let interruption = request.interruption, request.error?.sqlState == "57014" {
            return .failure(interruption)
        }
        return request.outcome
    }
}
