import TestDatabase
import Testing

/// Properties of every command: exit codes, the required database, and the streams of its output.
struct CommandLineTests {
    @Test
    func misuseExitsWith64AndShowsUsage() async {
        for arguments in [["nonsense"], ["serve", "--port", "http"], ["rules", "nonsense"], ["explain"]] {
            let run = await CommandRun(arguments, variables: [:])
            #expect(run.code == 64, "\(arguments)")
            #expect(run.error.contains("Usage: switchyard"), "\(arguments)")
            #expect(run.output.isEmpty)
        }
    }

    @Test
    func helpAndVersionExitWith0() async {
        for arguments in [["--help"], ["--version"], ["rules", "push", "--help"]] {
            #expect(await CommandRun(arguments, variables: [:]).code == 0, "\(arguments)")
        }
    }

    @Test
    func errorNamesSetting() async {
        let run = await CommandRun(["keys"], variables: ["DATABASE_CONNECTIONS": "1000"])
        #expect(run.code == 1)
        #expect(run.error.contains("DATABASE_CONNECTIONS must be a whole number from 3 to 100."))
    }

    @Test
    func unreachableDatabaseIsReportedWithRemedy() async {
        let run = await CommandRun(["keys"], variables: ["DATABASE_URL": "postgresql://127.0.0.1:1/nothing"])
        #expect(run.code == 1)
        #expect(run.error.contains("Check DATABASE_URL"))
    }

    @Test
    func databaseWithoutSchemaIsNotChanged() async throws {
        try await withEmptyDatabase { database in
            let variables = ["DATABASE_URL": database.connectionString, "DATABASE_CONNECTIONS": "3"]
            let keys = await CommandRun(["keys"], variables: variables)
            #expect(keys.code == 1)
            #expect(keys.error.contains("migrate up"))
            let plan = await CommandRun(["migrate", "plan"], variables: variables)
            #expect(plan.code == 0)
            #expect(plan.output.contains("20260131000001"))
            let doctor = await CommandRun(["doctor"], variables: variables)
            #expect(doctor.code == 1)
            #expect(doctor.output.contains("✗ schema"))
        }
    }

    @Test
    func serveRefusesTakenPort() async throws {
        let taken = try TakenPort()
        let run = await CommandRun(["serve", "--port", "\(taken.port)"], variables: [:])
        #expect(run.code == 1)
        #expect(run.error.contains("Port \(taken.port) on 127.0.0.1 is in use by another program"))
    }
}
