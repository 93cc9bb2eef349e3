import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Workspaces: administrators create them, and a key sees its own.
struct WorkspaceRequestsTests {
    @Test func workspaceKeySeesItsOwnWorkspaceOnly() async throws {
        try await RoutingFixture.with { fixture in
            let workspaces = fixture.useCases().workspaces
            #expect(try await workspaces.list(as: .partner).map(\.workspace.id) == [Samples.partner])
            #expect(try await workspaces.names(as: .partner).keys.map(\.self) == [Samples.partner])
            #expect(try await workspaces.list(as: .administrator).count == 4)
            let refusals = [
                try await refusal { try await workspaces.find(Samples.rival, as: .partner) },
                try await refusal { try await workspaces.capacityUsage(of: Samples.rival, as: .partner) },
            ]
            #expect(refusals == [.noSuchWorkspace, .noSuchWorkspace])
            await #expect(throws: RequestError.noSuchWorkspace) {
                try await workspaces.assignees(of: Samples.rival, as: .partner)
            }
            var person = AssigneeChange()
            person.name = "Ada"
            let other = try await refusal {
                try await workspaces.createAssignee(of: Samples.rival, person, as: .partner)
            }
            #expect(other?.isNotFound == true)
        }
    }

    @Test func workspaceIsFoundByNameOrID() async throws {
        try await RoutingFixture.with { fixture in
            let workspaces = fixture.useCases().workspaces
            var change = WorkspaceChange()
            change.name = "North Coast"
            let made = try await workspaces.create(change, as: .administrator).workspace.id
            for text in ["North Coast", "north coast", made.text] {
                #expect(try await workspaces.find(named: text, as: .administrator).workspace.id == made)
                let hidden = try await refusal { try await workspaces.find(named: text, as: .partner) }
                #expect(hidden?.fields == ["workspace"])
            }
            _ = try await workspaces.create(change, as: .administrator)
            let several = try await refusal { try await workspaces.find(named: "North Coast", as: .administrator) }
            #expect(several?.fields == ["workspace"])
        }
    }

    @Test func onlyAdministratorsChangeWorkspaces() async throws {
        try await RoutingFixture.with { fixture in
            let workspaces = fixture.useCases().workspaces
            var change = WorkspaceChange()
            change.name = "New"
            let refusals = [
                try await refusal { try await workspaces.create(change, as: .partner) },
                try await refusal { try await workspaces.change(Samples.partner, change, as: .partner) },
                try await refusal { try await workspaces.delete(Samples.partner, as: .partner) },
            ]
            #expect(refusals.allSatisfy { $0?.isForbidden == true }, "\(refusals)")
            let made = try await workspaces.create(change, as: .administrator)
            try await workspaces.delete(made.workspace.id, as: .administrator)
            let gone = try await refusal { try await workspaces.delete(made.workspace.id, as: .administrator) }
            #expect(gone == .noSuchWorkspace)
        }
    }
}
