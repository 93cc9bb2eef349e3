import Accounts
import FoundationEssentials
import HTTPTypes
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import Testing
import WebTestSupport

extension APIFixture {
    /// The password of the users of these tests.
    static let password = "correct horse battery"

    /// A user who has accepted an invitation.
    func user(_ email: String, in workspace: UUID? = nil, as role: Role? = nil) async throws -> UUID {
        let invited = try await useCases.users.invite(email, to: workspace, as: role, by: .commandLine)
        let link = try #require(invited.link)
        try await useCases.sessions.useLink(link, email: nil, password: Self.password, from: nil)
        return invited.userID
    }

    /// The answer to a sign-in.
    func signIn(
        _ email: String,
        password: String = APIFixture.password,
        code: String? = nil,
        asksForCookie: Bool = false,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        let second = code.map { #","code":"\#($0)""# } ?? ""
        let body = #"{"email":"\#(email)","password":"\#(password)","cookie":\#(asksForCookie)\#(second)}"#
        return try await server.post("/api/session", body, key: nil, headers: headers)
    }

    /// The token of a new session.
    func token(_ email: String) async throws -> String { try #require(try await signIn(email)["token"]?.string) }

    /// The time code of a user in a number of steps from now.
    func code(of user: UUID, in steps: Int64 = 0) async throws -> String {
        let statement = Statement("", "SELECT totp_secret FROM switchyard.local_users WHERE user_id = :user")
        let secret = try #require(try await pool.query(statement, ["user": .uuid(user)]).first?.bytes(0))
        return TimeCode(secret: secret).code(at: Int64(Date().timeIntervalSince1970) / TimeCode.step + steps)
    }

    /// Starts and confirms a second factor; returns the recovery codes.
    func addSecondFactor(_ user: UUID, _ token: String) async throws -> [String] {
        let body = #"{"password":"\#(Self.password)"}"#
        #expect(try await server.post("/api/me/totp", body, key: token).status == 201)
        let code = try await code(of: user)
        let confirmed = try await server.post("/api/me/totp/confirm", #"{"code":"\#(code)"}"#, key: token)
        #expect(confirmed.status == 200, "\(confirmed.text)")
        return confirmed["recoveryCodes"]?.array?.compactMap(\.string) ?? []
    }
}
