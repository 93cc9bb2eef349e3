import FoundationEssentials
import JSON
import Postgres
import TestDatabase
import Testing

/// Commands for operators: the schema, keys, scheduled functions, alerts, the log's retention, and the doctor.
struct OperationCommandTests {
    @Test
    func migrateListsPlansAndVerifies() async throws {
        try await CommandLineUnderTest.with { commands in
            let status = await commands.run("migrate", "status")
            #expect(status.code == 0)
            #expect(status.output.contains("20260131000001"))
            #expect(status.output.contains("lead_routing_fixes"))
            #expect(await commands.run("migrate").output == status.output)
            #expect(await commands.run("migrate", "plan").output == "Nothing to do.\n")
            #expect(await commands.run("migrate", "up").output == "The schema is up to date.\n")
            let verified = await commands.run("migrate", "verify")
            #expect(verified.code == 0)
            #expect(verified.output.hasSuffix("checks passed.\n"))
        }
    }

    @Test
    func verifyNamesMissingObjectsAndUpRestores() async throws {
        try await CommandLineUnderTest.with { commands in
            _ = try await commands.database.pool.simple("DROP FUNCTION acquire_routing_lock CASCADE")
            let broken = await commands.run("migrate", "verify")
            #expect(broken.code == 1)
            #expect(broken.output.contains("acquire_routing_lock"))
            #expect(await commands.run("migrate", "up").code == 0)
            #expect(await commands.run("migrate", "verify").code == 0)
        }
    }

    @Test
    func programsReadJSON() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            for arguments in [
                ["migrate", "status"], ["migrate", "verify"], ["doctor"], ["jobs", "list"], ["keys", "list"],
                ["alerts", "list"], ["rules", "capacity"], ["rules", "history", "--workspace", "platform"],
                ["stats", "show"],
            ] {
                let answer = await commands.run(arguments + ["--json"])
                let rows = JSONValue(json: answer.output)?.array
                #expect(rows != nil, "\(arguments): \(answer.output) \(answer.error)")
            }
            let verified = JSONValue(json: await commands.run(["migrate", "verify", "--json"]).output)?.array
            #expect(verified?.first?["ok"] == true && verified?.first?["check"]?.string?.hasPrefix("column") == true)
        }
    }

    /// A command that reads creates no database where there is none.
    @Test
    func readingCommandsCreateNoCluster() async throws {
        let folder = try TemporaryFolder().path + "/nothing"
        for arguments in [
            ["doctor"], ["migrate", "verify"], ["migrate", "plan"], ["stats", "show"], ["keys", "list"],
        ] {
            let answer = await CommandRun(arguments, variables: ["SWITCHYARD_DIR": folder])
            #expect(answer.code == 1 && answer.error.contains("There is no database"), "\(arguments): \(answer.error)")
            #expect(!FileManager.default.fileExists(atPath: folder), "\(arguments)")
        }
    }

    @Test
    func whatIsNotUnderstoodEndsWith64() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            for arguments in [["route", "x"], ["retry", "x"], ["migrate", "up", "--existing", "x"]] {
                #expect(await commands.run(arguments).code == 64, "\(arguments)")
            }
        }
    }

    @Test
    func retryNowRoutesLeadsInBackoff() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            _ = try await commands.database.pool.simple(
                """
                INSERT INTO leads (workspace_id, email) SELECT id, 'backoff@example.com' FROM workspaces ORDER BY name LIMIT 1;
                UPDATE lead_routing_queue SET attempt_number = 2, next_retry_at = now() + interval '1 hour';
                UPDATE leads SET routing_attempts = 2 WHERE routing_status = 'pending';
                """
            )
            #expect(await commands.run("retry").output.hasPrefix("0 were due"))
            #expect(await commands.run("retry", "--now").output.hasPrefix("1 were due"))
        }
    }

    @Test
    func whyExplainsWorkspace() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let names =
                try await commands.database.pool.simple("SELECT name FROM workspaces ORDER BY name").last?.map(\.texts)
                ?? []
            for name in names {
                let answer = await commands.run("why", "--workspace", name[0])
                #expect(answer.code == 0 && answer.output.contains("“\(name[0])”"), "\(answer.output) \(answer.error)")
            }
        }
    }

    @Test
    func downNeedsKnownVersionAndConfirmation() async throws {
        try await CommandLineUnderTest.with { commands in
            #expect(await commands.run("migrate", "down", "--to", "1").error.contains("migrate status"))
            let rehearsed = await commands.run("migrate", "down", "--to", "20260131000001")
            #expect(rehearsed.output.hasSuffix("Nothing was done. Make a backup, then add --yes.\n"))
            #expect(await commands.run("migrate", "plan").output == "Nothing to do.\n")
            #expect(await commands.run("migrate", "down").code == 64)
        }
    }

    @Test
    func auditIsShownExportedAndVerified() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            #expect(await commands.run("keys", "create", "--administrator", "--name", "audited").code == 0)
            let shown = await commands.run("audit", "show", "--limit", "1", "--actor", "command line")
            #expect(shown.output.contains("key.create") && shown.output.contains("audited"))
            #expect(!shown.output.contains("\\x") && shown.output.contains("(secret)"))
            #expect(await commands.run("audit", "show", "--id", "nothing").output == "The audit has no such row.\n")
            let verified = await commands.run("audit", "verify")
            let hash = try #require(verified.output.split(separator: " ").last?.filter { !$0.isNewline })
            #expect(verified.code == 0 && hash.count == 64)
            let exported = await commands.run("audit", "export")
            #expect(exported.output.split(separator: "\n").last?.contains(hash) == true)
            #expect(await commands.run("audit", "verify", "--expect", String(hash)).code == 0)
            let other = await commands.run("audit", "verify", "--expect", String(repeating: "0", count: 63) + "1")
            #expect(other.code == 1 && other.error.contains("no row has the expected hash"))
            #expect(await commands.run("audit", "verify", "--expect", "1234").code == 64)
            _ = try await commands.database.pool.simple(
                """
                ALTER TABLE switchyard.audit_log DISABLE TRIGGER USER;
                UPDATE switchyard.audit_log SET actor = 'nobody' WHERE sequence = 1
                """
            )
            let broken = await commands.run("audit", "verify")
            #expect(broken.code == 1 && broken.error.contains("row 1 is not as it was appended"))
        }
    }

    @Test
    func keysAreCreatedListedAndRevoked() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let created = await commands.run(
                "keys",
                "create",
                "--workspace",
                "Bluefin Partners",
                "--name",
                "website",
                "--scope",
                "leads:write",
                "--days",
                "30"
            )
            #expect(created.code == 0)
            let token = String(created.output.dropLast())
            #expect(token.hasPrefix("swy_live_"))
            #expect(created.error.contains("shown only once"))
            let prefix = String(token.dropFirst("swy_live_".count).prefix(8))
            let list = await commands.run("keys", "list")
            let line = try #require(list.output.split(separator: "\n").first { $0.hasPrefix(prefix) })
            #expect(line.contains("website"))
            #expect(line.contains("Bluefin Partners"))
            #expect(line.contains("until "))
            #expect(!list.output.contains(token))
            let rolled = await commands.run("keys", "roll", prefix, "--overlap-hours", "1")
            #expect(rolled.code == 0 && rolled.output.hasPrefix("swy_live_") && rolled.error.contains("ends in 1 h"))
            #expect(await commands.run("keys", "revoke", prefix).output.hasPrefix("Revoked \(prefix)"))
            #expect(await commands.run("keys", "revoke", prefix).error.contains("No active key"))
            #expect(await commands.run("keys").output.contains("revoked"))
        }
    }

    @Test
    func workspaceIsSuspendedAndLifted() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let name = ["--workspace", "Bluefin Partners"]
            #expect(await commands.run("suspend", name[0], name[1]).code == 64)
            let suspended = await commands.run("suspend", name[0], name[1], "--reason", "Spam reported on 3 May.")
            #expect(suspended.code == 0 && suspended.output.contains("is suspended"))
            #expect(await commands.run("doctor").output.contains("Spam reported on 3 May."))
            let lifted = await commands.run("lift", name[0], name[1])
            #expect(lifted.code == 0 && lifted.output.contains("is lifted"))
            #expect(await commands.run("lift", name[0], name[1]).output.contains("did not exist"))
        }
    }

    @Test
    func keyNeedsOwnerAndKnownScopes() async throws {
        try await CommandLineUnderTest.with { commands in
            #expect(await commands.run("keys", "create").code == 64)
            #expect(await commands.run("keys", "create", "--administrator", "--workspace", "x").code == 64)
            let scope = await commands.run("keys", "create", "--administrator", "--scope", "leads")
            #expect(scope.code == 64)
            #expect(scope.error.contains("leads:write"))
            #expect(await commands.run("keys", "create", "--administrator", "--days", "0").code == 64)
            #expect(await commands.run("keys", "create", "--administrator", "--allow", "somewhere").code == 64)
            #expect(await commands.run("keys", "create", "--administrator").code == 0)
        }
    }

    @Test
    func jobsShowsSchedulesAndRunsOne() async throws {
        try await CommandLineUnderTest.with { commands in
            let before = await commands.run("jobs")
            #expect(before.code == 0)
            for name in ["processLeadRoutingRetryQueue", "cleanupStaleRoutingLocks", "markExpiredLeads"] {
                #expect(before.output.contains(name))
            }
            #expect(before.output.contains("*/5 * * * *"))
            let run = await commands.run("jobs", "run", "cleanupStaleRoutingLocks")
            #expect(run.output.hasPrefix("cleanupStaleRoutingLocks: "))
            let unknown = await commands.run("jobs", "run", "sweep")
            #expect(unknown.code == 1)
            #expect(unknown.error.contains("Valid names: "))
        }
    }

    @Test
    func doctorAcceptsFreshDatabase() async throws {
        try await CommandLineUnderTest.with { commands in
            let doctor = await commands.run("doctor")
            for subject in ["server", "schema", "queue", "stale locks", "rules", "pauses", "capacity", "routing log"] {
                #expect(doctor.output.contains("✓ \(subject)"), "\(subject)")
            }
        }
    }

    @Test
    func alertsAreListedAndSilenced() async throws {
        try await CommandLineUnderTest.with { commands in
            let name = "routing_failure_rate"
            #expect(await commands.run("alerts").output.contains(name))
            let silenced = await commands.run("alerts", "silence", name, "--for", "2h", "--reason", "deploy")
            #expect(silenced.output == "\(name) is silenced for 2h.\n")
            #expect(await commands.run("alerts", "silence", name, "--for", "0").output.contains("no longer silenced"))
            #expect(await commands.run("alerts", "silence", name, "--for", "31d").code == 64)
            #expect(await commands.run("alerts", "silence", "nothing", "--for", "1h").code == 1)
            let test = await commands.run("alerts", "test")
            #expect(test.code == 1)
            #expect(test.error.contains("ALERT_SLACK_WEBHOOK_URL"))
        }
    }

    @Test
    func retentionIsShownAndChanged() async throws {
        try await CommandLineUnderTest.with { commands in
            #expect(await commands.run("retention").output.hasPrefix("Routing log: kept without limit"))
            let changed = await commands.run("retention", "--log-months", "12")
            #expect(changed.output.hasPrefix("Routing log: 12 months beside the current one"))
            #expect(await commands.run("retention", "--log-months", "all").output.contains("kept without limit"))
            #expect(await commands.run("retention", "--log-months", "0").code == 1)
        }
    }

    @Test
    func databaseURLIsPrintedAsSet() async throws {
        try await CommandLineUnderTest.with { commands in
            let run = await commands.run("database-url")
            #expect(run.output == commands.database.connectionString + "\n")
        }
    }
}
