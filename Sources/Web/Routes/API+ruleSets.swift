import FoundationEssentials
import Hummingbird
import JSON
import RoutingRules

extension API {
    func addRuleSetRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/rule-sets/:owner", ruleSet)
        routes.on(.get, "/api/rule-sets/:owner/versions", ruleSetVersions)
        routes.on(.get, "/api/rule-sets/:owner/versions/:version", ruleSetVersion)
        routes.on(.get, "/api/rule-sets/:owner/diff", ruleSetDifference)
        routes.on(.get, "/api/rule-sets/:owner/draft", draft)
        routes.on(.put, "/api/rule-sets/:owner/draft", saveDraft)
        routes.on(.delete, "/api/rule-sets/:owner/draft", deleteDraft)
        routes.on(.post, "/api/rule-sets/:owner/publish", publish)
        routes.on(.post, "/api/rule-sets/:owner/return", returnToVersion)
    }

    @Sendable private func ruleSet(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        return answer(try await backend.ruleSet(of: owner(context, principal), .live, as: principal))
    }

    @Sendable private func ruleSetVersion(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        guard let version = context.parameters.get("version").flatMap({ Int64($0) }) else {
            throw Problem.invalid("version", "This is not the number of a version.")
        }
        return answer(try await backend.ruleSet(of: owner(context, principal), .version(version), as: principal))
    }

    @Sendable private func ruleSetVersions(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        let owner = try owner(context, principal)
        var query = try QueryDecoding(request.uri)
        let limit = query.int("limit", in: 1...200) ?? 50
        let before = query.int("before", in: 0...Int.max)
        try query.finish()
        let versions = try await backend.ruleSetVersions(
            of: owner,
            before: before.map(Int64.init),
            limit: limit,
            as: principal
        )
        return json(capacity: 64 + versions.count * 256) { writer in
            writer.list("versions", versions) { writer, version in
                writer.object { writer in
                    writer.member("version", version.version)
                    writer.member("changedAt", time: version.changedAt)
                    writer.member("actor", version.actor)
                    writer.member("action", version.action)
                    writer.member("note", version.note)
                    writer.member("rules", version.rules)
                    writer.changes(version.changes)
                }
            }
        }
    }

    /// Between any two of live, draft and a version's number; from what is live to the draft unless told otherwise.
    @Sendable private func ruleSetDifference(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        let owner = try owner(context, principal)
        var query = try QueryDecoding(request.uri)
        let from = try state(query.text("from") ?? "live", "from")
        let to = try state(query.text("to") ?? "draft", "to")
        try query.finish()
        let before = try await backend.ruleSet(of: owner, from, as: principal).document
        let after = try await backend.ruleSet(of: owner, to, as: principal).document
        let difference = RuleSetDifference(from: before, to: after)
        return json(capacity: 4096) { writer in
            writer.object { writer in
                writer.key("rules")
                writer.differences(difference.rules)
                writer.key("goldenLeads")
                writer.differences(difference.goldenLeads)
            }
        }
    }

    @Sendable private func draft(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        return answer(try await backend.ruleSet(of: owner(context, principal), .draft, as: principal))
    }

    @Sendable private func saveDraft(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        let owner = try owner(context, principal)
        var query = try QueryDecoding(request.uri)
        let checking = query.bool("check") ?? false
        try query.finish()
        let bytes = try await request.jsonBody(upTo: limits.leadBodyBytes)
        let tree = try JSONReader.value(of: bytes, maximumDepth: limits.jsonDepth)
        return answer(try await backend.saveDraft(tree, of: owner, checking: checking, as: principal))
    }

    @Sendable private func deleteDraft(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        guard try await backend.deleteDraft(of: owner(context, principal), as: principal) else {
            throw Problem(.notFound, "There is no draft.")
        }
        return Response(status: .noContent)
    }

    @Sendable private func publish(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        let owner = try owner(context, principal)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        var body = try ObjectDecoding(bytes, names: ["note", "expectedVersion"], limits: limits)
        let note = body.isNull("note") ? nil : body.text("note", limit: 1000)
        let expected = body.version("expectedVersion")
        try body.finish()
        return answer(
            try await backend.publishDraft(of: owner, expected: expected, note: note, as: principal)
        )
    }

    @Sendable private func returnToVersion(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        let owner = try owner(context, principal)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        var body = try ObjectDecoding(bytes, names: ["version", "note"], limits: limits)
        body.require("version", "Send the version to go back to; GET /api/rule-sets/{owner}/versions lists them.")
        let version = body.version("version")
        let note = body.isNull("note") ? nil : body.text("note", limit: 1000)
        try body.finish()
        guard let version else { throw Problem.invalid("/version", "This field is required.") }
        return answer(
            try await backend.returnRuleSet(of: owner, to: version, note: note, as: principal)
        )
    }

    /// Whose rules a path is about: a workspace's id, or `platform`.
    private func owner(_ context: WebContext, _ principal: Principal) throws -> UUID? {
        let text = context.parameters.get("owner") ?? ""
        let owner: UUID?
        if text == "platform" {
            owner = nil
        } else if let id = UUID(text: text) {
            owner = id
        } else {
            throw Problem.invalid("owner", "This is neither a UUID nor platform.", remedy: "Use a workspace's id.")
        }
        guard principal.isAdministrator || owner == principal.workspaceID else {
            throw Problem(.forbidden, "A workspace's key works on the rules of that workspace only.")
        }
        return owner
    }

    private func state(_ text: String, _ name: String) throws -> RuleSetState {
        switch text {
        case "live": return .live
        case "draft": return .draft
        default:
            guard let version = Int64(text) else {
                throw Problem.invalid(name, "This is live, draft, or the number of a version.")
            }
            return .version(version)
        }
    }

    private func answer(_ stored: StoredRuleSet) -> Response {
        json(capacity: 1024 + stored.document.rules.count * 512) { writer in
            writer.object { writer in
                writer.member("version", stored.document.version)
                if let updatedBy = stored.updatedBy {
                    writer.member("updatedAt", time: stored.updatedAt)
                    writer.member("updatedBy", updatedBy)
                }
                writer.key("rules")
                writer.array(stored.document.rules) { $0.value($1.tree) }
                writer.key("goldenLeads")
                writer.array(stored.document.goldenLeads) { $0.value($1.tree) }
            }
        }
    }

    private func answer(_ publication: StoredPublication) -> Response {
        json { writer in
            writer.object { writer in
                writer.member("version", publication.version)
                writer.changes(publication.changes)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func changes(_ changes: RuleSetChanges) {
        member("added", changes.added)
        member("changed", changes.changed)
        member("removed", changes.removed)
    }

    fileprivate mutating func differences(_ list: RuleSetDifference.List) {
        object { writer in
            writer.key("added")
            writer.array(list.added) { $0.value($1) }
            writer.key("removed")
            writer.array(list.removed) { $0.value($1) }
            writer.key("changed")
            writer.array(list.changed) { writer, change in
                writer.object { writer in
                    writer.member("id", change.id)
                    writer.member("name", change.name)
                    writer.key("fields")
                    writer.array(change.fields) { writer, field in
                        writer.object { writer in
                            writer.member("path", field.path)
                            writer.key("before")
                            writer.value(field.before ?? .null)
                            writer.key("after")
                            writer.value(field.after ?? .null)
                        }
                    }
                }
            }
        }
    }
}
