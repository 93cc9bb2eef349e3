import Addresses
import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// API keys: administrators create, roll and revoke them, and workspaces their own.
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

    @Test func rolledKeyOverlapsAndIsRolledOnce() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let network = try #require(IPNetwork("192.0.2.0/24"))
            let old = try await useCases.keys.create(
                for: Samples.partner,
                name: "website",
                scopes: [.leadsWrite],
                networks: [network],
                days: 10,
                as: .administrator
            )
            let new = try await useCases.keys.roll(old.key.prefix, overlap: 3600, as: .administrator)
            #expect(new.key.workspaceID == Samples.partner && new.key.scopes == ["leads:write"])
            #expect(new.key.name == "website" && new.key.allowedNetworks == [network] && !new.key.isTest)
            let address = IPAddress("192.0.2.1")
            #expect(try await useCases.callers.caller(of: old.token, from: address) != nil)
            #expect(try await useCases.callers.caller(of: new.token, from: address) != nil)
            let ends = try await fixture.run(
                """
                SELECT round(extract(epoch FROM expires_at - now()) / 60) FROM switchyard.api_keys ORDER BY created_at, replaced_by
                """
            )
            #expect(ends == [["60"], ["14400"]])
            let again = try await refusal {
                try await useCases.keys.roll(old.key.prefix, overlap: 0, as: .administrator)
            }
            #expect(again?.isConflict == true)
            let overlong = try await refusal {
                try await useCases.keys.roll(new.key.prefix, overlap: 31 * 86_400, as: .administrator)
            }
            #expect(overlong?.fields == ["/overlapSeconds"])
            // By the whole token as well: an operator may have nothing else of a leaked key.
            #expect(try await useCases.keys.revoke(old.token, as: .administrator).id == old.key.id)
            let log = try await fixture.run(
                "SELECT actor, action, workspace_id, subject_id FROM switchyard.operator_log ORDER BY id"
            )
            let workspace = Samples.partner.text
            #expect(
                log == [
                    ["key:admin", "create-key", workspace, old.key.id.text],
                    ["key:admin", "roll-key", workspace, new.key.id.text],
                    ["key:admin", "revoke-key", workspace, old.key.id.text],
                ]
            )
            let details = try await fixture.run("SELECT details::text FROM switchyard.operator_log").joined().joined()
            for token in [old.token, new.token] { #expect(!details.contains(token.suffix(38))) }
        }
    }

    /// Two rolls at once: one wins, and there is one new key.
    @Test func concurrentRollsMakeOneKey() async throws {
        try await RoutingFixture.with { fixture in
            let keys = fixture.useCases().keys
            let old = try await keys.create(for: Samples.partner, name: "k", as: .administrator)
            let rolled = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask { (try? await keys.roll(old.key.prefix, overlap: 60, as: .administrator)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(rolled == 1)
            #expect(try await fixture.number("SELECT count(*) FROM switchyard.api_keys") == 2)
        }
    }

    @Test func workspaceMakesKeysOfItsOwnOnly() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let maker = Caller(
                id: "key:maker",
                name: "maker",
                workspaceID: Samples.partner,
                scopes: [.keysWrite, .keysRead, .leadsWrite]
            )
            let foreign = try await useCases.keys.create(for: Samples.rival, name: "r", as: .administrator)
            let made = try await useCases.keys.create(for: nil, name: "k", scopes: [.leadsWrite], as: maker)
            #expect(made.key.workspaceID == Samples.partner)
            #expect(try await useCases.keys.list(as: maker).map(\.id) == [made.key.id])
            let other = try await refusal { try await useCases.keys.create(for: Samples.rival, name: "k", as: maker) }
            #expect(other?.isForbidden == true)
            for scope in [Scope.leadsErase, .admin, .rulesWrite] {
                let more = try await refusal {
                    try await useCases.keys.create(for: nil, name: "k", scopes: [scope], as: maker)
                }
                #expect(more == .missingScope(scope))
            }
            // Nor by rolling a key that may do more.
            let strong = try await useCases.keys.create(
                for: Samples.partner,
                name: "s",
                scopes: [.leadsErase],
                as: .administrator
            )
            let roll = try await refusal { try await useCases.keys.roll(strong.key.prefix, overlap: 0, as: maker) }
            #expect(roll == .missingScope(.leadsErase))
            for name in [foreign.key.prefix, foreign.key.id.text] {
                #expect(try await refusal { try await useCases.keys.revoke(name, as: maker) }?.isNotFound == true)
                let roll = try await refusal { try await useCases.keys.roll(name, overlap: 0, as: maker) }
                #expect(roll?.isNotFound == true)
            }
            let unable = Caller(id: "k", name: "k", workspaceID: Samples.partner, scopes: [.leadsWrite])
            #expect(try await refusal { try await useCases.keys.list(as: unable) } == .missingScope(.keysRead))
            #expect(try await refusal { try await useCases.keys.revoke("x", as: unable) } == .missingScope(.keysWrite))
        }
    }

    @Test func testKeyIsOfWorkspaceAndSendsOnly() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let made = try await useCases.keys.create(for: Samples.partner, name: "t", isTest: true, as: .administrator)
            #expect(made.token.hasPrefix("swy_test_") && made.key.isTest && made.key.scopes == ["leads:write"])
            let caller = try #require(try await useCases.callers.caller(of: made.token))
            #expect(caller.isTest)
            let rolled = try await useCases.keys.roll(made.key.prefix, overlap: 0, as: .administrator)
            #expect(rolled.token.hasPrefix("swy_test_") && rolled.key.isTest)
            let administrators = try await refusal {
                try await useCases.keys.create(for: nil, name: "t", isTest: true, as: .administrator)
            }
            #expect(administrators?.fields == ["/test"])
            let strong = try await refusal {
                try await useCases.keys.create(
                    for: Samples.partner,
                    name: "t",
                    scopes: [.leadsRead],
                    isTest: true,
                    as: .administrator
                )
            }
            #expect(strong?.fields == ["/scopes"])
        }
    }
}
