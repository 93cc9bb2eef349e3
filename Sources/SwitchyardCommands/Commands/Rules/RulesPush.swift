import ArgumentParser
import FoundationEssentials
import LeadStore
import RoutingRules
import SwitchyardServer

/// Makes a file the draft of an owner's rules, and the rules.
struct RulesPush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Make a YAML file the draft of its owner's rules; with --publish, the rules.",
        discussion: "Refused, with the line at fault, when a golden lead goes elsewhere or anything else is wrong."
    )

    @OptionGroup var owner: RulesOwner

    @Argument(help: "The file.")
    var file: String

    @Flag(help: "Publish it at once.")
    var publish = false

    @Option(name: .shortAndLong, help: "Why, for the history.")
    var message: String?

    func run() async throws {
        try await DatabaseSession.with { session in
            let stores = session.stores.by("command line")
            let yaml = try RuleSetYAML.read(file)
            let owner = try await owner.resolve(in: stores, orElse: yaml.owner)
            let document = try yaml.document(try await stores.workspaces.naming())
            do {
                _ = try await stores.drafts.saveDraft(document, of: owner.id, checking: true, as: .administrator)
                guard publish else {
                    Standard.output("The draft of \(owner.name) is \(file): \(document.rules.count) rules.")
                    return
                }
                let done = try await stores.publishing.publishRuleSet(of: owner.id, note: message, as: .administrator)
                Standard.output(done.text(owner.name))
            } catch RuleSetRefusal.problems(let problems) {
                throw yaml.fault(problems)
            } catch let refusal as RuleSetRefusal {
                throw CommandFault(refusal.description, remedy: refusal.remedy)
            }
        }
    }
}

/// Compares a file with what is live.
struct RulesDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what a YAML file would change; without one, what the draft would.",
        discussion: "Exits with 1 when there is a difference, like diff."
    )

    @OptionGroup var owner: RulesOwner

    @Option(help: "Compare with what the rules were at this version, instead of what is live.")
    var from: Int64?

    @Argument(help: "The file; the draft if it is left out.")
    var file: String?

    func run() async throws {
        let isSame = try await DatabaseSession.with { session in
            let stores = session.stores
            let naming = try await stores.workspaces.naming()
            let yaml = try file.map { try RuleSetYAML.read($0) }
            let owner = try await owner.resolve(in: stores, orElse: yaml?.owner)
            var before = try await stores.ruleSets.ruleSet(of: owner.id, as: .administrator).document
            if let from {
                before = try await stores.ruleSets.ruleSet(of: owner.id, asOf: from, as: .administrator).document
            }
            let after: RuleSetDocument
            if let yaml {
                after = try yaml.document(naming)
            } else if let draft = try await stores.drafts.draft(of: owner.id, as: .administrator) {
                after = draft.document
            } else {
                throw CommandFault("There is no draft.", remedy: "Name a file, or `switchyard rules push` one.")
            }
            let difference = RuleSetDifference(from: before, to: after)
            if !difference.isEmpty {
                let left = from.map { "version \($0)" } ?? "live, version \(before.version ?? 0)"
                Standard.output(difference.text(from: left, to: file ?? "draft", naming: naming))
            }
            return difference.isEmpty
        }
        if !isSame { throw ExitCode(1) }
    }
}

extension RuleSetYAML {
    /// Reads a file.
    static func read(_ file: String) throws -> RuleSetYAML {
        guard let data = try? Data(contentsOf: URL(filePath: file)) else {
            throw CommandFault("\(file) cannot be read.", remedy: "Is it there? `switchyard rules pull` writes one.")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw CommandFault("\(file) is not UTF-8.") }
        return try RuleSetYAML(text, file: file)
    }

    /// Its rules as they would be if they were published now.
    ///
    /// - Parameters:
    ///   - workspace: whose they are, if that is not what the file says.
    ///   - stores: where workspaces are.
    ///   - live: the rules in force.
    /// - Returns: the owner, nil for the platform, and the rules.
    /// - Throws: `CommandFault` with the line at fault.
    func rules(
        of workspace: String?,
        in stores: Stores,
        live: [RoutingRule]
    ) async throws -> (owner: UUID?, rules: [RoutingRule]) {
        var named = RulesOwner()
        named.text = workspace
        let owner = try await named.resolve(in: stores, orElse: owner).id
        let own = live.filter { $0.workspaceID == owner }
        let document = try document(try await stores.workspaces.naming())
        return (owner, ResolvedRuleSet(document, owner: owner, live: own, golden: []) { UUID() }.rules)
    }
}

extension RuleSetPublication {
    /// What was done, in one sentence.
    func text(_ owner: String) -> String {
        if added + changed + removed == 0 { return "Nothing differs; the rules of \(owner) are at version \(version)." }
        return
            "The rules of \(owner) are at version \(version): \(added) added, \(changed) changed, \(removed) removed."
    }
}
