import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Saves a file as the draft of an owner's rules, and optionally publishes it.
struct RulesPush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Save a YAML file as the draft of its owner's rules; with --publish, publish it.",
        discussion: "Refused with the line of the error if a golden lead fails or the file has another error."
    )

    @OptionGroup var owner: RulesOwner

    @Argument(help: "The file.")
    var file: String

    @Flag(help: "Publish it at once.")
    var publish = false

    @Option(name: .shortAndLong, help: "A note for the history.")
    var message: String?

    func run() async throws {
        try await withUseCases { useCases, _ in
            let yaml = try RuleSetYAML.read(file)
            let owner = try await owner.resolve(in: useCases.workspaces, orElse: yaml.owner)
            try await yaml.locatingProblems {
                let draft = try await useCases.ruleSets
                    .saveDraft(yaml.tree, of: owner.id, checking: true, as: .commandLine)
                guard publish else {
                    terminal.output("The draft of \(owner.name) is \(file): \(draft.document.rules.count) rules.")
                    return
                }
                let done = try await useCases.ruleSets
                    .publish(of: owner.id, expected: nil, note: message, as: .commandLine)
                terminal.output(done.text(owner.name))
            }
        }
    }
}

/// Compares a file with the current rules.
struct RulesDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what a YAML file would change; without one, what the draft would.",
        discussion: "Exits with 1 when there is a difference, like diff."
    )

    @OptionGroup var owner: RulesOwner

    @Option(help: "Compare with the rules at this version instead of the current ones.")
    var from: Int64?

    @Argument(help: "The file; the draft if omitted.")
    var file: String?

    func run() async throws {
        let isSame = try await withUseCases { useCases, _ in
            let naming = try await useCases.workspaces.naming()
            let yaml = try file.map { try RuleSetYAML.read($0) }
            let owner = try await owner.resolve(in: useCases.workspaces, orElse: yaml?.owner)
            let ruleSets = useCases.ruleSets
            let before =
                if let from {
                    try await ruleSets.version(from, of: owner.id, as: .commandLine).document
                } else {
                    try await ruleSets.live(of: owner.id, as: .commandLine).document
                }
            let after =
                if let yaml {
                    try yaml.document(naming)
                } else {
                    try await ruleSets.commandLineDraft(of: owner.id).document
                }
            let difference = RuleSetDifference(from: before, to: after)
            if !difference.isEmpty {
                let left = from.map { "version \($0)" } ?? "live, version \(before.version ?? 0)"
                terminal.output(difference.text(from: left, to: file ?? "draft", naming: naming))
            }
            return difference.isEmpty
        }
        if !isSame { throw ExitCode(1) }
    }
}

extension RuleSetRequests {
    /// An owner's draft.
    ///
    /// - Throws: `CommandError` if there is no draft.
    func commandLineDraft(of owner: UUID?) async throws -> RuleSetDraft {
        do {
            return try await draft(of: owner, as: .commandLine)
        } catch RequestError.notFound(let text) {
            throw CommandError(text, remedy: "`switchyard rules push FILE` saves one.")
        }
    }
}

extension RuleSetYAML {
    /// Reads a file.
    static func read(_ file: String) throws -> RuleSetYAML {
        guard let data = try? Data(contentsOf: URL(filePath: file)) else {
            throw CommandError("\(file) cannot be read.", remedy: "Check the path. `switchyard rules pull` writes one.")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw CommandError("\(file) is not UTF-8.") }
        return try RuleSetYAML(text, file: file)
    }

    /// Runs a use case with the file's document, and adds the file's lines to its problems.
    ///
    /// - Parameters:
    ///   - prefix: the prefix of the document's places in the use case's problems.
    ///   - body: calls the use case.
    /// - Returns: what the body returns.
    /// - Throws: `CommandError` with the line of each problem; other errors of the body.
    func locatingProblems<Value>(under prefix: String = "", _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch RequestError.invalid(let problems) where problems.allSatisfy({ $0.field.hasPrefix(prefix) }) {
            throw failure(
                problems.map {
                    FieldProblem(
                        field: String($0.field.dropFirst(prefix.count)),
                        message: $0.message,
                        remedy: $0.remedy
                    )
                }
            )
        }
    }
}

extension RuleSetPublication {
    /// The result in one sentence.
    func text(_ owner: String) -> String {
        if added + changed + removed == 0 { return "No difference; the rules of \(owner) are at version \(version)." }
        return
            "The rules of \(owner) are at version \(version): \(added) added, \(changed) changed, \(removed) removed."
    }
}
