import FoundationEssentials
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addRuleSetRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/rule-sets/:owner", .rulesRead, ruleSet)
        routes.on(.get, "/api/rule-sets/:owner/versions", .rulesRead, ruleSetVersions)
        routes.on(.get, "/api/rule-sets/:owner/versions/:version", .rulesRead, ruleSetVersion)
        routes.on(.get, "/api/rule-sets/:owner/diff", .rulesRead, ruleSetDifference)
        routes.on(.get, "/api/rule-sets/:owner/draft", .rulesRead, draft)
        routes.on(.put, "/api/rule-sets/:owner/draft", .rulesWrite, saveDraft)
        routes.on(.delete, "/api/rule-sets/:owner/draft", .rulesWrite, deleteDraft)
        routes.on(.post, "/api/rule-sets/:owner/publish", .rulesWrite, publish)
        routes.on(.post, "/api/rule-sets/:owner/return", .rulesWrite, returnToVersion)
    }

    @Sendable private func ruleSet(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let live = try await useCases.ruleSets.live(of: owner(context), as: caller)
        return try answer(live.document).tagged(EntityTag(ruleSet: live.version), for: request)
    }

    @Sendable private func ruleSetVersion(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        guard let version = context.parameters.get("version").flatMap({ Int64($0) }) else {
            throw Problem.invalid("version", "This is not the number of a version.")
        }
        return answer(try await useCases.ruleSets.version(version, of: owner(context), as: caller).document)
    }

    @Sendable private func ruleSetVersions(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let owner = try owner(context)
        var query = try QueryDecoding(request.uri)
        let limit = query.int("limit", in: 1...200) ?? 50
        let before = query.int("before", in: 0...Int.max)
        let cursor = query.text("cursor")
        if cursor != nil, before != nil { query.note("before", "A cursor stands for this.", "Send one of the two.") }
        try query.finish()
        let page = try await useCases.ruleSets.versions(
            of: owner,
            at: cursor,
            before: before.map(Int64.init),
            limit: limit,
            as: caller
        )
        return json(capacity: 64 + page.versions.count * 256) { writer in
            writer.object { writer in
                writer.key("versions")
                writer.array(page.versions) { writer, version in
                    writer.object { writer in
                        writer.member("version", version.version.version)
                        writer.member("changedAt", time: version.version.changedAt)
                        writer.member("actor", version.version.actor)
                        writer.member("action", version.version.action.rawValue)
                        writer.member("note", version.version.note)
                        writer.member("rules", version.rules)
                        writer.changes(version.added, version.changed, version.removed)
                    }
                }
                writer.member("nextCursor", page.nextCursor)
                writer.member("previousCursor", page.previousCursor)
            }
        }
    }

    /// Compares any two of live, draft and a version; by default live with draft.
    @Sendable private func ruleSetDifference(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let owner = try owner(context)
        var query = try QueryDecoding(request.uri)
        let from = try state(query.text("from") ?? "live", "from")
        let to = try state(query.text("to") ?? "draft", "to")
        try query.finish()
        let difference = try await useCases.ruleSets.difference(of: owner, from: from, to: to, as: caller)
        return json(capacity: 4096) { writer in
            writer.object { writer in
                writer.key("rules")
                writer.differences(difference.rules)
                writer.key("goldenLeads")
                writer.differences(difference.goldenLeads)
            }
        }
    }

    @Sendable private func draft(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let draft = try await useCases.ruleSets.draft(of: owner(context), as: caller)
        return try answer(draft).tagged(EntityTag(draft.updatedAt), for: request)
    }

    @Sendable private func saveDraft(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let owner = try owner(context)
        var query = try QueryDecoding(request.uri)
        let checking = query.bool("check") ?? false
        try query.finish()
        let bytes = try await request.jsonBody(upTo: limits.leadBodyBytes)
        let tree = try JSONReader.value(of: bytes, maximumDepth: limits.jsonDepth)
        let draft = try await useCases.ruleSets.saveDraft(
            tree,
            of: owner,
            checking: checking,
            if: request.precondition(),
            as: caller
        )
        return answer(draft).tagged(EntityTag(draft.updatedAt))
    }

    @Sendable private func deleteDraft(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        try await useCases.ruleSets.deleteDraft(of: owner(context), if: request.precondition(), as: caller)
        return Response(status: .noContent)
    }

    @Sendable private func publish(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let owner = try owner(context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        var body = try ObjectReader(bytes, names: ["note", "expectedVersion"], limits: limits)
        let note = body.isNull("note") ? nil : body.text("note", limit: 1000)
        let expected = body.version("expectedVersion")
        try body.finish()
        return answer(
            try await useCases.ruleSets.publish(of: owner, expected: expected, note: note, as: caller)
        )
    }

    @Sendable private func returnToVersion(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let owner = try owner(context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        var body = try ObjectReader(bytes, names: ["version", "note"], limits: limits)
        body.require("version", "Send the version to restore; GET /api/rule-sets/{owner}/versions lists them.")
        let version = body.version("version")
        let note = body.isNull("note") ? nil : body.text("note", limit: 1000)
        try body.finish()
        guard let version else { throw Problem.invalid("/version", "This field is required.") }
        return answer(
            try await useCases.ruleSets.returnToVersion(version, of: owner, note: note, as: caller)
        )
    }

    /// The owner that a path names: a workspace's id, or `platform`.
    private func owner(_ context: WebContext) throws -> UUID? {
        let text = context.parameters.get("owner") ?? ""
        if text == "platform" { return nil }
        guard let id = UUID(text: text) else {
            throw Problem.invalid("owner", "This is neither a UUID nor platform.", remedy: "Use a workspace's id.")
        }
        return id
    }

    private func state(_ text: String, _ name: String) throws -> RuleSetState {
        switch text {
        case "live": return .live
        case "draft": return .draft
        default:
            guard let version = Int64(text) else {
                throw Problem.invalid(name, "This must be live, draft, or the number of a version.")
            }
            return .version(version)
        }
    }

    private func answer(_ draft: RuleSetDraft) -> Response { answer(draft.document, draft) }

    /// A document; for a draft, also when and by whom it was saved.
    private func answer(_ document: RuleSetDocument, _ draft: RuleSetDraft? = nil) -> Response {
        json(capacity: 1024 + document.rules.count * 512) { writer in
            writer.object { writer in
                writer.member("version", document.version)
                if let draft {
                    writer.member("updatedAt", time: draft.updatedAt)
                    writer.member("updatedBy", draft.updatedBy)
                }
                writer.key("rules")
                writer.array(document.rules) { $0.value($1.tree) }
                writer.key("goldenLeads")
                writer.array(document.goldenLeads) { $0.value($1.tree) }
            }
        }
    }

    private func answer(_ publication: RuleSetPublication) -> Response {
        json { writer in
            writer.object { writer in
                writer.member("version", publication.version)
                writer.changes(
                    Int64(publication.added),
                    Int64(publication.changed),
                    Int64(publication.removed)
                )
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func changes(_ added: Int64, _ changed: Int64, _ removed: Int64) {
        member("added", added)
        member("changed", changed)
        member("removed", removed)
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
