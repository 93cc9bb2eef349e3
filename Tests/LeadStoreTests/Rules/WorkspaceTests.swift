import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// Only administrators create, change and close workspaces.
@Suite struct WorkspaceTests {
    private func change(_ set: (inout WorkspaceChange) -> Void) -> WorkspaceChange {
        var change = WorkspaceChange()
        set(&change)
        return change
    }

    @Test func workspaceIsCreatedChangedAndDeleted() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            let id = UUID.sample(1)
            let made = try await stores.workspaces.create(
                id: id,
                change { $0.name = "New" },
                as: .administrator
            )
            #expect(made.workspace == Workspace(id: id, name: "New"))
            let version = try await stores.ruleSets.version()
            let changed = try await stores.workspaces.change(
                id,
                change {
                    $0.type = "platform"
                    $0.isPaused = true
                    $0.unmatchedPolicy = .fallback(StoreFixture.b)
                },
                as: .administrator
            )
            #expect(changed.workspace.name == "New")
            #expect(changed.workspace.isPlatform)
            #expect(changed.workspace.isPaused)
            #expect(changed.workspace.unmatchedPolicy == .fallback(StoreFixture.b))
            #expect(try await stores.ruleSets.version() > version)
            #expect(try await stores.workspaces.find(id, as: .administrator) == changed)
            let kept = try await stores.workspaces.change(
                id,
                change { $0.unmatchedPolicy = .retry },
                as: .administrator
            )
            #expect(kept.workspace.unmatchedPolicy == .retry)
            #expect(kept.workspace.isPaused)
            #expect(try await fixture.count("workspaces", where: "fallback_workspace_id IS NOT NULL") == 0)
            let same = try await stores.workspaces.change(id, change { _ in }, as: .administrator)
            #expect(same.workspace == kept.workspace)
            #expect(try await stores.workspaces.delete(id, as: .administrator))
            #expect(try await !stores.workspaces.delete(id, as: .administrator))
            #expect(try await stores.workspaces.find(id, as: .administrator) == nil)
            #expect(
                try await stores.workspaces.list(as: .administrator).map(\.workspace.name) == ["A", "B", "C"]
            )
            #expect(try await stores.ruleSets.load().workspaces.count == 3)
        }
    }

    @Test func workspaceKeyCannotChangeWorkspaces() async throws {
        try await StoreFixture.with { (fixture: StoreFixture) async throws in
            let stores = fixture.stores
            let own = Access.workspace(StoreFixture.a)
            #expect(try await stores.workspaces.list(as: own).map(\.workspace.id) == [StoreFixture.a])
            #expect(try await stores.workspaces.find(StoreFixture.a, as: own) != nil)
            #expect(try await stores.workspaces.find(StoreFixture.b, as: own) == nil)
            let name = change { $0.name = "Mine" }
            await expectRefusal(.forbidden) {
                _ = try await stores.workspaces.create(id: .sample(1), name, as: own)
            }
            await expectRefusal(.forbidden) { _ = try await stores.workspaces.change(StoreFixture.a, name, as: own) }
            await expectRefusal(.forbidden) { _ = try await stores.workspaces.delete(StoreFixture.a, as: own) }
            #expect(try await fixture.count("workspaces", where: "name IN ('A', 'B', 'C') AND deleted_at IS NULL") == 3)
        }
    }

    @Test func refusalsNameTheirField() async throws {
        try await StoreFixture.with { (fixture: StoreFixture) async throws in
            let refused: [(String, (inout WorkspaceChange) -> Void)] = [
                ("/name", { $0.name = "" }),
                ("/name", { $0.name = String(repeating: "x", count: 201) }),
                ("/type", { $0.type = "customer" }),
                ("/fallbackWorkspaceId", { $0.unmatchedPolicy = .fallback(StoreFixture.missingWorkspace) }),
                ("/fallbackWorkspaceId", { $0.unmatchedPolicy = .fallback(StoreFixture.a) }),
            ]
            for (field, set) in refused {
                await expectRefusal(.invalid, field) {
                    _ = try await fixture.stores.workspaces.change(StoreFixture.a, change(set), as: .administrator)
                }
            }
            await expectRefusal(.invalid, "/name") {
                _ = try await fixture.stores.workspaces.create(
                    id: .sample(1),
                    change { _ in },
                    as: .administrator
                )
            }
            await expectRefusal(.conflict, "/id") {
                _ = try await fixture.stores.workspaces.create(
                    id: StoreFixture.a,
                    change { $0.name = "Z" },
                    as: .administrator
                )
            }
            await expectRefusal(.notFound) {
                _ = try await fixture.stores.workspaces.change(
                    StoreFixture.missingWorkspace,
                    change { $0.name = "X" },
                    as: .administrator
                )
            }
            #expect(try await !fixture.stores.workspaces.delete(StoreFixture.missingWorkspace, as: .administrator))
        }
    }

    /// A client that lost the answer to a creation repeats it with the same id.
    @Test func repeatedCreationIsDoneOnce() async throws {
        try await StoreFixture.with { fixture in
            let wanted = change {
                $0.name = "New"
                $0.unmatchedPolicy = .fallback(StoreFixture.b)
                $0.capacity = .some(WorkspaceCapacity(caps: [Cap(per: .week, limit: 7)]))
            }
            let made = try await fixture.stores.workspaces.create(id: .sample(1), wanted, as: .administrator)
            #expect(
                try await fixture.stores.workspaces.create(id: .sample(1), wanted, as: .administrator) == made
            )
            let plain = change { $0.name = "New" }
            await expectRefusal(.conflict, "/id") {
                _ = try await fixture.stores.workspaces.create(id: .sample(1), plain, as: .administrator)
            }
            var person = AssigneeChange()
            person.name = "Ada"
            person.caps = [Cap(per: .day, limit: 3)]
            person.absentUntil = .some(1_790_000_000_000_000)
            let ada = try await fixture.stores.assignees.create(
                id: .sample(2),
                of: StoreFixture.a,
                person,
                as: .administrator
            )
            let again = try await fixture.stores.assignees.create(
                id: .sample(2),
                of: StoreFixture.a,
                person,
                as: .administrator
            )
            #expect(again == ada)
            await expectRefusal(.conflict, "/id") {
                _ = try await fixture.stores.assignees.create(
                    id: .sample(2),
                    of: StoreFixture.b,
                    person,
                    as: .administrator
                )
            }
            #expect(try await fixture.stores.assignees.list(of: StoreFixture.a, as: .administrator) == [ada])
        }
    }
}
