import Accounts
import FoundationEssentials
import HTTPTypes
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// Local users, one-time links, and members of workspaces.
struct UserRoutesTests {
    private static func use(_ api: APIFixture, _ link: String, _ more: String = "") async throws -> Answer {
        let body = #"{"link":"\#(link)","password":"\#(APIFixture.password)"\#(more)}"#
        return try await api.server.post("/api/session/link", body, key: nil)
    }

    private static func members(_ workspace: UUID, _ user: UUID? = nil) -> String {
        "/api/workspaces/\(workspace.text)/members" + (user.map { "/" + $0.text } ?? "")
    }

    // MARK: - Links

    @Test func linksWorkOnce() async throws {
        try await APIFixture.with { api in
            let body = #"{"email":"Ada@Example.com","workspaceId":"\#(APIFixture.alpha.text)","role":"viewer"}"#
            let invited = try await api.server.post("/api/users", body, key: "admin-key")
            #expect(invited.status == 201 && invited["email"]?.string == "ada@example.com")
            let link = try #require(invited["link"]?.string)
            #expect(invited["path"]?.string == "/link#" + link)
            // A newer one replaces it.
            let again = try await api.server.post("/api/users", body, key: "admin-key")
            #expect(again["userId"]?.string == invited["userId"]?.string)
            #expect(try await Self.use(api, link).isProblem(401))
            let newer = try #require(again["link"]?.string)
            #expect(try await Self.use(api, newer + "x").isProblem(401))
            let short = #"{"link":"\#(newer)","password":"short"}"#
            #expect(try await api.server.post("/api/session/link", short, key: nil).fields == ["/password"])
            #expect(try await Self.use(api, newer).status == 204)
            #expect(try await Self.use(api, newer).isProblem(401))
            #expect(try await api.signIn("ada@example.com").status == 201)
            // Who has a password needs none.
            #expect(try await api.server.post("/api/users", body, key: "admin-key")["link"] == .null)
        }
    }

    @Test func linkIsUsedOnceUnderConcurrency() async throws {
        try await APIFixture.with { api in
            let user = try await api.user("ada@example.com")
            let link = try await api.useCases.users.reset(user, by: .commandLine)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await Self.use(api, link).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 204 }.count == 1 && statuses.filter { $0 == 401 }.count == 7)
        }
    }

    @Test func linksEndWithTimeAndWithTheUser() async throws {
        try await APIFixture.with { api in
            let user = try await api.user("ada@example.com")
            let old = try await api.useCases.users.reset(user, by: .commandLine)
            try await api.run("UPDATE switchyard.user_links SET expires_at = now() WHERE used_at IS NULL")
            #expect(try await Self.use(api, old).isProblem(401))
            let link = try await api.useCases.users.reset(user, by: .commandLine)
            let token = try await api.token("ada@example.com")
            let path = "/api/users/\(user.text)"
            for (isDisabled, status) in [(true, 401), (false, 204)] {
                let body = Array(#"{"disabled":\#(isDisabled)}"#.utf8)
                let changed = try await api.server.send(.patch, path, key: "admin-key", bytes: body)
                #expect((changed["disabledAt"] != .null) == isDisabled)
                #expect(try await Self.use(api, link).status == status)
                #expect(try await api.server.get("/api/me", key: token).isProblem(401), "its sessions stay over")
            }
            let session = try await api.token("ada@example.com")
            #expect(try await Self.use(api, session).isProblem(401), "a session is no link")
        }
    }

    /// Several nodes have printed a link: one becomes an administrator.
    @Test func oneFirstAdministrator() async throws {
        try await APIFixture.with { api in
            var links: [String] = []
            for _ in 0..<4 { links.append(try #require(try await api.useCases.users.setUp(by: .commandLine))) }
            #expect(try await Self.use(api, links[0]).fields == ["/email"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, link) in (links + links).enumerated() {
                    group.addTask { try await Self.use(api, link, #","email":"a\#(number)@example.com""#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 204 }.count == 1, "\(statuses)")
            #expect(try await api.numbers("SELECT count(*) FROM switchyard.local_users") == [1])
            #expect(try await api.useCases.users.setUp(by: .commandLine) == nil)
            let users = try await api.server.get("/api/users", key: "admin-key")
            let email = try #require(users["users"]?[0]?["email"]?.string)
            let me = try await api.server.get("/api/me", key: api.token(email))
            #expect(me["administrator"]?.bool == true && me["workspaces"]?[0]?["role"]?.string == "platform_admin")
            #expect(try await api.server.get("/api/users", key: api.token(email)).status == 200)
        }
    }

    @Test func administratorsAreInvitedToThePlatform() async throws {
        try await APIFixture.with { api in
            for number in 0..<2 {
                let email = "root\(number)@example.com"
                let invited = try await api.useCases.users.inviteAdministrator(email, by: .commandLine)
                #expect(try await Self.use(api, #require(invited.link)).status == 204)
                let me = try await api.server.get("/api/me", key: api.token(email))
                #expect(me["administrator"]?.bool == true)
            }
            #expect(
                try await api.numbers("SELECT count(*) FROM workspaces WHERE workspace_type = 'platform'") == [1]
            )
        }
    }

    // MARK: - Members

    @Test func ownersManageMembers() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("owner@example.com", in: APIFixture.alpha, as: .owner)
            let owner = try await api.token("owner@example.com")
            let body = #"{"email":"new@example.com","role":"member"}"#
            let invited = try await api.server.post(Self.members(APIFixture.alpha), body, key: owner)
            #expect(invited.status == 201 && invited["role"]?.string == "member")
            let user = try #require(invited["userId"]?.string.flatMap { UUID(text: $0) })
            #expect(try await Self.use(api, #require(invited["link"]?.string)).status == 204)
            let list = try await api.server.get(Self.members(APIFixture.alpha), key: owner)
            #expect(
                list["members"]?.array?.compactMap { $0["email"]?.string } == ["owner@example.com", "new@example.com"]
            )
            let other = #"{"email":"new@example.com","role":"viewer"}"#
            #expect(try await api.server.post(Self.members(APIFixture.alpha), other, key: owner).isProblem(409))
            let admin = Array(#"{"role":"admin"}"#.utf8)
            let changed = try await api.server.send(
                .patch,
                Self.members(APIFixture.alpha, user),
                key: owner,
                bytes: admin
            )
            #expect(changed.status == 200 && changed["role"]?.string == "admin")
            let session = try await api.token("new@example.com")
            #expect(try await api.server.get(Self.members(APIFixture.alpha), key: session).status == 200)
            let path = Self.members(APIFixture.alpha, user)
            #expect(try await api.server.send(.delete, path, key: owner).status == 204)
            #expect(try await api.server.send(.delete, path, key: owner).isProblem(404))
            let fresh = try await api.token("new@example.com")
            #expect(try await api.server.get("/api/leads", key: fresh).isProblem(403))
            for unknown in [Self.members(APIFixture.beta), Self.members(APIFixture.id(99))] {
                #expect(try await api.server.get(unknown, key: owner).isProblem(404))
                #expect(try await api.server.post(unknown, body, key: owner).isProblem(404))
            }
        }
    }

    /// No role gives or takes what it has not.
    @Test func rolesBeyondTheCallersAreRefused() async throws {
        try await APIFixture.with { api in
            let owner = try await api.user("owner@example.com", in: APIFixture.alpha, as: .owner)
            _ = try await api.user("admin@example.com", in: APIFixture.alpha, as: .admin)
            let admin = try await api.token("admin@example.com")
            for role in ["owner", "platform_admin", "operator"] {
                let body = #"{"email":"x@example.com","role":"\#(role)"}"#
                for caller in [admin, try await api.token("owner@example.com")] {
                    let answer = try await api.server.post(Self.members(APIFixture.alpha), body, key: caller)
                    let isAllowed = role == "owner" && caller != admin
                    #expect(isAllowed ? answer.status == 201 : [403, 422].contains(answer.status), "\(role)")
                }
            }
            let path = Self.members(APIFixture.alpha, owner)
            #expect(try await api.server.send(.delete, path, key: admin).isProblem(403))
            let viewer = Array(#"{"role":"viewer"}"#.utf8)
            #expect(try await api.server.send(.patch, path, key: admin, bytes: viewer).isProblem(403))
            let key = try await api.key(of: APIFixture.alpha, with: [.membersWrite, .leadsRead])
            let member = #"{"email":"y@example.com","role":"member"}"#
            #expect(try await api.server.post(Self.members(APIFixture.alpha), member, key: key).isProblem(403))
        }
    }

    @Test func workspaceKeepsAnOwner() async throws {
        try await APIFixture.with { api in
            let owner = try await api.user("owner@example.com", in: APIFixture.alpha, as: .owner)
            let token = try await api.token("owner@example.com")
            let path = Self.members(APIFixture.alpha, owner)
            #expect(try await api.server.send(.delete, path, key: token).isProblem(409))
            let viewer = Array(#"{"role":"viewer"}"#.utf8)
            #expect(try await api.server.send(.patch, path, key: token, bytes: viewer).isProblem(409))
            #expect(try await api.server.send(.delete, path, key: "admin-key").status == 204)
        }
    }

    /// Owners who remove each other at the same time: one stays.
    @Test func ownersRemovingEachOtherLeaveOne() async throws {
        try await APIFixture.with { api in
            var owners: [UUID] = []
            for number in 0..<6 {
                owners.append(try await api.user("o\(number)@example.com", in: APIFixture.alpha, as: .owner))
            }
            var tokens: [String] = []
            for number in 0..<6 { tokens.append(try await api.token("o\(number)@example.com")) }
            for token in tokens { _ = try await api.server.get("/api/me", key: token) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, token) in tokens.enumerated() {
                    for owner in owners where owner != owners[number] {
                        group.addTask {
                            _ = try await api.server.send(.delete, Self.members(APIFixture.alpha, owner), key: token)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await api.numbers("SELECT count(*) FROM user_workspaces WHERE role = 'owner'") == [1])
        }
    }

    /// A node knows a role for a second; the statement asks the database.
    @Test func demotedAdministratorChangesNothing() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("owner@example.com", in: APIFixture.alpha, as: .owner)
            let user = try await api.user("viewer@example.com", in: APIFixture.alpha, as: .viewer)
            let caller = try #require(try await api.useCases.callers.caller(of: api.token("owner@example.com")))
            try await api.run("UPDATE user_workspaces SET role = 'viewer'")
            await #expect(throws: RequestError.self) {
                _ = try await api.useCases.members.add("x@example.com", as: .owner, to: APIFixture.alpha, by: caller)
            }
            await #expect(throws: RequestError.self) {
                _ = try await api.useCases.members.change(user, of: APIFixture.alpha, to: .admin, by: caller)
            }
            #expect(try await api.numbers("SELECT count(*) FROM user_workspaces WHERE role <> 'viewer'") == [0])
        }
    }

    /// A workspace gets no link by which it could act as a user of another.
    @Test func usersOfOthersAreAddedByAdministratorsOnly() async throws {
        try await APIFixture.with { api in
            let invited = try await api.useCases.users.invite(
                "bob@example.com",
                to: APIFixture.beta,
                as: .owner,
                by: .commandLine
            )
            let body = #"{"email":"bob@example.com","role":"viewer"}"#
            let refused = try await api.server.post(Self.members(APIFixture.alpha), body)
            #expect(refused.isProblem(409) && !refused.text.contains("swy_link_"))
            #expect(try await Self.use(api, #require(invited.link)).status == 204, "the first link is still valid")
            let added = try await api.server.post(Self.members(APIFixture.alpha), body, key: "admin-key")
            #expect(added.status == 201 && added["link"] == .null)
            // Of its own invitations it may ask for a new link.
            let own = #"{"email":"own@example.com","role":"viewer"}"#
            for _ in 0..<2 {
                let answer = try await api.server.post(Self.members(APIFixture.alpha), own)
                #expect(answer.status == 201 && answer["link"]?.string != nil)
            }
        }
    }

    // MARK: - Audit

    @Test func changesAreInTheAudit() async throws {
        try await APIFixture.with { api in
            var sent: Set<String> = []
            func check(
                _ route: String,
                _ actor: String?,
                _ action: String,
                _ body: () async throws -> Answer
            ) async throws {
                sent.insert(route)
                let before =
                    try await api.useCases.audit.newest(AuditFilter(), limit: 1, as: .commandLine).first?.sequence ?? 0
                let answer = try await body()
                #expect(answer.status < 300, "\(route): \(answer.text)")
                var rows: [AuditRow] = []
                try await api.useCases.audit.read(after: before, as: .commandLine) { rows.append($0) }
                #expect(rows.contains { $0.action == action }, "\(route): \(rows.map(\.action))")
                #expect(rows.allSatisfy { $0.actor == actor ?? "service_role" }, "\(route): \(rows.map(\.actor))")
                for secret in ["example.com", APIFixture.password, "$scrypt$"] {
                    #expect(rows.allSatisfy { !$0.content.contains(secret) }, "\(route): \(rows.map(\.content))")
                }
            }
            func send(_ route: String, _ path: String, _ body: String = "", key: String? = nil) async throws -> Answer {
                let method = HTTPRequest.Method(rawValue: String(route.prefix { $0 != " " })) ?? .get
                let bytes = body.isEmpty ? nil : Array(body.utf8)
                return try await api.server.send(method, path, key: key ?? "admin-key", bytes: bytes)
            }
            let path = Self.members(APIFixture.alpha)
            var user = UUID()
            var link = ""
            try await check("POST /api/users", nil, "user.create") {
                let answer = try await send("POST", "/api/users", #"{"email":"ada@example.com"}"#)
                user = answer["userId"]?.string.flatMap { UUID(text: $0) } ?? user
                return answer
            }
            try await check("POST /api/users/:id/reset", nil, "link.create") {
                let answer = try await send("POST", "/api/users/\(user.text)/reset", "{}")
                link = answer["link"]?.string ?? ""
                return answer
            }
            let actor = "user:" + user.text
            try await check("POST /api/session/link", actor, "user.change") { try await Self.use(api, link) }
            let invite = #"{"email":"ada@example.com","role":"viewer"}"#
            try await check("POST /api/workspaces/:id/members", nil, "member.create") {
                try await send("POST", path, invite)
            }
            try await check("PATCH /api/workspaces/:id/members/:userId", nil, "member.change") {
                try await send("PATCH", Self.members(APIFixture.alpha, user), #"{"role":"member"}"#)
            }
            try await check("DELETE /api/workspaces/:id/members/:userId", nil, "member.delete") {
                try await send("DELETE", Self.members(APIFixture.alpha, user))
            }
            try await check("POST /api/session", actor, "session.create") { try await api.signIn("ada@example.com") }
            let token = try await api.token("ada@example.com")
            let confirmation = #"{"password":"\#(APIFixture.password)"}"#
            try await check("POST /api/me/totp", actor, "user.change") {
                try await send("POST", "/api/me/totp", confirmation, key: token)
            }
            let code = try await api.code(of: user)
            try await check("POST /api/me/totp/confirm", actor, "user.change") {
                try await send("POST", "/api/me/totp/confirm", #"{"code":"\#(code)"}"#, key: token)
            }
            try await check("DELETE /api/me/totp", actor, "user.change") {
                try await send("DELETE", "/api/me/totp", confirmation, key: token)
            }
            let other = try #require(try await api.signIn("ada@example.com")["id"]?.string)
            try await check("DELETE /api/sessions/:id", actor, "session.change") {
                try await send("DELETE", "/api/sessions/\(other)", key: token)
            }
            try await check("PUT /api/me/password", actor, "user.change") {
                let body = #"{"currentPassword":"\#(APIFixture.password)","password":"\#(APIFixture.password)"}"#
                return try await send("PUT", "/api/me/password", body, key: token)
            }
            try await check("DELETE /api/session", actor, "session.change") {
                try await send("DELETE", "/api/session", key: token)
            }
            let last = try await api.token("ada@example.com")
            try await check("DELETE /api/sessions", actor, "user.change") {
                try await send("DELETE", "/api/sessions", key: last)
            }
            try await check("PATCH /api/users/:id", nil, "user.change") {
                try await send("PATCH", "/api/users/\(user.text)", #"{"disabled":true}"#)
            }
            #expect(sent == AuditRouteTests.ofUsers)
            guard case .whole = try await api.useCases.audit.verify(expecting: nil, as: .commandLine) else {
                Issue.record("The chain is broken.")
                return
            }
        }
    }

    @Test func workspaceReadsItsOwnAudit() async throws {
        try await APIFixture.with { api in
            for (number, key) in ["alpha-key", "beta-key", "alpha-key"].enumerated() {
                let id = number == 1 ? APIFixture.beta.text : APIFixture.alpha.text
                let rule = #"{"name":"R\#(number)","destinationWorkspaceId":"\#(id)"}"#
                #expect(try await api.server.post("/api/rules", rule, key: key).status == 201)
            }
            _ = try await api.user("admin@example.com", in: APIFixture.alpha, as: .admin)
            _ = try await api.user("viewer@example.com", in: APIFixture.alpha, as: .viewer)
            let admin = try await api.token("admin@example.com")
            for caller in ["alpha-key", admin] {
                let rows = try await api.server.get("/api/audit?limit=200", key: caller)["changes"]?.array ?? []
                #expect(rows.count >= 2 && rows.allSatisfy { $0["workspaceId"]?.string == APIFixture.alpha.text })
                #expect(rows.contains { $0["after"]?["rule_name"]?.string == "R2" })
            }
            let other = "/api/audit?workspaceId=\(APIFixture.beta.text)"
            #expect(try await api.server.get(other).isProblem(403))
            #expect(try await api.server.get("/api/audit", key: api.token("viewer@example.com")).isProblem(403))
            let all = try await api.server.get("/api/audit?limit=200", key: "admin-key")["changes"]?.array ?? []
            var paged: [Int] = []
            var next: String? = "/api/audit?limit=3"
            while let path = next {
                let page = try await api.server.get(path, key: "admin-key")
                paged += page["changes"]?.array?.compactMap { $0["sequence"]?.int } ?? []
                next = page["nextBefore"]?.int.map { "/api/audit?limit=3&before=\($0)" }
            }
            #expect(paged == all.compactMap { $0["sequence"]?.int } && paged.count > 6)
        }
    }
}
