import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addCapacityRoutes(to routes: inout Routes) {
        routes.on(.post, "/api/leads/:id/return", .leadsWrite, returnLead)
        routes.on(.get, "/api/workspaces/:id/capacity", .workspacesRead, capacity)
        routes.on(.get, "/api/workspaces/:id/assignees", .workspacesRead, assignees)
        routes.on(.post, "/api/workspaces/:id/assignees", .workspacesWrite, createAssignee)
        routes.on(.get, "/api/workspaces/:id/assignees/:assigneeId", .workspacesRead, assignee)
        routes.on(.patch, "/api/workspaces/:id/assignees/:assigneeId", .workspacesWrite, changeAssignee)
        routes.on(.delete, "/api/workspaces/:id/assignees/:assigneeId", .workspacesWrite, deleteAssignee)
    }

    /// `POST /api/leads/{id}/return`: the destination returns a lead.
    @Sendable private func returnLead(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        var body = try ObjectReader(
            await request.jsonBody(upTo: limits.bodyBytes),
            names: ["reason", "reroute"],
            limits: limits
        )
        let reason = body.isNull("reason") ? nil : body.text("reason", limit: 500)
        let sendsOn = body.bool("reroute") ?? false
        try body.finish()
        let returned = try await useCases.leads.returnLead(id, reason: reason, sendsOn: sendsOn, as: caller)
        return json { writer in
            writer.object { writer in
                writer.member("id", returned.id)
                writer.member("returned", true)
                writer.member("rerouted", returned.isSentOn)
                writer.member("destinationWorkspaceId", returned.destinationWorkspaceID)
            }
        }
    }

    @Sendable private func capacity(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let usage = try await useCases.workspaces.capacityUsage(of: id("id", in: context), as: caller)
        return json { writer in
            writer.object { writer in
                writer.member("timeZone", usage.capacity.timeZone)
                writer.member("isOpen", usage.isOpen)
                writer.member("opensAt", usage.opensAt?.text)
                writer.key("caps")
                writer.array(usage.lines) { writer, line in
                    writer.object { writer in
                        writer.member("per", line.cap.period.rawValue)
                        writer.member("limit", line.cap.limit)
                        writer.member("used", line.used)
                        writer.member("endsAt", time: line.endsAt)
                    }
                }
            }
        }
    }

    @Sendable private func assignees(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let people = try await useCases.workspaces.assignees(of: id("id", in: context), as: caller)
        return json { $0.list("assignees", people) { $0.assignee($1.assignee) } }
    }

    @Sendable private func assignee(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let workspace = try id("id", in: context)
        let person = try await useCases.workspaces.assignee(id("assigneeId", in: context), of: workspace, as: caller)
        return try json { $0.assignee(person.assignee) }.tagged(EntityTag(person.version), for: request)
    }

    @Sendable private func createAssignee(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let workspace = try id("id", in: context)
        let (id, fields) = try await fields(of: request, isNew: true)
        let person = try await useCases.workspaces.createAssignee(id: id, of: workspace, fields, as: caller)
        var response = json(.created) { $0.assignee(person.assignee) }.tagged(EntityTag(person.version))
        response.headers[.location] = "/api/workspaces/\(workspace.text)/assignees/\(person.assignee.id.text)"
        return response
    }

    @Sendable private func changeAssignee(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let workspace = try id("id", in: context)
        let person = try id("assigneeId", in: context)
        let (_, fields) = try await fields(of: request, isNew: false)
        let changed = try await useCases.workspaces.changeAssignee(
            person,
            of: workspace,
            fields,
            if: request.precondition(),
            as: caller
        )
        return json { $0.assignee(changed.assignee) }.tagged(EntityTag(changed.version))
    }

    @Sendable private func deleteAssignee(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let workspace = try id("id", in: context)
        try await useCases.workspaces.deleteAssignee(
            id("assigneeId", in: context),
            of: workspace,
            if: request.precondition(),
            as: caller
        )
        return Response(status: .noContent)
    }

    /// The fields of a person, and the id for a new one.
    private func fields(of request: Request, isNew: Bool) async throws -> (id: UUID?, fields: AssigneeChange) {
        let names = (isNew ? ["id"] : []) + ["name", "weight", "caps", "absentFrom", "absentUntil", "isActive"]
        var body = try ObjectReader(
            await request.jsonBody(upTo: limits.bodyBytes),
            names: names,
            limits: limits
        )
        if isNew { body.require("name", "Send a name of 1 to 200 characters.") }
        var fields = AssigneeChange()
        fields.name = body.isNull("name") ? nil : body.text("name")
        fields.weight = body.integer("weight", in: 1...1000)
        if let settings = body.json("caps") {
            let (caps, problems) = Cap.list(settings, at: "")
            fields.caps = caps
            body.add(problems)
        }
        if body.has("absentFrom") { fields.absentFrom = .some(body.time("absentFrom")) }
        if body.has("absentUntil") { fields.absentUntil = .some(body.time("absentUntil")) }
        fields.isActive = body.bool("isActive")
        let id = isNew ? body.uuid("id") : nil
        try body.finish()
        return (id, fields)
    }
}

extension JSONWriter {
    /// A person.
    mutating func assignee(_ person: Assignee) {
        object { writer in
            writer.member("id", person.id)
            writer.member("workspaceId", person.workspaceID)
            writer.member("name", person.name)
            writer.member("weight", person.weight)
            writer.key("caps")
            writer.value(Cap.settings(person.caps))
            writer.member("absentFrom", time: person.absentFrom)
            writer.member("absentUntil", time: person.absentUntil)
            writer.member("isActive", person.isActive)
        }
    }
}
