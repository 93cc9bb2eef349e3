import Addresses
import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Synchronization
import TestDatabase
import Testing

@testable import LeadRouting

/// A time that a test moves.
final class TestTime: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
}

/// Counts the statements that a key ring needs.
final class CountingKeys: KeySource {
    private let counts = Mutex((uses: 0, versions: 0, notes: 0))
    private let isDown = Mutex(false)
    private let keys: KeyStore

    init(_ keys: KeyStore) { self.keys = keys }

    var uses: Int { counts.withLock { $0.uses } }
    var versions: Int { counts.withLock { $0.versions } }
    var notes: Int { counts.withLock { $0.notes } }
    func setDown(_ down: Bool) { isDown.withLock { $0 = down } }

    func use(of token: APIKeyToken) async throws -> KeyInUse? {
        counts.withLock { $0.uses += 1 }
        try check()
        return try await keys.use(of: token)
    }

    func version() async throws -> Int64 {
        counts.withLock { $0.versions += 1 }
        try check()
        return try await keys.version()
    }

    func note(uses: [(key: UUID, address: IPAddress?)]) async throws {
        counts.withLock { $0.notes += 1 }
        try check()
        try await keys.note(uses: uses)
    }

    private func check() throws {
        if isDown.withLock({ $0 }) { throw StoreError(.conflict, "The database is down.") }
    }
}

/// Copies of keys on nodes: current within a second, and almost no statements.
struct KeyRingTests {
    /// A node with its own ring; nodes of a test share the time.
    private struct Node {
        let source: CountingKeys
        let callers: CallerDirectory

        init(_ fixture: RoutingFixture, _ time: TestTime, failures: FailedKeys = FailedKeys(limit: 1_000_000)) {
            let source = CountingKeys(fixture.stores.keys)
            self.source = source
            callers = CallerDirectory(
                keys: KeyRing(source: source, now: { time.now }),
                failures: failures,
                serviceRoleKey: nil
            )
        }
    }

    private static func refusal(of node: Node, _ token: String) async throws -> RequestError? {
        do {
            return try await node.callers.caller(of: token) == nil ? .notFound("unknown") : nil
        } catch let error as RequestError {
            return error
        }
    }

    @Test func requestsNeedNoStatement() async throws {
        try await RoutingFixture.with { fixture in
            let time = TestTime()
            let node = Node(fixture, time)
            let token = try await fixture.useCases().keys
                .create(for: Samples.partner, name: "k", as: .administrator).token
            for _ in 0..<1000 { #expect(try await node.callers.caller(of: token)?.workspaceID == Samples.partner) }
            #expect(node.source.uses == 1 && node.source.versions == 1)
            // One reading of the version for each half second in which there are requests.
            for _ in 0..<10 {
                time.advance(.milliseconds(500))
                for _ in 0..<10 { #expect(try await node.callers.caller(of: token) != nil) }
            }
            #expect(node.source.uses == 1 && node.source.versions == 11)
        }
    }

    /// Two nodes on one database: what the one does reaches the other within a second.
    @Test func changesReachOtherNodesWithinSecond() async throws {
        try await RoutingFixture.with { fixture in
            let time = TestTime()
            let useCases = fixture.useCases()
            let nodes = [Node(fixture, time), Node(fixture, time)]
            try await fixture.pool.removeGuardIfAsked(
                "v.version + 1",
                from: "bump_access_version",
                with: "v.version",
                asked: "access-version"
            )
            func make() async throws -> (id: String, token: String) {
                let made = try await useCases.keys.create(for: Samples.partner, name: "k", as: .administrator)
                for node in nodes { #expect(try await node.callers.caller(of: made.token) != nil) }
                return (made.key.id.text, made.token)
            }
            func refusals(_ token: String) async throws -> [RequestError?] {
                time.advance(.milliseconds(999))
                var refusals: [RequestError?] = []
                for node in nodes { refusals.append(try await Self.refusal(of: node, token)) }
                return refusals
            }
            let unknown = RequestError.notFound("unknown")

            let revoked = try await make()
            _ = try await useCases.keys.revoke(revoked.id, as: .administrator)
            #expect(try await refusals(revoked.token) == [unknown, unknown])

            let rolled = try await make()
            let new = try await useCases.keys.roll(rolled.id, overlap: 0, as: .administrator)
            #expect(try await refusals(rolled.token) == [unknown, unknown])
            #expect(try await refusals(new.token) == [nil, nil])

            let other = try await make()
            try await fixture.run("UPDATE switchyard.api_keys SET expires_at = now() WHERE id = '\(other.id)'")
            #expect(try await refusals(other.token) == [unknown, unknown])

            let suspended = try await make()
            _ = try await useCases.workspaces.suspend(Samples.partner, reason: "abuse", as: .administrator)
            let reason = RequestError.suspended(reason: "abuse")
            #expect(try await refusals(suspended.token) == [reason, reason])
            _ = try await useCases.workspaces.lift(Samples.partner, as: .administrator)
            #expect(try await refusals(suspended.token) == [nil, nil])

            try await useCases.workspaces.delete(Samples.partner, as: .administrator)
            #expect(try await refusals(suspended.token) == [unknown, unknown])
        }
    }

    @Test func copyEndsWithItsKey() async throws {
        try await RoutingFixture.with { fixture in
            let time = TestTime()
            let node = Node(fixture, time)
            let made = try await fixture.useCases().keys
                .create(for: Samples.partner, name: "k", days: 1, as: .administrator)
            #expect(try await node.callers.caller(of: made.token) != nil)
            time.advance(.seconds(86_300))
            #expect(try await node.callers.caller(of: made.token) != nil && node.source.uses == 1)
            // By the node's clock the day is over; the database is asked, whose clock has not moved.
            time.advance(.seconds(101))
            #expect(try await node.callers.caller(of: made.token) != nil && node.source.uses == 2)
        }
    }

    @Test func wrongChecksumNeedsNoStatement() async throws {
        try await RoutingFixture.with { fixture in
            let node = Node(fixture, TestTime())
            let token = APIKeyToken.random().text
            for text in [
                "", "x", String(token.dropLast()), token + "0",
                String(token.dropLast()) + (token.last == "0" ? "1" : "0"),
                token.replacing("swy_live_", with: "swy_test_"), token.lowercased() + "_", "sw_abcdefgh_" + token,
            ] {
                let caller = try await node.callers.caller(of: text)
                #expect(caller == nil)
            }
            #expect(node.source.uses == 0 && node.source.versions == 0)
            #expect(try await node.callers.caller(of: token) == nil)
            #expect(node.source.uses == 1)
        }
    }

    @Test func useIsWrittenOnceAMinute() async throws {
        try await RoutingFixture.with { fixture in
            let time = TestTime()
            let node = Node(fixture, time)
            let token = try await fixture.useCases().keys
                .create(for: Samples.partner, name: "k", as: .administrator).token
            let first = try #require(IPAddress("192.0.2.1"))
            let later = try #require(IPAddress("2001:db8::1"))
            _ = try await node.callers.caller(of: token, from: first)
            let used = "SELECT host(last_used_address), last_used_at IS NOT NULL FROM switchyard.api_keys"
            #expect(try await fixture.run(used) == [["192.0.2.1", "t"]])
            #expect(node.source.notes == 2 || node.source.notes == 1)
            let notes = node.source.notes
            for _ in 0..<50 {
                time.advance(.seconds(1))
                _ = try await node.callers.caller(of: token, from: later)
            }
            #expect(node.source.notes == notes)
            try await fixture.run("UPDATE switchyard.api_keys SET last_used_at = now() - interval '1 minute'")
            time.advance(.seconds(10))
            _ = try await node.callers.caller(of: token, from: later)
            while try await fixture.run(used) != [["2001:db8::1", "t"]] { await Task.yield() }
            #expect(node.source.notes == notes + 1)
        }
    }

    @Test func copiesOutliveShortOutage() async throws {
        try await RoutingFixture.with { fixture in
            let time = TestTime()
            let node = Node(fixture, time)
            let token = try await fixture.useCases().keys
                .create(for: Samples.partner, name: "k", as: .administrator).token
            #expect(try await node.callers.caller(of: token) != nil)
            node.source.setDown(true)
            time.advance(.milliseconds(4900))
            #expect(try await node.callers.caller(of: token) != nil)
            time.advance(.milliseconds(600))
            await #expect(throws: RequestError.self) { try await node.callers.caller(of: token) }
            node.source.setDown(false)
            #expect(try await node.callers.caller(of: token) != nil)
        }
    }

    @Test func keyIsBoundToItsAddresses() async throws {
        try await RoutingFixture.with { fixture in
            let node = Node(fixture, TestTime())
            let networks = ["192.0.2.0/24", "2001:db8::/32"].compactMap { IPNetwork($0) }
            let token = try await fixture.useCases().keys
                .create(for: Samples.partner, name: "k", networks: networks, as: .administrator).token
            for address in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::5"] {
                #expect(try await node.callers.caller(of: token, from: IPAddress(address)) != nil, "\(address)")
            }
            for address in ["192.0.3.1", "::ffff:198.51.100.1", "2001:db9::5", nil] {
                let refused = try await LeadRoutingTests.refusal {
                    try await node.callers.caller(of: token, from: address.flatMap { IPAddress($0) })
                }
                #expect(refused?.isForbidden == true, "\(address ?? "none")")
            }
        }
    }

    @Test func guessesAreLimitedByAddress() async throws {
        try await RoutingFixture.with { fixture in
            let time = TestTime()
            let node = Node(fixture, time, failures: FailedKeys(limit: 20, now: { time.now }))
            let known = try await fixture.useCases().keys
                .create(for: Samples.partner, name: "k", as: .administrator).token
            let fresh = try await fixture.useCases().keys
                .create(for: Samples.partner, name: "k", as: .administrator).token
            let guesser = IPAddress("192.0.2.1")
            _ = try await node.callers.caller(of: known, from: guesser)
            let uses = node.source.uses
            let notices = Mutex<[FailedKeys.Notice]>([])
            var refused = 0
            for _ in 0..<500 {
                do {
                    let caller = try await node.callers.caller(of: APIKeyToken.random().text, from: guesser) { notice in
                        notices.withLock { $0.append(notice) }
                    }
                    #expect(caller == nil)
                } catch RequestError.tooManyWrongKeys(let seconds) {
                    #expect(1...61 ~= seconds)
                    refused += 1
                }
            }
            #expect(refused == 480 && node.source.uses == uses + 20)
            let lines = notices.withLock { $0.filter { $0 != .more } }
            #expect(lines == [.first, .last(count: 20)])
            // A key that this node knows goes on, even after a change of keys; one that it does not know has to wait.
            _ = try await fixture.useCases().keys
                .revoke(
                    try await fixture.useCases().keys.create(for: nil, name: "x", as: .administrator).key.prefix,
                    as: .administrator
                )
            time.advance(.seconds(1))
            #expect(try await node.callers.caller(of: known, from: guesser) != nil)
            await #expect(throws: RequestError.self) { try await node.callers.caller(of: fresh, from: guesser) }
            #expect(try await node.callers.caller(of: fresh, from: IPAddress("192.0.2.2")) != nil)
            time.advance(.seconds(60))
            #expect(try await node.callers.caller(of: APIKeyToken.random().text, from: guesser) == nil)
        }
    }

    @Test func tableOfAddressesIsBounded() {
        let time = TestTime()
        let failures = FailedKeys(limit: 2, capacity: 100, now: { time.now })
        func address(_ number: Int) -> IPAddress { IPAddress(v4: UInt32(number)) }
        for number in 0..<50_000 { _ = failures.note(address(number)) }
        #expect(failures.count == 100)
        // Those without a place of their own share one.
        #expect(failures.wait(for: address(40_000)) != nil && failures.wait(for: address(5)) == nil)
        time.advance(.seconds(61))
        #expect(failures.wait(for: address(40_000)) == nil)
        _ = failures.note(address(60_000))
        #expect(failures.count == 1)
        // An IPv6 client has a whole network of addresses.
        for number in 0..<2 { _ = failures.note(IPAddress(high: 0x2001_0db8_0000_0000, low: UInt64(number))) }
        #expect(failures.wait(for: IPAddress(high: 0x2001_0db8_0000_0000, low: 77)) != nil)
    }
}
