import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

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
            id: .sample(id),
            workspaceID: workspace,
            name: "Key \(id)",
            scopes: ["leads", "rules"],
            expiresAt: expiresAt
        )
    }

    @Test func tokenFindsItsKeyOnly() async throws {
        try await StoreFixture.with { fixture in
            let token = APIKeyToken.random()
            let made = try await key(fixture, token)
            #expect(made.access == .workspace(StoreFixture.a))
            #expect(made.scopes == ["leads", "rules"])
            let found = try await fixture.stores.keys.find(for: try #require(APIKeyToken(token.text)))
            #expect(found == made)
            #expect(try await fixture.stores.keys.find(for: .random()) == nil)
            // The right prefix with another secret is refused.
            let forged = try #require(APIKeyToken("sw_\(token.prefix)_" + String(repeating: "x", count: 43)))
            #expect(try await fixture.stores.keys.find(for: forged) == nil)
            let administrator = APIKeyToken.random()
            #expect(try await key(fixture, administrator, id: 2, of: nil).access == .administrator)
            #expect(try await Set(fixture.stores.keys.list().map(\.name)) == ["Key 1", "Key 2"])
        }
    }

    @Test func onlyTheHashIsStored() async throws {
        try await StoreFixture.with { fixture in
            let token = APIKeyToken.random()
            _ = try await key(fixture, token)
            let secret = token.text.dropFirst("sw_\(token.prefix)_".count)
            let row = try await fixture.value("SELECT k::text FROM switchyard.api_keys k")
            #expect(!row.contains(secret))
            #expect(
                try await fixture.value("SELECT secret_hash = sha256('\(secret)'::bytea) FROM switchyard.api_keys")
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
            #expect(try await fixture.stores.keys.find(for: tokens[0]) == nil)
            #expect(try await fixture.stores.keys.find(for: tokens[1]) != nil)
            #expect(try await fixture.stores.keys.revoke(second.prefix)?.revokedAt != nil)
            #expect(try await fixture.stores.keys.find(for: tokens[1]) == nil)
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
            #expect(try await fixture.stores.keys.find(for: tokens[0]) == nil)
            #expect(try await fixture.stores.keys.find(for: tokens[1])?.expiresAt == future)
        }
    }

    @Test func useIsRecordedOncePerMinute() async throws {
        try await StoreFixture.with { fixture in
            let token = APIKeyToken.random()
            _ = try await key(fixture, token)
            let used = "SELECT last_used_at FROM switchyard.api_keys"
            _ = try await fixture.stores.keys.find(for: token)
            let first = try await fixture.value(used)
            #expect(first != "-")
            _ = try await fixture.stores.keys.find(for: token)
            #expect(try await fixture.value(used) == first)
            try await fixture.run("UPDATE switchyard.api_keys SET last_used_at = now() - interval '61 seconds'")
            _ = try await fixture.stores.keys.find(for: token)
            #expect(
                try await fixture.value("SELECT last_used_at > now() - interval '5 seconds' FROM switchyard.api_keys")
                    == "t"
            )
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
