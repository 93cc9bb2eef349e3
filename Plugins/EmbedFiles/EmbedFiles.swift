import Foundation
import PackagePlugin

/// Embeds data files into a target as Swift string constants, generated again when one of the files changes.
///
/// Every file below the target's folder that has one of ``extensions`` becomes `Embedded.<name>`: `free-mail.txt` is
/// `Embedded.freeMail`. A file of any other folder is embedded when ``filesElsewhere`` names it.
@main
struct EmbedFiles: BuildToolPlugin {
    /// The kinds of files that a target's own folder may hold for embedding.
    static let extensions: Set<String> = ["csv", "sql", "tsv", "txt", "yaml"]

    /// Files outside a target's folder that are embedded into it too, by target: paths in the package.
    static let filesElsewhere = ["SwitchyardServer": ["Examples/workspaces.json"]]

    /// The target that holds the SQL of `supabase/` as `EmbeddedSQL`.
    static let targetOfMigrations = "LeadStore"

    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        var files: [URL] = []
        if let target = target as? any SourceModuleTarget {
            files = target.sourceFiles.map(\.url).filter { Self.extensions.contains($0.pathExtension) }
        }
        files += (Self.filesElsewhere[target.name] ?? []).map { context.package.directoryURL.appending(path: $0) }
        files.sort { $0.path < $1.path }
        var commands: [Command] = []
        if !files.isEmpty { commands.append(try command("texts", files, output: "Embedded", context: context)) }
        if target.name == Self.targetOfMigrations { commands.append(try migrations(context: context)) }
        return commands
    }

    /// Embeds the SQL of `supabase/`.
    ///
    /// The package is not planned again when a file appears in a folder that is no target's, so the tool lists the
    /// folders, and they are inputs besides the files.
    private func migrations(context: PluginContext) throws -> Command {
        let supabase = context.package.directoryURL.appending(path: "supabase")
        let folders = ["migrations", "rollbacks", "online"].map { supabase.appending(path: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.path(percentEncoded: false)) }
        let files = try folders.flatMap {
            try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
        }
        let paths = folders + [supabase.appending(path: "verify.sql")]
        return try command("migrations", paths, inputs: paths + files, output: "EmbeddedSQL", context: context)
    }

    /// A run of `embed-files` that writes `output`.swift.
    private func command(
        _ kind: String,
        _ paths: [URL],
        inputs: [URL]? = nil,
        output: String,
        context: PluginContext
    ) throws -> Command {
        let output = context.pluginWorkDirectoryURL.appending(path: output + ".swift")
        return .buildCommand(
            displayName: "Embedding \(kind)",
            executable: try context.tool(named: "embed-files").url,
            arguments: [kind] + ([output] + paths).map { $0.path(percentEncoded: false) },
            inputFiles: inputs ?? paths,
            outputFiles: [output]
        )
    }
}
