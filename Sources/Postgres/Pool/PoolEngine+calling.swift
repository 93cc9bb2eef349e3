import CLibPQ

/// How callers' tasks submit work to the loop and wait for it.
extension PoolEngine {
    /// Submits a request on the loop and waits for its answer; a cancelled task ends it early.
    func answer(
        to request: Request,
        isCancellable: Bool = true,
        _ submit: @escaping @Sendable () -> Void
    ) async throws(PostgresError) -> Request.Response {
        let loop = loop
        let outcome =
            if isCancellable {
                await withTaskCancellationHandler {
                    await Self.wait(for: request, loop, submit)
                } onCancel: {
                    _ = loop.submit { self.interrupt(request, Self.cancelledError) }
                }
            } else {
                await Self.wait(for: request, loop, submit)
            }
        return try outcome.get()
    }

    private static func wait(
        for request: Request,
        _ loop: SocketLoop,
        _ submit: @escaping @Sendable () -> Void
    ) async -> Request.Outcome {
        await withCheckedContinuation { continuation in
            request.expect(continuation)
            if !loop.submit(submit) { request.answer(.failure(shutDownError)) }
        }
    }

    /// Waits until a session is lent.
    func lease() async throws(PostgresError) -> Lease {
        let request = LeaseRequest()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                request.expect(continuation)
                if !loop.submit({ self.submit(request) }) { request.answer(.failure(Self.shutDownError)) }
            }
        } onCancel: {
            _ = loop.submit { self.interrupt(request) }
        }
        return try outcome.get()
    }

    /// Releases a session without waiting.
    func release(_ lease: Lease, isClean: Bool = false) {
        _ = loop.submit { self.releaseOnLoop(lease, isClean: isClean) }
    }

    /// Sends BEGIN ahead of the next statement on a lent session.
    func startTransaction(_ lease: Lease) {
        _ = loop.submit {
            lease.session.beginsTransaction = true
            lease.session.isInTransaction = true
        }
    }

    /// Commits, unless no statement was sent.
    ///
    /// Not cancellable: at this point the caller needs the result. A server that does not answer in time counts as
    /// lost.
    func commit(_ lease: Lease) async throws(PostgresError) {
        let limit = configuration.statementTimeout
        let deadline = limit > .zero ? ContinuousClock.now + limit + configuration.silenceAllowance : nil
        let request = Request(.statement(Statement("", "COMMIT"), Parameters()), deadline: deadline)
        do throws(PostgresError) {
            let response = try await answer(to: request, isCancellable: false) {
                if lease.session.lease == lease.number, lease.session.beginsTransaction {
                    lease.session.beginsTransaction = false
                    request.answer(.success(.many([])))
                } else {
                    self.submit(request, on: lease)
                }
            }
            if case .rows(let rows) = response, rows.commandTag == "ROLLBACK" {
                throw PostgresError(
                    .server,
                    sqlState: "25P02",
                    "The transaction was rolled back, because a statement in it had failed."
                )
            }
        } catch {
            guard error.code == .timeout else { throw error }
            throw PostgresError(
                .connectionLost,
                sqlState: "08006",
                "COMMIT was not answered in time; whether the transaction took effect is unknown."
            )
        }
    }

    /// Rolls back, unless no statement was sent or the connection is lost; never throws.
    func rollBack(_ lease: Lease) async {
        let request = Request(
            .statement(Statement("", "ROLLBACK"), Parameters()),
            deadline: ContinuousClock.now + .seconds(5)
        )
        _ = try? await answer(to: request, isCancellable: false) {
            if lease.session.beginsTransaction
                || lease.session.isIdleOutsideTransaction && lease.session.isQuiet
            {
                lease.session.beginsTransaction = false
                request.answer(.success(.many([])))
            } else {
                self.submit(request, on: lease)
            }
        }
    }
}

extension Rows {
    /// The command tag of the server's answer.
    var commandTag: String {
        PQcmdStatus(result.pointer).map { String(cString: $0) } ?? ""
    }
}
