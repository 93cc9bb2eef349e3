import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addLeadRoutes(to routes: inout Routes) {
        routes.onLoop(.post, "/api/leads", .leadsWrite, submit)
        routes.on(.post, "/api/leads/route", .routingWrite, route)
        routes.onLoop(.post, "/api/leads/decode", .leadsWrite, decode)
        routes.on(.get, "/api/leads", .leadsRead, leads)
        routes.on(.get, "/api/leads/:id", .leadsRead, lead)
    }

    // MARK: - Submitting

    /// `POST /api/leads`: returns 201 with the outcome of one lead, or 200 with one result for each lead of a batch.
    @Sendable private func submit(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let key = try IdempotencyKeyHeader.read(request.headers)
        let body = try await request.jsonBody(upTo: limits.leadBodyBytes)
        guard body.count <= Self.onLoopBytes else {
            // A client that has left gets no work done, unless its leads are in the queue already.
            return try await offLoop {
                let submission = try await ClientPresence.whileConnected { [limits] in
                    try Submission.read(body, limits: limits)
                }
                return try await submit(submission, body, key, context, as: caller)
            }
        }
        return try await submit(Submission.read(body, limits: limits), body, key, context, as: caller)
    }

    /// Longer bodies are decoded off their connection's event loop: this size takes a tenth of a millisecond.
    private static var onLoopBytes: Int { 16 << 10 }

    private func submit(
        _ submission: Submission,
        _ body: [UInt8],
        _ key: String?,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let repeats = key.map { RepeatableRequest(key: $0, digest: IdempotencyClaim.digest(of: body)) }
        switch submission {
        case .one(let decoded):
            let lead = try accepted(decoded, idempotency: repeats?.claim(0), trace: context.trace)
            let outcome = try await useCases.submissions.submit(lead, as: caller)
            var response = json(.created) { $0.outcome(outcome, for: caller.reader) }
            response.headers[.location] = (outcome.isTest ? "/api/test-leads/" : "/api/leads/") + outcome.leadID.text
            if outcome.isReplay { response.markAsReplay() }
            return response
        case .many(let decoded): return try await submit(decoded, repeats, context.trace, as: caller)
        }
    }

    /// A batch: a problem of one lead does not affect the others.
    private func submit(
        _ decoded: [ReadLead],
        _ repeats: RepeatableRequest?,
        _ trace: RequestTrace,
        as caller: Caller
    ) async throws -> Response {
        var results: [Result<RoutingOutcome, Problem>?] = Array(repeating: nil, count: decoded.count)
        var accepted: [SubmittedLead] = []
        var places: [Int] = []
        for (index, lead) in decoded.enumerated() {
            do {
                let claim = repeats?.claim(index)
                accepted.append(
                    try self.accepted(lead, pointer: "/leads/\(index)", idempotency: claim, trace: trace)
                )
                places.append(index)
            } catch {
                results[index] = .failure(Problem(error))
            }
        }
        if !accepted.isEmpty {
            let outcomes = try await useCases.submissions.submit(batch: accepted, as: caller)
            for (place, outcome) in zip(places, outcomes) {
                results[place] = outcome.mapError { Problem($0).pointing(below: "/leads/\(place)") }
            }
        }
        var response = json(capacity: decoded.count * 384) { $0.batch(results, for: caller.reader) }
        if results.contains(where: { (try? $0?.get())?.isReplay == true }) { response.markAsReplay() }
        return response
    }

    /// `POST /api/leads/decode`: decodes and validates like `POST /api/leads`, stores nothing, and returns the decoded
    /// leads.
    @Sendable private func decode(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let body = try await request.jsonBody(upTo: limits.leadBodyBytes)
        guard body.count <= Self.onLoopBytes else { return try await offLoop { try decode(body, as: caller) } }
        return try decode(body, as: caller)
    }

    private func decode(_ body: [UInt8], as caller: Caller) throws -> Response {
        func understood(_ decoded: ReadLead, pointer: String = "") throws(Problem) -> (lead: Lead, source: UUID) {
            let lead = try accepted(decoded, pointer: pointer)
            do throws(RequestError) {
                return (lead.lead, try useCases.submissions.source(named: lead.workspaceID, for: caller))
            } catch {
                throw Problem(error).pointing(below: pointer)
            }
        }
        switch try Submission.read(body, limits: limits) {
        case .one(let decoded):
            let (lead, source) = try understood(decoded)
            return json { $0.decoded(lead, from: source) }
        case .many(let decoded):
            return json(capacity: decoded.count * 384) { writer in
                writer.object { writer in
                    writer.key("results")
                    writer.array(decoded.enumerated()) { writer, element in
                        let lead = Result { () throws(Problem) in
                            try understood(element.element, pointer: "/leads/\(element.offset)")
                        }
                        writer.result(element.offset, code: 200, lead) { $0.decoded($1.lead, from: $1.source) }
                    }
                }
            }
        }
    }

    /// A lead in the form of the use case.
    ///
    /// - Parameters:
    ///   - decoded: the decoded lead.
    ///   - pointer: its place in the body.
    ///   - idempotency: its claim of the request's idempotency key.
    ///   - trace: its request.
    /// - Returns: the lead, with the workspace that it names.
    /// - Throws: ``Problem`` with every invalid field.
    func accepted(
        _ decoded: ReadLead,
        pointer: String = "",
        idempotency: IdempotencyClaim? = nil,
        trace: RequestTrace? = nil
    ) throws(Problem) -> SubmittedLead {
        guard decoded.problems.isEmpty else {
            throw Problem.invalid(decoded.problems.mappingFields { pointer + $0 })
        }
        return SubmittedLead(
            lead: decoded.lead,
            workspaceID: decoded.workspaceID,
            idempotency: idempotency,
            trace: trace
        )
    }

    /// `POST /api/leads/route`: routes a waiting lead now.
    @Sendable private func route(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try RuleBodies.leadID(await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        let outcome = try await useCases.leads.route(id, as: caller)
        return json { $0.outcome(outcome, for: caller.reader) }
    }

    // MARK: - Reading

    /// `GET /api/leads`: a page, newest first.
    @Sendable private func leads(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        var filter = LeadFilter()
        filter.status = query.status("status")
        filter.workspaceID = query.uuid("workspaceId")
        filter.sourceWorkspaceID = query.uuid("sourceWorkspaceId")
        filter.matchedRuleID = query.uuid("matchedRuleId")
        filter.isDuplicate = query.bool("isDuplicate")
        filter.email = query.text("email")
        filter.phone = query.text("phone")
        filter.createdFrom = query.timestamp("createdAfter")
        filter.createdBefore = query.timestamp("createdBefore")
        let limit = query.int("limit", in: 1...200) ?? 50
        let cursor = query.text("cursor")
        try query.finish()
        let page = try await useCases.leads.page(filter, at: cursor, limit: limit, as: caller)
        return json(capacity: 64 + page.leads.count * 768) { writer in
            writer.object { writer in
                writer.key("leads")
                writer.array(page.leads) { writer, lead in writer.object { $0.lead(lead, for: caller.reader) } }
                writer.member("nextCursor", page.nextCursor)
                writer.member("previousCursor", page.previousCursor)
            }
        }
    }

    /// `GET /api/leads/{id}`: a lead with its history.
    @Sendable private func lead(_ request: Request, _ context: WebContext, as caller: Caller) async throws -> Response {
        let found = try await useCases.leads.find(id("id", in: context), as: caller)
        return json(capacity: 2048) { writer in
            writer.object { writer in
                writer.lead(found.lead, for: caller.reader)
                writer.key("history")
                writer.array(found.history) { $0.event($1, for: caller.reader) }
            }
        }
    }
}

/// A request with an idempotency key, and the digest of its body.
private struct RepeatableRequest {
    let key: String
    let digest: [UInt8]

    /// The claim of the lead at a place.
    func claim(_ place: Int) -> IdempotencyClaim { IdempotencyClaim(key: key, place: place, request: digest) }
}

extension Response {
    /// Marks the answer as a replay of an earlier one.
    fileprivate mutating func markAsReplay() {
        if let name = HTTPField.Name("Idempotency-Replayed") { headers[name] = "true" }
    }
}
