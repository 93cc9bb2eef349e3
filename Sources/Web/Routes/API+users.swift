import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addUserRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/users", .membersRead, users)
        routes.on(.post, "/api/users", .membersWrite, inviteUser)
        routes.on(.patch, "/api/users/:id", .membersWrite, changeUser)
        routes.on(.post, "/api/users/:id/reset", .membersWrite, resetUser)
        routes.on(.get, "/api/workspaces/:id/members", .membersRead, members)
        routes.on(.post, "/api/workspaces/:id/members", .membersWrite, addMember)
        routes.on(.patch, "/api/workspaces/:id/members/:userId", .membersWrite, changeMember)
        routes.on(.delete, "/api/workspaces/:id/members/:userId", .membersWrite, removeMember)
    }

    /// `GET /api/users`: every local user, for administrators.
    @Sendable private func users(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let users = try await useCases.users.list(as: caller)
        return json(capacity: 64 + users.count * 320) { $0.list("users", users) { $0.user($1) } }
    }

    /// `POST /api/users`: invites a user; the answer shows the link, only once.
    @Sendable private func inviteUser(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let body = try SessionBodies.Invite(bytes, inWorkspace: false, limits: limits)
        let invited = try await useCases.users.invite(body.email, to: body.workspaceID, as: body.role, by: caller)
        return json(.created) { $0.invited(invited) }
    }

    /// `PATCH /api/users/{id}`: disables or enables a user.
    @Sendable private func changeUser(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let isDisabled = try SessionBodies.flag("disabled", isRequired: true, bytes, limits: limits)
        let user = try await useCases.users.setDisabled(isDisabled, id, by: caller)
        return json { $0.user(user) }
    }

    /// `POST /api/users/{id}/reset`: a link by which the user sets a new password.
    @Sendable private func resetUser(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let removes = try SessionBodies.flag("removeSecondFactor", isRequired: false, bytes, limits: limits)
        let link = try await useCases.users.reset(id, removesSecondFactor: removes, by: caller)
        return json(.created) { writer in
            writer.object { writer in
                writer.member("userId", id)
                writer.member("link", link)
                writer.member("path", LinkPage.address(of: link))
            }
        }
    }

    /// `GET /api/workspaces/{id}/members`.
    @Sendable private func members(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let members = try await useCases.members.list(of: id("id", in: context), as: caller)
        return json(capacity: 64 + members.count * 192) { $0.list("members", members) { $0.member($1) } }
    }

    /// `POST /api/workspaces/{id}/members`: invites a person; the answer shows the link, only once.
    @Sendable private func addMember(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let body = try SessionBodies.Invite(bytes, inWorkspace: true, limits: limits)
        let role = body.role ?? .viewer
        let invited = try await useCases.members.add(body.email, as: role, to: id, by: caller)
        return json(.created) { $0.invited(invited) }
    }

    /// `PATCH /api/workspaces/{id}/members/{userId}`: changes a member's role.
    @Sendable private func changeMember(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let (workspace, person) = (try id("id", in: context), try id("userId", in: context))
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let role = try SessionBodies.role(bytes, limits: limits)
        let member = try await useCases.members.change(person, of: workspace, to: role, by: caller)
        return json { $0.member(member) }
    }

    /// `DELETE /api/workspaces/{id}/members/{userId}`.
    @Sendable private func removeMember(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let (workspace, person) = (try id("id", in: context), try id("userId", in: context))
        try await useCases.members.remove(person, of: workspace, by: caller)
        return Response(status: .noContent)
    }
}

extension JSONWriter {
    fileprivate mutating func user(_ user: LocalUser) {
        object { writer in
            writer.member("id", user.id)
            writer.member("email", user.email)
            writer.member("createdAt", time: user.createdAt)
            writer.member("accepted", user.hasPassword)
            writer.member("secondFactor", user.hasSecondFactor)
            writer.member("disabledAt", time: user.disabledAt)
            writer.member("lastUsedAt", time: user.lastUsedAt)
        }
    }

    fileprivate mutating func invited(_ invited: UserRequests.Invited) {
        object { writer in
            writer.member("userId", invited.userID)
            writer.member("email", invited.email)
            writer.member("role", invited.role)
            writer.member("link", invited.link)
            writer.member("path", invited.link.map(LinkPage.address))
        }
    }

    fileprivate mutating func member(_ member: Member) {
        object { writer in
            writer.member("userId", member.userID)
            writer.member("email", member.email)
            writer.member("role", member.role)
            writer.member("createdAt", time: member.createdAt)
        }
    }
}
