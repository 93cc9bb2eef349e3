import Testing

/// `switchyard rules …`: files in, files out, and what is refused.
struct RuleCommandTests {
    private let harbor = "Harbor Lane Media"

    @Test
    func pulledRulesCanBePushed() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let file = commands.folder + "/rules.yaml"
            let pulled = await commands.run("rules", "pull", "--workspace", harbor, file)
            #expect(pulled.code == 0)
            #expect(pulled.error == "4 rules of \(harbor) are in \(file).\n")
            let text = try commands.text(file)
            #expect(text.contains("owner: \(harbor)"))
            #expect(text.contains("name: West coast tech"))

            #expect(await commands.run("rules", "diff", file).code == 0)
            let same = await commands.run("rules", "push", file, "--publish")
            #expect(same.output.hasPrefix("No difference; the rules of \(harbor) are at version"))

            _ = try commands.write(text.replacing("priority: 50", with: "priority: 55"), to: "rules.yaml")
            let difference = await commands.run("rules", "diff", file)
            #expect(difference.code == 1)
            #expect(difference.output.contains("-priority: 50\n+priority: 55"))
            let draft = await commands.run("rules", "push", file)
            #expect(draft.output == "The draft of \(harbor) is \(file): 4 rules.\n")
            let published = await commands.run("rules", "publish", "--workspace", harbor, "-m", "tech first")
            #expect(published.output.hasSuffix("0 added, 1 changed, 0 removed.\n"))
            let history = await commands.run("rules", "history", "--workspace", harbor)
            #expect(history.output.contains("command line"))
            #expect(history.output.contains("tech first"))
        }
    }

    @Test
    func invalidFileIsRefusedWithLineNumber() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let wrong = """
                owner: \(harbor)
                rules:
                  - name: Somewhere
                    destination: No Such Workspace
                """
            let file = try commands.write(wrong, to: "wrong.yaml")
            let pushed = await commands.run("rules", "push", file)
            #expect(pushed.code == 1)
            #expect(pushed.error.contains("\(file):4:"))
            let broken = try commands.write("rules: [", to: "broken.yaml")
            #expect(await commands.run("rules", "push", broken).error.contains("\(broken):"))
            let absent = await commands.run("rules", "push", commands.folder + "/absent.yaml")
            #expect(absent.error.contains("cannot be read"))
            #expect(absent.error.contains("rules pull"))
        }
    }

    @Test
    func lintFailsOnErrorsAndOnWarningsWhenStrict() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let fine = try commands.write(
                """
                owner: \(harbor)
                rules:
                  - name: All
                    destination: \(harbor)
                """,
                to: "fine.yaml"
            )
            #expect(await commands.run("rules", "lint", fine).code == 0)
            let shadowed = try commands.write(
                """
                owner: \(harbor)
                rules:
                  - name: All
                    priority: 10
                    destination: \(harbor)
                  - name: Never
                    priority: 5
                    destination: \(harbor)
                """,
                to: "shadowed.yaml"
            )
            let lint = await commands.run("rules", "lint", shadowed, "--strict")
            #expect(lint.code == 1)
            #expect(lint.output.contains("Never"))
        }
    }

    @Test
    func ownerIsRequiredAndChecked() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let none = await commands.run("rules", "pull")
            #expect(none.code == 1)
            #expect(none.error.contains("--workspace"))
            let unknown = await commands.run("rules", "pull", "--workspace", "Nowhere")
            #expect(unknown.code == 1)
            #expect(unknown.error.contains("The workspace “Nowhere” does not exist."))
            #expect(unknown.error.contains(harbor))
            let platform = await commands.run("rules", "pull", "--workspace", "platform")
            #expect(platform.output.contains("owner: platform"))
        }
    }

    @Test
    func simulatingSameRulesMovesNoLead() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let leads = try commands.write(
                #"[{"email":"a@example.com","industry":"Information","location":{"country":"US","state":"CA"}}]"#,
                to: "leads.json"
            )
            let run = await commands.run("rules", "simulate", "--workspace", harbor, "--published", "--leads", leads)
            #expect(run.code == 0)
            #expect(run.output.contains("Redwood Sales West"))
            #expect(await commands.run("rules", "capacity").code == 0)
        }
    }

    @Test
    func returningRestoresEarlierVersion() async throws {
        try await CommandLineUnderTest.withDemo { commands in
            let file = commands.folder + "/rules.yaml"
            _ = await commands.run("rules", "pull", "--workspace", harbor, file)
            let before = try commands.text(file)
            let version = try #require(before.firstMatch(of: /version: ([0-9]+)/)).1
            _ = try commands.write(before.replacing("West coast tech", with: "Coast"), to: "rules.yaml")
            #expect(await commands.run("rules", "push", file, "--publish").code == 0)
            let returned = await commands.run("rules", "return", "--workspace", harbor, String(version))
            #expect(returned.code == 0)
            let now = await commands.run("rules", "pull", "--workspace", harbor)
            #expect(now.output.contains("West coast tech"))
        }
    }
}
