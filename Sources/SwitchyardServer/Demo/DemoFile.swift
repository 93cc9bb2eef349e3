import FoundationEssentials
import RoutingRules

/// Workspaces, agreements and rules as one JSON file, in the API's spelling: `Examples/workspaces.json` is one.
package struct DemoFile: Decodable {
    struct Workspace: Decodable {
        var id: UUID
        var name: String
        var type: String?
        var isActive: Bool?
        var unmatchedPolicy: String?
        var fallbackWorkspaceId: UUID?
        var capacity: SettingsValue?
    }

    struct Agreement: Decodable {
        var receivingWorkspaceId: UUID
        var sendingWorkspaceId: UUID
    }

    struct Rule: Decodable {
        var id: UUID
        var workspaceId: UUID?
        var name: String
        var priority: Int32?
        var isActive: Bool?
        var destinationWorkspaceId: UUID
        var conditions: RuleConditions?
        var distribution: SettingsValue?
    }

    var workspaces: [Workspace]
    var agreements: [Agreement]
    var rules: [Rule]

    /// The demo that is built in: `Examples/workspaces.json`.
    package static func builtIn() throws -> DemoFile { try DemoFile(json: Embedded.workspaces) }

    /// Reads the file's text.
    ///
    /// - Throws: `CommandFault` saying where the text is not what it should be.
    package init(json: String) throws {
        do {
            self = try JSONDecoder().decode(DemoFile.self, from: Data(json.utf8))
        } catch let DecodingError.keyNotFound(key, context) {
            throw CommandFault("“\(key.stringValue)” is missing at \(Self.place(context)).")
        } catch let DecodingError.typeMismatch(_, context) {
            throw CommandFault("The value at \(Self.place(context)) is of the wrong kind: \(context.debugDescription)")
        } catch {
            throw CommandFault(
                "This is not a workspace file: it has to be a JSON object with workspaces, agreements and rules."
            )
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        "/" + context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "/")
    }
}

extension DemoFile.Workspace {
    /// The policy in the routing engine's terms.
    func policy() throws -> UnmatchedPolicy {
        switch unmatchedPolicy ?? "keep" {
        case "keep": return .keep
        case "retry": return .retry
        case "fallback":
            guard let fallbackWorkspaceId else {
                throw CommandFault("Workspace “\(name)” has the policy fallback, but no fallbackWorkspaceId.")
            }
            return .fallback(fallbackWorkspaceId)
        default:
            throw CommandFault(
                "Workspace “\(name)” has an unknown unmatchedPolicy.",
                remedy: "Use keep, fallback or retry."
            )
        }
    }
}
