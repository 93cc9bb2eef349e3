import Foundation
import PackagePlugin

/// Puts the SQL of `supabase/`, or the demo of `Examples/`, into the target as a Swift file, made anew when one of the
/// files changes.
@main
struct EmbedMigrations: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        if target.name == "SwitchyardServer" { return [try examples(context: context)] }
        let supabase = context.package.directoryURL.appending(path: "supabase")
        let files =
            try ["migrations", "rollbacks", "online"].flatMap { try sqlFiles(in: supabase.appending(path: $0)) }
            + sqlFiles(in: supabase).filter { $0.lastPathComponent == "verify.sql" }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedSQL.swift")
        return [
            .buildCommand(
                displayName: "Embedding \(files.count) SQL files",
                executable: try context.tool(named: "embed-migrations").url,
                arguments: [output.path(percentEncoded: false)] + files.map { $0.path(percentEncoded: false) },
                inputFiles: files,
                outputFiles: [output]
            )
        ]
    }

    /// The workspaces of `Examples/`, which `switchyard demo` loads.
    private func examples(context: PluginContext) throws -> Command {
        let file = context.package.directoryURL.appending(path: "Examples/workspaces.json")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedExamples.swift")
        return .buildCommand(
            displayName: "Embedding the demo's workspaces",
            executable: try context.tool(named: "embed-migrations").url,
            arguments: ["--examples", output.path(percentEncoded: false), file.path(percentEncoded: false)],
            inputFiles: [file],
            outputFiles: [output]
        )
    }

    private func sqlFiles(in directory: URL) throws -> [URL] {
        guard FileManager.default.fileExists(atPath: directory.path(percentEncoded: false)) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "sql" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }
}
