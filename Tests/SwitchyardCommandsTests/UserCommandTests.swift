import Postgres
import TestDatabase
import Testing

/// Users with a password, from the command line.
struct UserCommandTests {
    @Test func usersAreInvitedChangedAndDisabled() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let workspace = try await commands.database.pool.query(
                Statement("", "SELECT name FROM workspaces WHERE workspace_type = 'partner' ORDER BY name LIMIT 1")
            )
            let name = try #require(try workspace.first?.string(0))
            let invited = await commands.run(
                "users",
                "invite",
                "Ada@Example.com",
                "--workspace",
                name,
                "--role",
                "owner",
                "--url",
                "https://leads.example.com/"
            )
            #expect(invited.code == 0 && invited.output.hasPrefix("https://leads.example.com/link#swy_link_"))
            #expect(invited.error.contains("Invited ada@example.com as owner."))
            let administrator = await commands.run("users", "invite", "root@example.com", "--administrator")
            #expect(administrator.output.contains("/link#swy_link_"))
            let listed = await commands.run("users")
            #expect(listed.output.contains("ada@example.com") && listed.output.contains("invited"))
            let changed = await commands.run("users", "role", "ada@example.com", "viewer", "--workspace", name)
            #expect(changed.output == "ada@example.com is viewer of \(name).\n")
            #expect(await commands.run("users", "role", "ada@example.com", "none", "--workspace", name).code == 0)
            #expect(await commands.run("users", "role", "ada@example.com", "none", "--workspace", name).code == 1)
            #expect(await commands.run("users", "disable", "ada@example.com").code == 0)
            #expect(await commands.run("users", "list").output.contains("disabled"))
            #expect(await commands.run("users", "enable", "ada@example.com").code == 0)
            let reset = await commands.run("users", "reset", "ada@example.com", "--second-factor")
            #expect(reset.code == 0 && reset.output.contains("/link#swy_link_"))
        }
    }

    @Test func wrongUsageNamesTheRemedy() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            #expect(await commands.run("users", "invite", "a@example.com").code == 64)
            #expect(
                await commands.run("users", "invite", "a@example.com", "--workspace", "A", "--role", "x").code == 64
            )
            let unknown = await commands.run("users", "disable", "nobody@example.com")
            #expect(unknown.code == 1 && unknown.error.contains("This user does not exist."))
            #expect(await commands.run("users", "invite", "no address", "--administrator").code == 1)
        }
    }
}
