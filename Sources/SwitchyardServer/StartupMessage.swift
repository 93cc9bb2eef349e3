/// The message that `serve` prints once it answers requests.
struct StartupMessage: Sendable {
    let session: DatabaseSession
    /// The demo's key, if there is a demo.
    let demo: DemoAccess?
    /// The secret of the link of the first administrator; nil if there are users.
    let setup: String?

    /// Prints the address and, with a demo, a command to paste.
    func print(port: Int) {
        var settings = session.settings
        settings.port = port
        let address = settings.localAddress
        var lines = [
            "",
            "  Switchyard \(Version.current) is listening.",
            "    address   \(address)",
            "    database  \(session.summary)",
        ]
        if let demo {
            lines += [
                "    key       \(demo.token)",
                "              (demo workspace “\(demo.workspaceName)”; kept in \(demo.file))",
            ]
        }
        if let setup {
            lines += [
                "    sign-in   \(address)/link#\(setup).first",
                "              (makes the first administrator, once, within a day)",
            ]
        }
        if let demo {
            lines += [
                "",
                "  Send it a lead:",
                "",
                "    curl -s \(address)/api/leads -H 'Authorization: Bearer \(demo.token)' "
                    + "-H 'Content-Type: application/json' "
                    + #"-d '{"email":"grace@example.com","company":"Hopper Compilers"}'"#,
                "",
            ]
        } else {
            lines += ["", "  Create a key with `switchyard keys create --workspace NAME`.", ""]
        }
        session.terminal.output(lines.joined(separator: "\n"))
    }
}
