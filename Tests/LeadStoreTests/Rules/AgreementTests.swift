import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// Only the receiver decides whose leads it receives.
@Suite struct AgreementTests {
    private let agreement = RoutingAgreement(receivingWorkspaceID: StoreFixture.b, sendingWorkspaceID: StoreFixture.a)

    @Test func agreementIsGrantedAndEndedOnce() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            let receiver = Access.workspace(StoreFixture.b)
            #expect(try await stores.agreements.grant(agreement, as: receiver))
            #expect(try await !stores.agreements.grant(agreement, as: receiver))
            for access in [receiver, .workspace(StoreFixture.a), .administrator] {
                #expect(try await stores.agreements.list(as: access).map(\.agreement) == [agreement])
            }
            #expect(try await stores.agreements.list(as: .workspace(StoreFixture.c)).isEmpty)
            let version = try await stores.ruleSets.version()
            #expect(try await stores.agreements.revoke(agreement, as: receiver))
            #expect(try await !stores.agreements.revoke(agreement, as: receiver))
            #expect(try await stores.ruleSets.version() > version)
        }
    }

    @Test func onlyTheReceiverGrantsAgreements() async throws {
        try await StoreFixture.with { (fixture: StoreFixture) async throws in
            let stores = fixture.stores
            for access in [Access.workspace(StoreFixture.a), .workspace(StoreFixture.c)] {
                await expectRefusal(.forbidden, "/receivingWorkspaceId") {
                    _ = try await stores.agreements.grant(agreement, as: access)
                }
                #expect(try await stores.agreements.grant(agreement, as: .administrator))
                await expectRefusal(.forbidden, "/receivingWorkspaceId") {
                    _ = try await stores.agreements.revoke(agreement, as: access)
                }
                #expect(try await stores.agreements.revoke(agreement, as: .administrator))
            }
        }
    }

    @Test func refusalsNameTheirField() async throws {
        try await StoreFixture.with { (fixture: StoreFixture) async throws in
            for (field, receiver, sender) in [
                ("/sendingWorkspaceId", StoreFixture.a, StoreFixture.a),
                ("/sendingWorkspaceId", StoreFixture.a, StoreFixture.missingWorkspace),
                ("/receivingWorkspaceId", StoreFixture.missingWorkspace, StoreFixture.a),
            ] {
                let agreement = RoutingAgreement(receivingWorkspaceID: receiver, sendingWorkspaceID: sender)
                await expectRefusal(.invalid, field) {
                    _ = try await fixture.stores.agreements.grant(agreement, as: .administrator)
                }
            }
            #expect(try await fixture.count("routing_agreements") == 0)
        }
    }
}
