import Addresses
import FoundationEssentials
import Postgres
import RoutingRules
import Testing

@testable import LeadStore

/// API keys: found by their token, invalid when revoked or expired, and never readable.
@Suite struct KeyTests {
    private func key(
        _ fixture: StoreFixture,
        _ token: APIKeyToken,
        id: UInt8 = 1,
        of workspace: UUID? = StoreFixture.a,
        expiresAt: Timestamp? = nil
    ) async throws -> APIKey {
        try await fixture.stores.keys.create(
            token,
            NewKey(
                id: .sample(id),
                workspaceID: workspace,
                name: "Key \(id)",
                scopes: ["leads", "rules"],
                expiresAt: expiresAt
            )
        )
    }

    @Test func tokenFindsItsKeyOnly() async throws {
        try await StoreFixture.with { fixture in
            let token = APIKeyToken.random()
            let made = try await key(fixture, token)
            #expect(made.access == .workspace(StoreFixture.a))
            #expect(made.scopes == ["leads", "rules"])
            let found = try await fixture.stores.keys.use(of: try #require(APIKeyToken(token.text)))
            #expect(found?.key == made && found?.remaining == nil && found?.suspension == nil)
            #expect(try await fixture.stores.keys.use(of: .random()) == nil)
            // The right prefix with another secret is refused, and so is the right secret as a key of the other kind.
            let body = "swy_live_\(token.prefix)" + String(repeating: "x", count: 32)
            let forged = try #require(APIKeyToken(body + APIKeyToken.checksum(body.utf8)))
            #expect(try await fixture.stores.keys.use(of: forged) == nil)
            let kind = token.text.dropLast(6).replacing("swy_live_", with: "swy_test_")
            let other = try #require(APIKeyToken(String(kind) + APIKeyToken.checksum(kind.utf8)))
            #expect(try await fixture.stores.keys.use(of: other) == nil)
            let administrator = APIKeyToken.random()
            #expect(try await key(fixture, administrator, id: 2, of: nil).access == .administrator)
            #expect(try await Set(fixture.stores.keys.list().map(\.name)) == ["Key 1", "Key 2"])
        }
    }

    @Test func onlyTheHashIsStored() async throws {
        try await StoreFixture.with { fixture in
            let token = APIKeyToken.random()
            _ = try await key(fixture, token)
            let body = token.text.dropLast(6)
            let secret = body.dropFirst("swy_live_\(token.prefix)".count)
            let row = try await fixture.value("SELECT k::text FROM switchyard.api_keys k")
            #expect(!row.contains(secret))
            #expect(
                try await fixture.value("SELECT secret_hash = sha256('\(body)'::bytea) FROM switchyard.api_keys")
                    == "t"
            )
        }
    }

    @Test func keyIsRevokedOnceByIDOrPrefix() async throws {
        try await StoreFixture.with { fixture in
            let tokens = [APIKeyToken.random(), .random()]
            let first = try await key(fixture, tokens[0], id: 1)
            let second = try await key(fixture, tokens[1], id: 2)
            #expect(try await fixture.stores.keys.revoke(first.id.text)?.id == first.id)
            #expect(try await fixture.stores.keys.use(of: tokens[0]) == nil)
            #expect(try await fixture.stores.keys.use(of: tokens[1]) != nil)
            #expect(try await fixture.stores.keys.revoke(second.prefix)?.revokedAt != nil)
            #expect(try await fixture.stores.keys.use(of: tokens[1]) == nil)
            for again in [first.id.text, second.prefix, "nothing"] {
                #expect(try await fixture.stores.keys.revoke(again) == nil)
            }
        }
    }

    @Test func keyExpiresByDatabaseClock() async throws {
        try await StoreFixture.with { fixture in
            let now = try await fixture.stores.schedule.databaseTime().microsecondsSinceUnixEpoch
            let tokens = [APIKeyToken.random(), .random()]
            let past = Timestamp(microsecondsSinceUnixEpoch: now - 1_000_000)
            let future = Timestamp(microsecondsSinceUnixEpoch: now + 3_600_000_000)
            _ = try await key(fixture, tokens[0], id: 1, expiresAt: past)
            _ = try await key(fixture, tokens[1], id: 2, expiresAt: future)
            #expect(try await fixture.stores.keys.use(of: tokens[0]) == nil)
            #expect(try await fixture.stores.keys.use(of: tokens[1])?.key.expiresAt == future)
        }
    }

    @Test func useIsWrittenUnlessItIsRecent() async throws {
        try await StoreFixture.with { fixture in
            let keys = [try await key(fixture, .random(), id: 1), try await key(fixture, .random(), id: 2)]
            let used = "SELECT host(last_used_address) FROM switchyard.api_keys ORDER BY id"
            let address = IPAddress("::ffff:192.0.2.1")
            try await fixture.stores.keys.note(uses: [(keys[0].id, address), (keys[1].id, nil)])
            #expect(try await fixture.run(used) == [["192.0.2.1"], ["-"]])
            #expect(try await fixture.stores.keys.list().allSatisfy { $0.lastUsedAt != nil })
            try await fixture.stores.keys.note(uses: [(keys[0].id, IPAddress("192.0.2.2"))])
            #expect(try await fixture.run(used) == [["192.0.2.1"], ["-"]])
            try await fixture.run("UPDATE switchyard.api_keys SET last_used_at = now() - interval '31 seconds'")
            // An unknown address leaves the last known one.
            try await fixture.stores.keys.note(uses: [(keys[0].id, nil), (keys[1].id, IPAddress("2001:db8::1"))])
            #expect(try await fixture.run(used) == [["192.0.2.1"], ["2001:db8::1"]])
            // The use of a key is no change of what it may do.
            #expect(try await fixture.stores.keys.version() == 1)
        }
    }

    @Test func invalidKeysAreRefused() async throws {
        try await StoreFixture.with { fixture in
            await expectRefusal(.invalid, "/workspaceId") {
                _ = try await key(fixture, .random(), of: StoreFixture.missingWorkspace)
            }
            let token = APIKeyToken.random()
            _ = try await key(fixture, token)
            await expectRefusal(.conflict) { _ = try await key(fixture, token, id: 2) }
        }
    }
}
