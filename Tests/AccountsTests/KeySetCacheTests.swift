import JSON
import Synchronization
import Testing

@testable import Accounts

/// The key set: fetched when needed, at a bounded rate, and kept if the issuer fails.
struct KeySetCacheTests {
    /// An issuer that a test controls, and the time.
    private final class Issuer: Sendable {
        private let state = Mutex((keys: [JSONValue](), isDown: false, fetches: 0, time: ContinuousClock.now))

        var fetches: Int { state.withLock { $0.fetches } }
        var now: ContinuousClock.Instant { state.withLock { $0.time } }

        func publish(_ keys: [JSONValue]) { state.withLock { $0.keys = keys } }
        func fail(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }
        func wait(_ seconds: Int) { state.withLock { $0.time = $0.time.advanced(by: .seconds(seconds)) } }

        func answer() throws -> [UInt8] {
            try state.withLock { state in
                state.fetches += 1
                if state.isDown { throw CancellationError() }
                return JSONValue.object([.init("keys", .array(state.keys))]).bytes
            }
        }

        func cache() -> KeySetCache { KeySetCache(now: { self.now }, fetch: { try self.answer() }) }
    }

    @Test func setIsFetchedOnceForManyRequests() async throws {
        let issuer = Issuer()
        let key = try SigningKey(p256: "one")
        issuer.publish([key.jwk])
        let cache = issuer.cache()
        try await withThrowingTaskGroup { tasks in
            for _ in 0..<50 { tasks.addTask { try await cache.key("one") != nil } }
            for try await isThere in tasks { #expect(isThere) }
        }
        #expect(issuer.fetches == 1)
    }

    @Test func inventedKeysFetchAtMostEveryThirtySeconds() async throws {
        let issuer = Issuer()
        let cache = issuer.cache()
        for number in 0..<100 { #expect(try await cache.key("invented \(number)") == nil) }
        #expect(issuer.fetches == 1)
        issuer.wait(29)
        #expect(try await cache.key("another") == nil)
        #expect(issuer.fetches == 1)
        issuer.wait(1)
        #expect(try await cache.key("another") == nil)
        #expect(issuer.fetches == 2)
    }

    @Test func newKeyIsFoundAndOldKeyEnds() async throws {
        let issuer = Issuer()
        let (old, new) = (try SigningKey(p256: "old"), try SigningKey(p256: "new"))
        issuer.publish([old.jwk])
        let cache = issuer.cache()
        #expect(try await cache.key("old") != nil)
        issuer.publish([new.jwk])
        issuer.wait(30)
        #expect(try await cache.key("new") != nil)
        #expect(try await cache.key("old") == nil)
    }

    @Test func setIsKeptForADayIfTheIssuerFails() async throws {
        let issuer = Issuer()
        issuer.publish([try SigningKey(p256: "one").jwk])
        let cache = issuer.cache()
        #expect(try await cache.key("one") != nil)
        issuer.fail(true)
        issuer.wait(86_399)
        #expect(try await cache.key("one") != nil)
        issuer.wait(1)
        await #expect(throws: KeysUnavailable.self) { _ = try await cache.key("one") }
        issuer.fail(false)
        issuer.wait(30)
        #expect(try await cache.key("one") != nil)
    }

    @Test func withoutAnySetKeysAreUnavailable() async throws {
        let issuer = Issuer()
        issuer.fail(true)
        let cache = issuer.cache()
        await #expect(throws: KeysUnavailable.self) { _ = try await cache.key("one") }
        await #expect(throws: KeysUnavailable.self) { _ = try await cache.key("one") }
        #expect(issuer.fetches == 1)
    }

    @Test func setLeavesOutWhatIsNotForSignatures() throws {
        let (ec, rsa) = (try SigningKey(p256: "ec"), try SigningKey(rsa: "rsa"))
        func changed(_ jwk: JSONValue, _ name: String, _ value: JSONValue?) -> JSONValue {
            let rest = (jwk.members ?? []).filter { $0.key != name }
            return .object(rest + (value.map { [.init(name, $0)] } ?? []))
        }
        func set(_ keys: JSONValue...) -> KeySet? { KeySet(JSONValue.object([.init("keys", .array(keys))]).bytes) }
        #expect(set(ec.jwk, rsa.jwk)?["ec"] != nil && set(ec.jwk, rsa.jwk)?["rsa"] != nil)
        for (name, value) in [
            ("use", "enc"), ("key_ops", ["sign"]), ("alg", "RS256"), ("alg", "HS256"), ("crv", "P-384"), ("kty", "OKP"),
            ("kty", "oct"), ("x", "AAAA"), ("x", nil),
            ("y", .string(TokenMaker.base64([UInt8](repeating: 1, count: 32)))),
        ] as [(String, JSONValue?)] {
            #expect(set(changed(ec.jwk, name, value))?["ec"] == nil, "\(name)")
        }
        for (name, value) in [
            ("alg", "PS256"), ("alg", "ES256"), ("e", "AQ"), ("e", "AA"), ("e", "Ag"), ("n", ""), ("n", nil),
            ("n", .string(TokenMaker.base64(Array(rsa.modulus.dropLast())))),
        ] as [(String, JSONValue?)] {
            #expect(set(changed(rsa.jwk, name, value))?["rsa"] == nil, "\(name)")
        }
        #expect(set(try SigningKey(rsa: "weak", bits: 1024).jwk)?["weak"] == nil)
        #expect(set(ec.jwk, changed(rsa.jwk, "kid", "ec"))?["ec"] == nil, "two keys of one id")
        for text in ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":["# + String(repeating: "{},", count: 40) + "{}]}"] {
            #expect(KeySet(Array(text.utf8)) == nil)
        }
        #expect(KeySet(Array(#"{"keys":[]}"#.utf8)) != nil)
    }
}
