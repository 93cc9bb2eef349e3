/// The message that `serve` prints once it answers requests.
struct StartupMessage: Sendable {
    let session: DatabaseSession
    /// The demo's key, if there is a demo.
    let demo: DemoAccess?

    /// Prints the address and, with a demo, a command to paste.
    func print(port: Int) {
        let host = session.settings.host
        let scheme = session.settings.tls == nil ? "http" : "https"
        let address = "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
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
