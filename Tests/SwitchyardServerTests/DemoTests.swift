import FoundationEssentials
import Logging
import TestDatabase
import Testing

@testable import SwitchyardServer

/// The demo's workspaces and rules, and other workspace files.
struct DemoTests {
    private func withSession(
        _ variables: [String: String] = [:],
        _ body: (DatabaseSession, CapturedTerminal) async throws -> Void
    ) async throws {
        try await withTestDatabase { database in
            let folder = try TemporaryFolder()
            let captured = CapturedTerminal()
            var all = ["DATABASE_URL": database.connectionString, "SWITCHYARD_DIR": folder.path]
            all.merge(variables) { _, new in new }
            let session = try await DatabaseSession.open(
                settings: try Settings(variables: all),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                terminal: captured.terminal,
                schema: .required
            )
            do {
                try await body(session, captured)
            } catch {
                await session.close()
                throw error
            }
            await session.close()
        }
    }

    @Test
    func loadingDemoTwiceChangesNothing() async throws {
        try await withSession { session, _ in
            let demo = try DemoFile.builtIn()
            let first = try await DemoData.load(demo, into: RoutingServices(session: session).useCases)
            #expect(first.workspaces == demo.workspaces.count)
            #expect(first.agreements == demo.agreements.count)
            #expect(first.rules == demo.rules.count)
            let second = try await DemoData.load(demo, into: RoutingServices(session: session).useCases)
            #expect(second == (0, 0, 0))
        }
    }

    @Test
    func externalDatabaseGetsDemoOnlyOnRequest() async throws {
        try await withSession { session, _ in
            let access = try await DemoData.loadIfWanted(session: session, RoutingServices(session: session).useCases)
            #expect(access == nil)
        }
        try await withSession(["SWITCHYARD_DEMO": "true"]) { session, captured in
            let access = try #require(
                try await DemoData.loadIfWanted(session: session, RoutingServices(session: session).useCases)
            )
            #expect(captured.error.contains("Loading demo workspaces"))
            let again = try await DemoData.loadIfWanted(session: session, RoutingServices(session: session).useCases)
            #expect(again?.token == access.token)
        }
    }

    @Test(arguments: [
        ("{}", "“workspaces” is missing at /"),
        (
            #"{"workspaces":[{"id":5}],"agreements":[],"rules":[]}"#,
            "The value at /workspaces/0/id has the wrong type"
        ),
        ("[", "This is not a workspace file"),
    ])
    func invalidDemoFileIsRefusedWithPath(json: String, problem: String) {
        let error = #expect(throws: CommandError.self) { try DemoFile(json: json) }
        #expect(error?.problem.hasPrefix(problem) == true)
    }

    @Test
    func fallbackNeedsWorkspace() throws {
        let json = """
            {"workspaces":[{"id":"0198c0de-0000-7000-8000-000000000001","name":"A","unmatchedPolicy":"fallback"}],
             "agreements":[],"rules":[]}
            """
        let workspace = try DemoFile(json: json).workspaces[0]
        let error = #expect(throws: CommandError.self) { try workspace.policy() }
        #expect(error?.problem.contains("fallbackWorkspaceId") == true)
    }
}
