import FoundationEssentials
import JSON
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Nothing is deleted by surprise, and a deletion can be undone; and columns of the installation are filled.
struct WorkspaceDeletionTests {
    @Test func workspaceInUseIsKept() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            try await fixture.run(
                """
                UPDATE workspaces SET unmatched_policy = 'fallback', fallback_workspace_id = '\(Samples.west.text)', name = 'Rival'
                    WHERE id = '\(Samples.rival.text)';
                INSERT INTO routing_agreements (receiving_workspace_id, sending_workspace_id)
                    VALUES ('\(Samples.west.text)', '\(Samples.partner.text)');
                INSERT INTO leads (workspace_id, email) VALUES ('\(Samples.west.text)', 'a@example.com');
                """
            )
            let refused = try await refusal { try await useCases.workspaces.delete(Samples.west, as: .administrator) }
            guard case .conflict(let reason, let remedy) = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(
                reason
                    == "This workspace is in use: rules send leads there: “Software”; unmatched leads go there from: “Rival”; "
                    + "it has agreements with: “01”; 1 of its leads wait."
            )
            #expect(remedy.contains("?archive"))
            _ = try await useCases.workspaces.find(Samples.west, as: .administrator)
        }
    }

    @Test func poolMembersAreInUse() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(
                Distribution(
                    pool: Pool(.roundRobin, members: [Samples.west, Samples.east].map { .init(workspaceID: $0) })
                )
            )
            let references = try await fixture.stores.workspaces.references(to: Samples.east)
            #expect(references.map(\.kind) == [.rule])
        }
    }

    @Test func archivedWorkspaceIsRestoredForThirtyDays() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let key = try await useCases.keys.create(for: Samples.west, name: "k", as: .administrator)
            try await useCases.workspaces.delete(Samples.west, archives: true, as: .administrator)
            #expect(
                try await refusal { try await useCases.workspaces.find(Samples.west, as: .administrator) }
                    == .noSuchWorkspace
            )
            #expect(try await fixture.useCases().callers.caller(of: key.token) == nil)
            #expect(try await useCases.workspaces.restore(Samples.west, as: .administrator).workspace.isActive)
            #expect(try await fixture.useCases().callers.caller(of: key.token) != nil)
            // Twice is no restoration; nor is one after thirty days.
            #expect(
                try await refusal { try await useCases.workspaces.restore(Samples.west, as: .administrator) }
                    == .noSuchWorkspace
            )
            try await useCases.workspaces.delete(Samples.west, archives: true, as: .administrator)
            try await fixture.run(
                "UPDATE workspaces SET deleted_at = now() - interval '31 days' WHERE id = '\(Samples.west.text)'"
            )
            #expect(
                try await refusal { try await useCases.workspaces.restore(Samples.west, as: .administrator) }
                    == .noSuchWorkspace
            )
        }
    }

    @Test func keyOfInactiveWorkspaceIsRefused() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let key = try await useCases.keys.create(for: Samples.partner, name: "k", as: .administrator)
            let version = try await fixture.stores.keys.version()
            var change = WorkspaceChange()
            change.isActive = false
            _ = try await useCases.workspaces.change(Samples.partner, change, as: .administrator)
            #expect(try await fixture.useCases().callers.caller(of: key.token) == nil)
            // Every node hears of it.
            #expect(try await fixture.stores.keys.version() > version)
        }
    }

    @Test func columnsOfInstallationAreNamedAndFilled() async throws {
        try await RoutingFixture.with { fixture in
            let workspaces = fixture.useCases().workspaces
            try await fixture.run(
                """
                ALTER TABLE workspaces ADD slug text, ADD "Plan" integer;
                UPDATE workspaces SET slug = id, "Plan" = 1;
                ALTER TABLE workspaces ALTER slug SET NOT NULL, ALTER "Plan" SET NOT NULL;
                """
            )
            var change = WorkspaceChange()
            change.name = "New"
            let refused = try await refusal { try await workspaces.create(change, as: .administrator) }
            guard case .invalid(let problems) = refused, let problem = problems.first else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(problem.field == "/columns/slug")
            #expect(problem.message == "The installation's table workspaces requires a value for: slug, Plan.")
            #expect(problem.remedy?.contains(#"Send "columns": {"slug": …, "Plan": …}"#) == true)
            #expect(problem.remedy?.contains("ALTER COLUMN slug SET DEFAULT") == true)

            change.columns = [.init("slug", "new"), .init("Plan", 3)]
            let made = try await workspaces.create(change, as: .administrator)
            #expect(
                try await fixture.run("SELECT slug, \"Plan\" FROM workspaces WHERE id = '\(made.workspace.id.text)'")
                    == [["new", "3"]]
            )
            for columns in [
                [JSONValue.Member("nam", "x")], [.init("name", "x")], [.init("slug", "s"), .init("Plan", "many")],
            ] {
                change.columns = columns
                let refused = try await refusal { try await workspaces.create(change, as: .administrator) }
                #expect(refused?.fields.first?.hasPrefix("/columns") == true, "\(columns)")
            }
        }
    }
}
