import Postgres
import TestDatabase
import Testing

/// Commands about leads: import, explain, route, retry, erase, stats.
struct LeadCommandTests {
    private let file = """
        email,industry,country,state,workspace
        ada@example.com,Information,US,CA,Harbor Lane Media
        grace@example.com,Information,US,WA,Harbor Lane Media
        ada@example.com,Information,US,CA,Bluefin Partners
        not an address,,,,Harbor Lane Media
        """

    /// Imports the file, and returns the run.
    private func importFile(_ commands: CommandLineUnderTest) async throws -> CommandRun {
        await commands.run("import", try commands.write(file, to: "leads.csv"))
    }

    /// The id of an imported lead, by SQL: commands find leads by id.
    private func leadID(_ commands: CommandLineUnderTest, _ email: String) async throws -> String {
        let sql = "SELECT id::text FROM leads WHERE email = '\(email)' ORDER BY created_at, id LIMIT 1"
        let row = try #require(try await commands.database.pool.query(Statement("", sql)).first)
        return try row.string(0)
    }

    @Test
    func importReportsOutcomesAndKeepsRejectedRows() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let run = try await importFile(commands)
            #expect(run.code == 0)
            #expect(run.output.contains("routed to Redwood Sales West"))
            #expect(run.output.contains("4 rows in"))
            #expect(run.error.contains("Importing"))
            let again = try await importFile(commands)
            #expect(again.output.contains("duplicates of earlier leads"))
        }
    }

    @Test
    func fileWithoutSourceWorkspaceIsRefused() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let unnamed = try commands.write("email\nada@example.com\n", to: "unnamed.csv")
            let run = await commands.run("import", unnamed)
            #expect(run.code == 1)
            #expect(run.error.contains("--workspace"))
            #expect(await commands.run("import", unnamed, "--workspace", "Bluefin Partners").code == 0)
            let absent = await commands.run("import", commands.folder + "/absent.csv")
            #expect(absent.code == 1)
            #expect(absent.error.contains("Cannot read"))
            let folder = await commands.run("import", commands.folder)
            #expect(folder.error.contains("is a folder"))
        }
    }

    @Test
    func explainNamesMatchedRule() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            _ = try await importFile(commands)
            let id = try await leadID(commands, "grace@example.com")
            let text = await commands.run("explain", id)
            #expect(text.code == 0)
            #expect(text.output.contains("West coast tech"))
            let json = await commands.run("explain", id, "--json")
            #expect(json.output.hasPrefix("{"))
            let unknown = await commands.run("explain", "0198c0de-0000-7000-8000-0000000000ff")
            #expect(unknown.code == 1)
            #expect(unknown.error.contains("This lead does not exist."))
            #expect(await commands.run("explain", "five").error.contains("is not a lead's id"))
        }
    }

    @Test
    func statsCountRoutedLeads() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            _ = try await importFile(commands)
            let byDay = await commands.run("stats")
            #expect(byDay.code == 0)
            #expect(byDay.output.contains("ROUTED"))
            let byWorkspace = await commands.run("stats", "--by", "workspace", "--workspace", "harbor lane media")
            // How far statistics are counted depends on the open transactions of all databases of the cluster.
            #expect(byWorkspace.code == 0)
            #expect(byWorkspace.output.hasPrefix("WORKSPACE"))
            let rebuilt = await commands.run("stats", "rebuild")
            #expect(rebuilt.output.hasPrefix("Recounted "))
            #expect(await commands.run("stats", "--from", "yesterday").code == 64)
        }
    }

    @Test
    func routedLeadIsNotRoutedOrRetriedAgain() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            _ = try await importFile(commands)
            let id = try await leadID(commands, "grace@example.com")
            #expect(await commands.run("route", id).output.hasPrefix("\(id)  routed"))
            #expect(await commands.run("retry", id).error.contains("can be requeued"))
            #expect(await commands.run("retry").output.hasPrefix("0 were due"))
            #expect(await commands.run("retry", id, "--unmatched").code == 64)
        }
    }

    @Test
    func eraseNeedsOneIdentityAndCanRehearse() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            _ = try await importFile(commands)
            let rehearsal = await commands.run("erase", "--email", "GRACE@example.com", "--dry-run")
            #expect(rehearsal.output.contains("would be erased"))
            let erased = await commands.run("erase", "--email", "grace@example.com")
            #expect(erased.output.contains("  erased"))
            let again = await commands.run("erase", "--email", "grace@example.com")
            #expect(!again.output.contains("  erased"))
            #expect(await commands.run("erase").code == 64)
            #expect(await commands.run("erase", "--email", "a@b.c", "--phone", "1").code == 64)
        }
    }

    @Test
    func pauseHoldsLeadsUntilResumed() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let harbor = ["--workspace", "Harbor Lane Media"]
            let paused = await commands.run("pause", harbor[0], harbor[1], "--reason", "audit")
            #expect(paused.output == "Routing of “Harbor Lane Media” is paused. Leads are accepted, and wait.\n")
            let twice = await commands.run("pause", harbor[0], harbor[1])
            #expect(twice.output.contains("was paused already"))
            let imported = try await importFile(commands)
            #expect(imported.output.contains("waiting for another attempt"))
            let doctor = await commands.run("doctor")
            #expect(doctor.code == 1)
            #expect(doctor.output.contains("✗ pauses: routing of “Harbor Lane Media” is paused"))
            #expect(doctor.output.contains("audit"))
            let resumed = await commands.run("resume", harbor[0], harbor[1])
            #expect(resumed.output == "Routing of “Harbor Lane Media” is resumed.\n")
            #expect(await commands.run("resume", "--all").output == "All routing was not paused.\n")
            let retried = await commands.run("retry")
            #expect(!retried.output.hasPrefix("0 were due"))
            #expect(await commands.run("pause").code == 64)
            #expect(await commands.run("pause", "--all", harbor[0], harbor[1]).code == 64)
        }
    }
}
