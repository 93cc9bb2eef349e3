import FoundationEssentials
import LeadStore
import Testing

@testable import LeadRouting

/// API keys: administrators create and revoke them.
struct KeyRequestsTests {
    @Test func createdKeyOpensItsWorkspace() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let made = try await useCases.keys.create(for: Samples.partner, name: "website", as: .administrator)
            let caller = try await useCases.callers.caller(of: made.token)
            #expect(caller?.workspaceID == Samples.partner && caller?.id == "key:\(made.key.prefix)")
            #expect(caller?.scopes == Set(Scope.defaults(isAdministrator: false)))
            #expect(caller?.may(.leadsErase) == false)
            let listed = try await useCases.keys.list(as: .administrator)
            #expect(listed.map(\.id) == [made.key.id] && listed.map(\.name) == ["website"])
            #expect(listed.first?.expiresAt == nil)
            let unknown = try await refusal {
                try await useCases.keys.create(for: .sample(99), name: "key", as: .administrator)
            }
            #expect(unknown?.isInvalid == true || unknown?.isNotFound == true)
        }
    }

    @Test func keyExpiresByDatabaseClock() async throws {
        try await RoutingFixture.with { fixture in
            let keys = fixture.useCases().keys
            let key = try await keys.create(for: nil, name: "key", scopes: [.admin], days: 30, as: .administrator).key
            #expect(key.scopes == ["admin"])
            let days = try await fixture.number(
                "SELECT round(extract(epoch FROM expires_at - now()) / 86400) FROM switchyard.api_keys"
            )
            #expect(days == 30)
        }
    }

    @Test func revokedKeyIsRevokedOnce() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let made = try await useCases.keys.create(for: nil, name: "key", as: .administrator)
            #expect(try await useCases.keys.revoke(made.key.prefix, as: .administrator).id == made.key.id)
            let again = try await refusal { try await useCases.keys.revoke(made.key.prefix, as: .administrator) }
            #expect(again?.isNotFound == true)
            #expect(try await useCases.callers.caller(of: made.token) == nil)
        }
    }
}
