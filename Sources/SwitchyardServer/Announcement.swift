/// What `serve` tells the person who started it, once requests are answered.
struct Announcement: Sendable {
    let settings: Settings
    /// Which database, without its password.
    let database: String
    /// The demo's key, if there is a demo.
    let demo: DemoAccess?

    /// Prints where the server is and, with a demo, a line that works when pasted.
    func print(port: Int) {
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        let address = "http://\(host):\(port)"
        var lines = [
            "",
            "  Switchyard \(Version.current) is listening.",
            "    address   \(address)",
            "    database  \(database)",
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
            lines += ["", "  Make a key with `switchyard keys create --workspace NAME`.", ""]
        }
        Standard.output(lines.joined(separator: "\n"))
    }
}
