import Digests
import FoundationEssentials
import HTTPTypes
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Synchronization
import Testing
import WebTestSupport

@testable import Web

/// Sign-in with a password, and sessions.
struct SignInTests {
    @Test func userActsAsTheRoleInTheWorkspace() async throws {
        try await APIFixture.with { api in
            let user = try await api.user("ada@example.com", in: APIFixture.alpha, as: .member)
            let answer = try await api.signIn(" ADA@example.com")
            #expect(answer.status == 201 && answer["userId"]?.string == user.text)
            let token = try #require(answer["token"]?.string)
            let me = try await api.server.get("/api/me", key: token)
            #expect(me["id"]?.string == "user:" + user.text && me["email"]?.string == "ada@example.com")
            #expect(me["workspaceId"]?.string == APIFixture.alpha.text && me["kind"]?.string == "person")
            let lead = try await api.server.post("/api/leads", #"{"email":"l@example.com"}"#, key: token)
            #expect(lead.status == 201)
            #expect(try await api.server.get("/api/leads", key: token).text.contains(lead["id"]?.string ?? "–"))
            #expect(try await api.server.get("/api/keys", key: token).isProblem(403))
            let other = try #require(
                try await api.server.post("/api/leads", #"{"email":"b@example.com"}"#, key: "beta-key")["id"]?.string
            )
            #expect(try await api.server.get("/api/leads/\(other)", key: token).isProblem(404))
        }
    }

    /// The database sees the user as the subject of the claims: auth.uid() is the user.
    @Test func requestsRunUnderTheUsersClaims() async throws {
        try await APIFixture.with { api in
            let user = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            let caller = try #require(try await api.useCases.callers.caller(of: api.token("ada@example.com")))
            guard case .person(let workspace, let claims) = caller.access else {
                Issue.record("\(caller.access)")
                return
            }
            #expect(workspace == APIFixture.alpha && claims.contains(#""sub":"\#(user.text)""#))
            let rows = try await api.everyRow(as: "authenticated", claims: claims)
            #expect(rows.contains("ada@example.com"))
        }
    }

    /// An unknown address, a wrong password, an open invitation and a disabled user: one answer after one verification.
    @Test func refusalsTellNothing() async throws {
        let verified = Mutex<[Scrypt]>([])
        let parameters = Scrypt(logCost: 4, blockSize: 1, parallelization: 1)
        let hasher = PasswordHasher(parameters: parameters) { used in verified.withLock { $0.append(used) } }
        try await APIFixture.with(passwords: hasher) { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            let disabled = try await api.user("off@example.com", in: APIFixture.alpha, as: .viewer)
            _ = try await api.useCases.users.setDisabled(true, disabled, by: .commandLine)
            _ = try await api.useCases.users.invite("open@example.com", to: nil, as: nil, by: .commandLine)
            var details: Set<String> = []
            for (email, password) in [
                ("ada@example.com", "correct horse batterz"), ("off@example.com", APIFixture.password),
                ("open@example.com", APIFixture.password), ("nobody@example.com", APIFixture.password),
                ("no address", APIFixture.password), ("ada@example.com", ""),
            ] {
                verified.withLock { $0 = [] }
                let answer = try await api.signIn(email, password: password)
                #expect(answer.isProblem(401) && answer["type"]?.string == "/problems/wrong-credentials", "\(email)")
                details.insert(answer["detail"]?.string ?? "")
                #expect(verified.withLock { $0 } == [parameters], "\(email)")
            }
            #expect(details.count == 1)
        }
    }

    @Test func failuresAreLimitedByEmailAddress() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            // Successes do not count.
            for _ in 0..<12 { #expect(try await api.signIn("ada@example.com").status == 201) }
            for email in ["ada@example.com", "nobody@example.com"] {
                var failures = 0
                while failures < 20, try await api.signIn(email, password: "wrong").isProblem(401) { failures += 1 }
                // A node may spend a tenth ahead.
                #expect(10...11 ~= failures, "\(email)")
                let refused = try await api.signIn(email)
                #expect(refused.isProblem(429) && refused.headers[.retryAfter] != nil, "\(email)")
                #expect(refused["violated-policies"]?.array?.compactMap(\.string) == ["sign-ins"])
            }
            // Over all nodes: another one has leased nothing, and learns it from the database.
            let other = UseCases(testing: api.pool)
            var isLimited = false
            for _ in 0..<3 {
                do {
                    _ = try await other.sessions
                        .signIn("ada@example.com", password: "wrong", code: nil, from: nil, client: nil)
                } catch let error as RequestError {
                    if case .beyondLimit = error { isLimited = true }
                }
            }
            #expect(isLimited)
        }
    }

    @Test func failuresAreLimitedByClientAddress() async throws {
        try await APIFixture.with(failedKeys: FailedKeys(limit: 3)) { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            let token = try await api.token("ada@example.com")
            #expect(try await api.server.get("/api/me", key: token).status == 200)
            for number in 0..<3 { #expect(try await api.signIn("n\(number)@example.com").isProblem(401)) }
            #expect(try await api.signIn("ada@example.com").isProblem(429))
            let link = #"{"link":"swy_link_x","password":"a sentence of words"}"#
            #expect(try await api.server.post("/api/session/link", link, key: nil).isProblem(429))
            #expect(try await api.server.get("/api/me", key: token).status == 200, "sessions go on")
        }
    }

    @Test func invalidSessionsAreRefused() async throws {
        try await APIFixture.with(failedKeys: FailedKeys(limit: 2)) { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            let token = try await api.token("ada@example.com")
            #expect(try await api.server.get("/api/me", key: token).status == 200)
            for _ in 0..<2 { #expect(try await api.server.get("/api/me", key: token + "x").isProblem(401)) }
            #expect(try await api.server.get("/api/me", key: token + "x").isProblem(429))
            #expect(try await api.server.get("/api/me", key: token).status == 200)
        }
    }

    @Test func sessionsAreOverWhenUnusedOrOld() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            for change in [
                "last_used_at = now() - interval '12 hours 1 second'", "expires_at = now()", "ended_at = now()",
                "epoch = epoch - 1",
            ] {
                let token = try await api.token("ada@example.com")
                try await api.run("UPDATE switchyard.user_sessions SET \(change)")
                #expect(try await api.server.get("/api/me", key: token).isProblem(401), "\(change)")
            }
            let token = try await api.token("ada@example.com")
            try await api.run("UPDATE switchyard.user_sessions SET last_used_at = now() - interval '11 hours'")
            #expect(try await api.server.get("/api/me", key: token).status == 200)
            let used = "SELECT count(*) FROM switchyard.user_sessions WHERE last_used_at > now() - interval '1 minute'"
            #expect(try await api.numbers(used) == [1], "its use is written")
        }
    }

    @Test func signOutEndsSessionsAtOnce() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            var tokens: [String] = []
            for _ in 0..<4 { tokens.append(try await api.token("ada@example.com")) }
            func isValid(_ token: String) async throws -> Bool {
                try await api.server.get("/api/me", key: token).status == 200
            }
            for token in tokens { #expect(try await isValid(token)) }
            #expect(try await api.server.send(.delete, "/api/session", key: tokens[0]).status == 204)
            #expect(try await !isValid(tokens[0]))
            let list = try await api.server.get("/api/sessions", key: tokens[1])
            let sessions = list["sessions"]?.array ?? []
            #expect(sessions.count == 3 && sessions.filter { $0["current"]?.bool == true }.count == 1)
            let other = try #require(sessions.first { $0["current"]?.bool == false }?["id"]?.string)
            #expect(try await api.server.send(.delete, "/api/sessions/\(other)", key: tokens[1]).status == 204)
            #expect(try await api.server.send(.delete, "/api/sessions/\(other)", key: tokens[1]).isProblem(404))
            var valid = 0
            for token in tokens where try await isValid(token) { valid += 1 }
            #expect(valid == 2)
            #expect(try await api.server.send(.delete, "/api/sessions", key: tokens[1]).status == 204)
            for token in tokens { #expect(try await !isValid(token)) }
        }
    }

    @Test func sessionsOfOthersAreNotEnded() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .owner)
            _ = try await api.user("bob@example.com", in: APIFixture.alpha, as: .owner)
            let (ada, bob) = (try await api.token("ada@example.com"), try await api.token("bob@example.com"))
            let list = try await api.server.get("/api/sessions", key: ada)
            let id = try #require(list["sessions"]?[0]?["id"]?.string)
            #expect(try await api.server.send(.delete, "/api/sessions/\(id)", key: bob).isProblem(404))
            #expect(try await api.server.get("/api/me", key: ada).status == 200)
            for key in ["alpha-key", "admin-key"] {
                #expect(try await api.server.get("/api/sessions", key: key).isProblem(403))
                #expect(try await api.server.send(.delete, "/api/session", key: key).isProblem(403))
            }
        }
    }

    @Test func newPasswordEndsOtherSessions() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            let (own, other) = (try await api.token("ada@example.com"), try await api.token("ada@example.com"))
            func change(_ old: String, _ new: String) async throws -> Answer {
                let body = #"{"currentPassword":"\#(old)","password":"\#(new)"}"#
                return try await api.server.send(.put, "/api/me/password", key: own, bytes: Array(body.utf8))
            }
            #expect(try await change("wrong", "another sentence").isProblem(401))
            #expect(try await change(APIFixture.password, "short").fields == ["/password"])
            #expect(try await change(APIFixture.password, "another sentence").status == 204)
            #expect(try await api.server.get("/api/me", key: own).status == 200)
            #expect(try await api.server.get("/api/me", key: other).isProblem(401))
            #expect(try await api.signIn("ada@example.com").isProblem(401))
            #expect(try await api.signIn("ada@example.com", password: "another sentence").status == 201)
        }
    }

    /// The password is verified before, and the user signed out everywhere while the session is stored.
    @Test func signInUnderWayIsEndedToo() async throws {
        try await APIFixture.with { api in
            let user = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            let stores = Stores(pool: api.pool)
            let record = try #require(try await stores.users.signIn(id: user))
            try await stores.sessions.endAll(of: user)
            let session = try await stores.sessions.create(
                id: UUID(),
                of: user,
                epoch: record.sessionEpoch,
                hash: [1],
                address: nil,
                client: nil
            )
            #expect(session == nil)
        }
    }

    /// A stored password by other parameters is verified, and stored anew by the current ones.
    @Test func oldParametersAreReplaced() async throws {
        try await APIFixture.with { api in
            _ = try await api.user("ada@example.com", in: APIFixture.alpha, as: .viewer)
            let newer = UseCases(
                testing: api.pool,
                passwords: PasswordHasher(parameters: Scrypt(logCost: 5, blockSize: 1, parallelization: 1))
            )
            for _ in 0..<2 {
                _ = try await newer.sessions
                    .signIn("ada@example.com", password: APIFixture.password, code: nil, from: nil, client: nil)
            }
            let stored = "SELECT count(*) FROM switchyard.local_users WHERE password_hash LIKE '$scrypt$ln=5,%'"
            #expect(try await api.numbers(stored) == [1])
        }
    }

    /// Passwords beyond a few waiting ones are refused, so that a flood takes no memory.
    @Test func floodOfSignInsIsRefused() async throws {
        let hasher = PasswordHasher(parameters: Scrypt(logCost: 12, blockSize: 8, parallelization: 1), waiters: 2)
        try await APIFixture.with(passwords: hasher) { api in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 { group.addTask { try await api.signIn("n\(number)@example.com").status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses).isSubset(of: [401, 503]) && statuses.contains(401) && statuses.contains(503))
        }
    }
}
