import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// The receiver alone decides whose leads it takes.
@Suite struct AgreementTests {
    private let agreement = RoutingAgreement(receivingWorkspaceID: Scene.b, sendingWorkspaceID: Scene.a)

    @Test func agreementIsGrantedAndEndedOnce() async throws {
        try await Scene.with { scene in
            let stores = scene.stores
            let receiver = Access.workspace(Scene.b)
            #expect(try await stores.agreements.grant(agreement, as: receiver))
            #expect(try await !stores.agreements.grant(agreement, as: receiver))
            for access in [receiver, .workspace(Scene.a), .administrator] {
                #expect(try await stores.agreements.agreements(as: access).map(\.agreement) == [agreement])
            }
            #expect(try await stores.agreements.agreements(as: .workspace(Scene.c)).isEmpty)
            let version = try await stores.ruleSets.ruleSetVersion()
            #expect(try await stores.agreements.revoke(agreement, as: receiver))
            #expect(try await !stores.agreements.revoke(agreement, as: receiver))
            #expect(try await stores.ruleSets.ruleSetVersion() > version)
        }
    }

    @Test func onlyTheReceiverGrantsAgreements() async throws {
        try await Scene.with { (scene: Scene) async throws in
            let stores = scene.stores
            for access in [Access.workspace(Scene.a), .workspace(Scene.c)] {
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
        try await Scene.with { (scene: Scene) async throws in
            for (field, receiver, sender) in [
                ("/sendingWorkspaceId", Scene.a, Scene.a), ("/sendingWorkspaceId", Scene.a, Scene.nobody),
                ("/receivingWorkspaceId", Scene.nobody, Scene.a),
            ] {
                let agreement = RoutingAgreement(receivingWorkspaceID: receiver, sendingWorkspaceID: sender)
                await expectRefusal(.invalid, field) {
                    _ = try await scene.stores.agreements.grant(agreement, as: .administrator)
                }
            }
            #expect(try await scene.count("routing_agreements") == 0)
        }
    }
}
