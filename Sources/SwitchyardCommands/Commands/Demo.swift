import ArgumentParser
import FoundationEssentials
import LeadRouting
import RoutingRules
import SwitchyardServer

/// Loads workspaces, agreements and rules: those of the demo, or of a file.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load the demo workspaces and rules, or those of a file, and show the demo key.",
        discussion: "Existing objects with the same id are not changed, so it is safe to repeat."
    )

    @Option(help: "A JSON file like Examples/workspaces.json; default: the built-in demo.")
    var file: String?

    func run() async throws {
        let contents = try file.map(Self.read) ?? DemoFile.builtIn()
        try await withUseCases { useCases, session in
            let counts = try await DemoData.load(contents, into: useCases)
            terminal.output(
                "Loaded \(counts.workspaces) workspaces, \(counts.agreements) agreements, \(counts.rules) rules."
            )
            if let access = try await DemoData.access(session: session, useCases) {
                terminal.output("Key for “\(access.workspaceName)”: \(access.token)")
            }
        }
    }

    private static func read(_ file: String) throws -> DemoFile {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandError("Cannot read \(file).", remedy: "Check the path.")
        }
        return try DemoFile(json: String(decoding: data, as: UTF8.self))
    }
}
