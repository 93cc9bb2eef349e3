import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import RoutingRules

extension API {
    func addLeadRoutes(to routes: inout Routes) {
        routes.onLoop(.post, "/api/leads", submit)
        routes.on(.post, "/api/leads/route", route)
        routes.onLoop(.post, "/api/leads/decode", decode)
        routes.on(.get, "/api/leads", leads)
        routes.on(.get, "/api/leads/:id", lead)
    }

    // MARK: - In

    /// `POST /api/leads`: one lead answers 201 with its outcome, a batch 200 with one result for each lead.
    @Sendable private func submit(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .leadsWrite)
        let key = try IdempotencyKeyHeader.read(request.headers)
        let body = try await request.jsonBody(upTo: limits.leadBodyBytes)
        guard body.count <= Self.onLoopBytes else {
            return try await offLoop { try await submit(body, key, context, as: principal) }
        }
        return try await submit(body, key, context, as: principal)
    }

    /// Longer bodies are read elsewhere than on their connection's event loop: this much takes a tenth of a millisecond.
    private static var onLoopBytes: Int { 16 << 10 }

    private func submit(
        _ body: [UInt8],
        _ key: String?,
        _ context: WebContext,
        as principal: Principal
    ) async throws -> Response {
        let repeats = key.map { RepeatableRequest(key: $0, digest: IdempotencyClaim.digest(of: body)) }
        switch try Submission.read(body, limits: limits) {
        case .one(let decoded):
            let lead = try accepted(decoded, from: principal, idempotency: repeats?.claim(0), trace: context.trace)
            let outcome = try await backend.submit(lead, as: principal)
            var response = json(.created) { $0.outcome(outcome) }
            response.headers[.location] = "/api/leads/" + outcome.leadID.text
            if outcome.isReplay { response.markAsReplay() }
            return response
        case .many(let decoded): return try await submit(decoded, repeats, context.trace, as: principal)
        }
    }

    /// A batch: what is wrong with one lead stays with that lead.
    private func submit(
        _ decoded: [DecodedLead],
        _ repeats: RepeatableRequest?,
        _ trace: RequestTrace,
        as principal: Principal
    ) async throws -> Response {
        var results: [Result<RoutingOutcome, Problem>?] = Array(repeating: nil, count: decoded.count)
        var accepted: [SubmittedLead] = []
        var places: [Int] = []
        for (index, lead) in decoded.enumerated() {
            do {
                let claim = repeats?.claim(index)
                accepted.append(
                    try self.accepted(
                        lead,
                        from: principal,
                        pointer: "/leads/\(index)",
                        idempotency: claim,
                        trace: trace
                    )
                )
                places.append(index)
            } catch {
                results[index] = .failure(Problem(error))
            }
        }
        if !accepted.isEmpty {
            let outcomes = try await backend.submit(batch: accepted, as: principal)
            for (place, outcome) in zip(places, outcomes) {
                results[place] = outcome.mapError { Problem($0).pointing(below: "/leads/\(place)") }
            }
        }
        var response = json(capacity: decoded.count * 384) { $0.batch(results) }
        if results.contains(where: { (try? $0?.get())?.isReplay == true }) { response.markAsReplay() }
        return response
    }

    /// `POST /api/leads/decode`: reads and checks like `POST /api/leads`, stores nothing, and tells what it understood.
    @Sendable private func decode(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .leadsWrite)
        let body = try await request.jsonBody(upTo: limits.leadBodyBytes)
        guard body.count <= Self.onLoopBytes else { return try await offLoop { try decode(body, as: principal) } }
        return try decode(body, as: principal)
    }

    private func decode(_ body: [UInt8], as principal: Principal) throws -> Response {
        switch try Submission.read(body, limits: limits) {
        case .one(let decoded):
            let submitted = try accepted(decoded, from: principal)
            return json { $0.decoded(submitted) }
        case .many(let decoded):
            return json(capacity: decoded.count * 384) { writer in
                writer.object { writer in
                    writer.key("results")
                    writer.array(decoded.enumerated()) { writer, element in
                        writer.result(
                            element.offset,
                            code: 200,
                            Result {
                                try accepted(element.element, from: principal, pointer: "/leads/\(element.offset)")
                            }
                            .mapError { Problem($0) }
                        ) { $0.decoded($1) }
                    }
                }
            }
        }
    }

    /// A lead that may be stored.
    ///
    /// - Parameters:
    ///   - decoded: the lead as it was read.
    ///   - principal: who sends it. A workspace's key sends that workspace's leads; an administrator's has to say whose.
    ///   - pointer: where in the body it stands.
    ///   - idempotency: its part of what the client calls the request.
    ///   - trace: the request that it came in.
    /// - Returns: the lead with its source.
    /// - Throws: ``Problem`` with every field at fault.
    func accepted(
        _ decoded: DecodedLead,
        from principal: Principal,
        pointer: String = "",
        idempotency: IdempotencyClaim? = nil,
        trace: RequestTrace? = nil
    ) throws -> SubmittedLead {
        func lead(of workspace: UUID) -> SubmittedLead {
            SubmittedLead(lead: decoded.lead, sourceWorkspaceID: workspace, idempotency: idempotency, trace: trace)
        }
        guard decoded.problems.isEmpty else {
            throw Problem.invalid(
                decoded.problems.map {
                    FieldProblem(field: pointer + $0.field, message: $0.message, remedy: $0.remedy)
                }
            )
        }
        switch (principal.workspaceID, decoded.workspaceID) {
        case (let own?, nil): return lead(of: own)
        case (let own?, let named?):
            guard own == named else {
                throw Problem(
                    .forbidden,
                    "A workspace's key sends leads of that workspace only.",
                    remedy: "Leave workspaceId out, or use a key of the workspace that it names.",
                    errors: [FieldProblem(field: pointer + "/workspaceId", message: "This is not the key's workspace.")]
                )
            }
            return lead(of: own)
        case (nil, let named?): return lead(of: named)
        case (nil, nil):
            throw Problem.invalid(
                pointer + "/workspaceId",
                "An administrator's key has to say whose lead this is.",
                remedy: "Send workspaceId, or use a key of the workspace."
            )
        }
    }

    /// `POST /api/leads/route`: has a waiting lead decided now.
    @Sendable private func route(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .routingWrite)
        let id = try RuleBodies.leadID(await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        let outcome = try await backend.route(leadID: id, as: principal)
        return json { $0.outcome(outcome) }
    }

    // MARK: - Out

    /// `GET /api/leads`: a page, newest first.
    @Sendable private func leads(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .leadsRead)
        var query = try QueryDecoding(request.uri)
        var search = LeadSearch()
        search.status = query.status("status")
        search.workspaceID = query.uuid("workspaceId")
        search.sourceWorkspaceID = query.uuid("sourceWorkspaceId")
        search.matchedRuleID = query.uuid("matchedRuleId")
        search.isDuplicate = query.bool("isDuplicate")
        search.email = query.text("email")
        search.phone = query.text("phone")
        search.createdAfter = query.time("createdAfter")
        search.createdBefore = query.time("createdBefore")
        let limit = query.int("limit", in: 1...200) ?? 50
        let cursor = query.text("cursor")
        try query.finish()
        let page = try await backend.leads(search, after: cursor, limit: limit, as: principal)
        return json(capacity: 64 + page.leads.count * 768) { writer in
            writer.object { writer in
                writer.key("leads")
                writer.array(page.leads) { writer, lead in writer.object { $0.lead(lead) } }
                writer.member("nextCursor", page.nextCursor)
            }
        }
    }

    /// `GET /api/leads/{id}`: a lead with its history.
    @Sendable private func lead(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .leadsRead)
        guard let found = try await backend.lead(id("id", in: context), as: principal) else {
            throw Problem(.notFound, "There is no such lead, or none that this key may see.")
        }
        return json(capacity: 2048) { writer in
            writer.object { writer in
                writer.lead(found.lead)
                writer.key("history")
                writer.array(found.history) { $0.event($1) }
            }
        }
    }
}

/// A request that its client may repeat: its key, and what tells it from another request.
private struct RepeatableRequest {
    let key: String
    let digest: [UInt8]

    /// The claim of the lead at a place.
    func claim(_ place: Int) -> IdempotencyClaim { IdempotencyClaim(key: key, place: place, request: digest) }
}

extension Response {
    /// Says that some of this was answered before.
    fileprivate mutating func markAsReplay() {
        if let name = HTTPField.Name("Idempotency-Replayed") { headers[name] = "true" }
    }
}

extension Problem {
    /// The same problem, with its fields inside a part of the body.
    func pointing(below prefix: String) -> Problem {
        var problem = self
        problem.errors = errors.map { $0.pointing(below: prefix) }
        return problem
    }
}
