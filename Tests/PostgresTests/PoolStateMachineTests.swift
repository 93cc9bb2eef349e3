import Testing

@testable import Postgres

/// The decisions of the pool: no server, no clock, no thread.
struct PoolStateMachineTests {
    /// A pool with a manual clock, and the actions that it requested.
    private struct Pool {
        typealias Machine = PoolStateMachine<Int, String>

        var machine: Machine
        var now = ContinuousClock.now
        /// Every action so far, as text.
        var log: [String] = []
        var connecting: [Int] = []
        var lent: [String: Int] = [:]
        var loads: [Int: Machine.Load] = [:]

        init(connections: Int, waiters: Int = 100) {
            machine = Machine(.init(connections: connections, waiters: waiters, connectTime: .seconds(10)))
        }

        /// Collects the actions that an event caused.
        @discardableResult
        mutating func perform() -> [String] {
            var taken: [String] = []
            while let action = machine.nextAction() {
                switch action {
                case .connect(let id):
                    connecting.append(id)
                    taken.append("connect \(id)")
                case .share(let id): taken.append("share \(id)")
                case .endSharing(let id): taken.append("end sharing \(id)")
                case .send(let statement, let id):
                    sent(to: id)
                    taken.append("send \(statement) to \(id)")
                case .lend(let id, let borrower, let lease):
                    lent[borrower] = id
                    taken.append("lend \(id) to \(borrower) as \(lease)")
                case .reset(let id): taken.append("reset \(id)")
                case .close(let id): taken.append("close \(id)")
                case .abandon(let id): taken.append("abandon \(id)")
                case .refuse(let statement, let refusal): taken.append("refuse \(statement): \(refusal)")
                case .refuseBorrower(let borrower, let refusal): taken.append("refuse \(borrower): \(refusal)")
                case .setRetryTimer(let delay): taken.append("retry after \(delay)")
                case .setWaitingTimer(let instant): taken.append("look after \(instant - now)")
                case .finish: taken.append("finish")
                }
            }
            log += taken
            return taken
        }

        /// Submits a statement; returns the session to which it is sent at once.
        @discardableResult
        mutating func submit(_ statement: Int) -> Int? {
            let id = machine.submit(statement, now: now)
            perform()
            if let id { sent(to: id) }
            return id
        }

        @discardableResult
        mutating func borrow(_ name: String) -> [String] {
            machine.submitBorrower(name, now: now)
            return perform()
        }

        @discardableResult
        mutating func release(_ name: String, isClean: Bool = true) -> [String] {
            guard let id = lent.removeValue(forKey: name) else { return [] }
            machine.release(id, isClean: isClean, now: now)
            return perform()
        }

        /// Connects the sessions that are connecting.
        mutating func connectAll() {
            while !connecting.isEmpty {
                let id = connecting.removeFirst()
                loads[id] = .init(headSince: now)
                machine.connected(id, now: now)
                perform()
            }
        }

        /// Answers requests of a session, all of them by default.
        @discardableResult
        mutating func answer(_ id: Int, _ count: Int? = nil) -> [String] {
            var load = loads[id] ?? .init(headSince: now)
            load.pending -= count ?? load.pending
            load.headSince = now
            load.isQuiet = load.pending == 0
            loads[id] = load
            machine.progressed(id, load, now: now)
            return perform()
        }

        private mutating func sent(to id: Int) {
            var load = loads[id] ?? .init(headSince: now)
            if load.pending == 0 { load.headSince = now }
            load.pending += 1
            load.isQuiet = false
            loads[id] = load
            machine.observe(id, load)
        }

        /// The sessions that are in a role.
        func sessions(_ role: PoolRole) -> [Int] { machine.sessions.filter { $0.role == role }.map(\.id) }
    }

    @Test func firstStatementWaitsForConnection() {
        var pool = Pool(connections: 4)
        #expect(pool.submit(1) == nil)
        #expect(pool.log == ["connect 1", "look after 10.0 seconds"])
        pool.connectAll()
        #expect(pool.log.suffix(2) == ["share 1", "send 1 to 1"])
        #expect(pool.submit(2) == nil, "A second session is opened before statements share one.")
        pool.connectAll()
        #expect(pool.log.suffix(2) == ["share 2", "send 2 to 2"])
    }

    @Test func statementsGoToLeastLoadedSession() {
        var pool = Pool(connections: 4)
        for number in 0..<2 { pool.submit(number) }
        pool.connectAll()
        #expect(pool.sessions(.shared) == [1, 2])
        let targets = (0..<6).map { pool.submit($0) }
        #expect(targets.compactMap(\.self).sorted() == [1, 1, 1, 2, 2, 2])
        pool.answer(2)
        #expect(pool.submit(7) == 2, "A free session comes first.")
    }

    @Test func statementsAvoidBusySessions() {
        var pool = Pool(connections: 4)
        for number in 0..<2 { pool.submit(number) }
        pool.connectAll()
        pool.answer(2)
        for number in 0..<3 { pool.submit(number) }
        #expect(pool.loads[1]?.pending == 2 && pool.loads[2]?.pending == 2)
        pool.answer(1, 2)
        #expect(pool.submit(5) == 1)
        // Session 1 has less work, but its statement has run for 20 ms.
        pool.now += .milliseconds(20)
        pool.answer(2, 1)
        pool.submit(6)
        #expect(pool.submit(7) == 2)
    }

    @Test func sharedSessionRespectsPipelineDepth() {
        var pool = Pool(connections: 1)
        pool.submit(0)
        pool.connectAll()
        for number in 1..<256 { #expect(pool.submit(number) == 1) }
        #expect(pool.submit(256) == nil)
        #expect(pool.answer(1, 1) == ["send 256 to 1"])
    }

    @Test func callersAreServedInOrder() {
        var pool = Pool(connections: 2)
        for name in ["a", "b", "c", "d"] { pool.borrow(name) }
        pool.connectAll()
        #expect(pool.lent.keys.sorted() == ["a"], "One session is left for single statements.")
        for next in ["b", "c", "d"] {
            let actions = pool.release(pool.lent.keys.first ?? "")
            #expect(actions.contains { $0.contains("to \(next) ") })
        }
        #expect(pool.log.filter { $0.hasPrefix("lend") }.map { $0.split(separator: " ")[3] } == ["a", "b", "c", "d"])
        #expect(
            pool.log.filter { $0.hasPrefix("lend") }.compactMap { $0.split(separator: " ").last } == [
                "1", "2", "3", "4",
            ]
        )
    }

    @Test(arguments: [2, 3, 8]) func oneSessionIsReservedForStatements(connections: Int) {
        var pool = Pool(connections: connections)
        for number in 0..<20 { pool.borrow("b\(number)") }
        pool.connectAll()
        #expect(pool.sessions(.lent).count == connections - 1)
        pool.submit(1)
        pool.connectAll()
        #expect(pool.loads.values.map(\.pending).reduce(0, +) == 1, "The statement is under way.")
        #expect(pool.machine.sessions.count == connections)
        #expect(pool.sessions(.lent).count == connections - 1)
    }

    @Test func poolOfOneAlternatesStatementsAndLeases() {
        var pool = Pool(connections: 1)
        pool.submit(1)
        pool.connectAll()
        pool.borrow("a")
        #expect(pool.sessions(.draining) == [1])
        #expect(pool.submit(2) == nil)
        let answered = pool.answer(1)
        #expect(answered.contains("lend 1 to a as 1"))
        let given = pool.release("a")
        #expect(given.suffix(2) == ["share 1", "send 2 to 1"])
    }

    @Test func busySharedSessionIsDrainedForLease() {
        var pool = Pool(connections: 3)
        pool.borrow("a")
        pool.connectAll()
        pool.submit(1)
        pool.connectAll()
        pool.submit(2)
        #expect(pool.sessions(.shared) == [2])
        // The third session is opened for the borrower.
        pool.borrow("b")
        pool.connectAll()
        #expect(pool.sessions(.lent) == [1, 3])
        #expect(pool.borrow("c") == [], "No more than all but one are lent.")
    }

    @Test func usedSessionIsResetBeforeNextLease() {
        var pool = Pool(connections: 2)
        pool.borrow("a")
        pool.borrow("b")
        pool.connectAll()
        let given = pool.release("a", isClean: false)
        #expect(given.first == "reset 1")
        #expect(pool.sessions(.resetting) == [1])
        #expect(pool.lent["b"] != 1)
        pool.machine.wasReset(1, .init(headSince: pool.now), isDone: true, now: pool.now)
        pool.perform()
        #expect(pool.lent["b"] != nil)
    }

    @Test func unresettableSessionIsClosed() {
        var pool = Pool(connections: 2)
        pool.borrow("a")
        pool.connectAll()
        pool.release("a", isClean: false)
        pool.machine.wasReset(1, .init(headSince: pool.now), isDone: false, now: pool.now)
        #expect(pool.perform() == ["abandon 1"])
    }

    @Test func waitersBeyondLimitAreRefused() {
        var pool = Pool(connections: 1, waiters: 2)
        pool.submit(1)
        pool.borrow("a")
        pool.submit(2)
        #expect(pool.log.last == "refuse 2: exhausted")
        #expect(pool.borrow("b") == ["refuse b: exhausted"])
    }

    @Test func withdrawnCallerIsNotServed() {
        var pool = Pool(connections: 2)
        pool.submit(1)
        pool.submit(2)
        pool.borrow("a")
        let withdrawn = [pool.machine.withdraw { $0 == 1 }, pool.machine.withdraw { $0 == 1 }]
        #expect(withdrawn == [1, nil])
        let borrower = pool.machine.withdrawBorrower { $0 == "a" }
        #expect(borrower == "a")
        pool.connectAll()
        #expect(pool.log.contains { $0.hasPrefix("send 2") })
        #expect(!pool.log.contains { $0.hasPrefix("send 1") || $0.hasPrefix("lend") })
    }

    @Test func resentStatementComesFirst() {
        var pool = Pool(connections: 1)
        pool.submit(1)
        pool.submit(2)
        let result1 = pool.machine.submitAgain(0, now: pool.now)
        #expect(result1)
        pool.perform()
        pool.connectAll()
        #expect(pool.log.suffix(3) == ["send 0 to 1", "send 1 to 1", "send 2 to 1"])
    }

    // MARK: - Waiting for a connection

    @Test func callersTimeOutOnlyWithoutConnection() {
        var pool = Pool(connections: 1)
        pool.submit(1)
        pool.now += .seconds(10)
        pool.machine.waitingElapsed(now: pool.now)
        #expect(pool.perform() == ["refuse 1: notConnected"])

        var busy = Pool(connections: 1)
        busy.submit(1)
        busy.connectAll()
        busy.borrow("a")
        busy.now += .seconds(10)
        busy.machine.waitingElapsed(now: busy.now)
        #expect(busy.perform() == ["look after 10.0 seconds"])
        let answered = busy.answer(1)
        #expect(answered.contains("lend 1 to a as 1"))
    }

    @Test func wrongPasswordFailsAtOnceAndStartingServerIsAwaited() {
        var wrong = Pool(connections: 2)
        wrong.submit(1)
        wrong.machine.connectingFailed(1, isStarting: false, isTransient: false, chance: 1, now: wrong.now)
        #expect(wrong.perform() == ["refuse 1: notConnected", "retry after 0.05 seconds"])

        var starting = Pool(connections: 2)
        starting.submit(1)
        starting.machine.connectingFailed(1, isStarting: true, isTransient: true, chance: 1, now: starting.now)
        #expect(starting.perform() == ["retry after 0.05 seconds"])
        starting.machine.retryElapsed(now: starting.now)
        #expect(starting.perform() == ["connect 2"])
    }

    @Test func lostServerIsWaitedFor() {
        var pool = Pool(connections: 2)
        pool.submit(1)
        pool.connectAll()
        pool.machine.disconnected(1, now: pool.now)
        pool.perform()
        pool.submit(2)
        pool.machine.connectingFailed(2, isStarting: false, isTransient: true, chance: 1, now: pool.now)
        #expect(pool.perform() == ["retry after 0.05 seconds"])
    }

    @Test func reconnectBacksOffUntilSuccess() {
        var pool = Pool(connections: 8)
        pool.submit(1)
        var delays: [String] = []
        for round in 1...9 {
            pool.machine.connectingFailed(round, isStarting: true, isTransient: true, chance: 1, now: pool.now)
            delays += pool.perform().filter { $0.hasPrefix("retry") }
            #expect(pool.machine.sessions.isEmpty, "Nothing is opened before the time is over.")
            pool.machine.retryElapsed(now: pool.now)
            #expect(pool.perform() == ["connect \(round + 1)"], "One attempt at a time.")
        }
        #expect(delays.prefix(3) == ["retry after 0.05 seconds", "retry after 0.1 seconds", "retry after 0.2 seconds"])
        #expect(delays.last == "retry after 5.0 seconds")
        pool.connecting = [10]
        pool.connectAll()
        #expect(pool.machine.backoff.failures == 0)
    }

    // MARK: - Read-only servers and shutdown

    @Test func readOnlyServerClosesConnections() {
        var pool = Pool(connections: 3)
        pool.borrow("a")
        pool.submit(1)
        pool.connectAll()
        let shared = pool.sessions(.shared)[0]
        let result2 = pool.machine.metReadOnly(now: pool.now)
        #expect(result2)
        pool.perform()
        #expect(pool.sessions(.retiring) == [shared])
        #expect(pool.answer(shared) == ["close \(shared)"])
        let lent = pool.lent["a"] ?? 0
        #expect(pool.release("a") == ["close \(lent)"], "A lent one is closed when it is given back.")
        pool.now += .milliseconds(500)
        let result3 = pool.machine.metReadOnly(now: pool.now)
        #expect(!result3, "Not again within a second.")
        pool.now += .seconds(1)
        let result4 = pool.machine.metReadOnly(now: pool.now)
        #expect(result4)
        pool.now += .milliseconds(1500)
        let result5 = pool.machine.metReadOnly(now: pool.now)
        #expect(!result5, "The pause has doubled.")
    }

    @Test func shutdownFinishesRunningWorkAndRefusesNew() {
        var pool = Pool(connections: 2)
        pool.submit(1)
        pool.borrow("a")
        pool.connectAll()
        pool.borrow("b")
        let result6 = pool.machine.shutDown()
        #expect(result6)
        let result7 = pool.machine.shutDown()
        #expect(!result7)
        #expect(pool.perform() == ["refuse b: shutDown"])
        pool.submit(2)
        #expect(pool.log.last == "refuse 2: shutDown")
        #expect(pool.borrow("c") == ["refuse c: shutDown"])
        for id in pool.sessions(.shared) { pool.answer(id) }
        #expect(pool.machine.phase == .draining)
        #expect(pool.release("a") == ["finish"])
        #expect(pool.machine.phase == .closed)
    }

    @Test func shutdownWaitsForReset() {
        var pool = Pool(connections: 2)
        pool.borrow("a")
        pool.connectAll()
        _ = pool.machine.shutDown()
        #expect(pool.release("a", isClean: false) == ["reset 1"])
        #expect(pool.machine.phase == .draining)
        pool.answer(1)
        #expect(pool.machine.phase == .closed)
    }

    @Test func closeRefusesWaiters() {
        var pool = Pool(connections: 1)
        pool.submit(1)
        pool.borrow("a")
        pool.machine.close()
        #expect(pool.perform() == ["refuse 1: shutDown", "refuse a: shutDown", "finish"])
        pool.machine.close()
        #expect(pool.perform() == [])
    }

    @Test func eagerPoolReconnects() {
        var pool = Pool(connections: 2)
        pool.machine.stayConnected(now: pool.now)
        #expect(pool.perform() == ["connect 1"])
        pool.connectAll()
        pool.machine.disconnected(1, now: pool.now)
        #expect(pool.perform() == ["connect 2"])
    }

    /// Random events in random order: never more sessions than allowed, one kept for statements, no caller lost.
    @Test(arguments: 1...40) func boundsHoldUnderRandomEvents(seed: UInt64) {
        var random = SplitMix(state: seed)
        let connections = Int.random(in: 1...5, using: &random)
        var pool = Pool(connections: connections, waiters: 50)
        var (statements, borrowers) = (0, 0)
        for _ in 0..<400 {
            pool.now += .milliseconds(Int.random(in: 0...15, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1, 2:
                statements += 1
                pool.submit(statements)
            case 3:
                borrowers += 1
                pool.borrow("b\(borrowers)")
            case 4: if let name = pool.lent.keys.sorted().first { pool.release(name) }
            case 5: pool.connectAll()
            case 6: if let id = pool.loads.keys.sorted().randomElement(using: &random) { pool.answer(id) }
            default:
                guard let id = pool.connecting.popLast() else { continue }
                pool.machine.connectingFailed(id, isStarting: true, isTransient: true, chance: 0, now: pool.now)
                pool.perform()
                pool.machine.retryElapsed(now: pool.now)
                pool.perform()
            }
            #expect(pool.machine.sessions.count <= connections)
            #expect(pool.sessions(.lent).count <= max(1, connections - 1))
            #expect(pool.sessions(.shared).count <= pool.machine.limits.shared)
            #expect(Set(pool.lent.values).count == pool.lent.count, "No session is lent twice.")
        }
        // Everything is served in the end.
        for _ in 0..<200 {
            pool.connectAll()
            for id in pool.loads.keys.sorted() { pool.answer(id) }
            if let name = pool.lent.keys.sorted().first { pool.release(name) }
        }
        #expect(pool.machine.statements.isEmpty && pool.machine.borrowers.isEmpty)
        let refused = pool.log.filter { $0.hasSuffix("exhausted") }.count
        let lent = pool.log.filter { $0.hasPrefix("lend") }.count
        let refusedBorrowers = pool.log.filter { $0.hasPrefix("refuse b") }.count
        #expect(lent + refusedBorrowers == borrowers)
        #expect(refused >= refusedBorrowers)
    }
}

/// Random numbers of a seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
