import Addresses
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addSessionRoutes(to routes: inout Routes) {
        routes.open(.post, "/api/session", signIn)
        routes.open(.post, "/api/session/link", useLink)
        routes.authenticated(.delete, "/api/session", signOut)
        routes.authenticated(.get, "/api/sessions", sessions)
        routes.authenticated(.delete, "/api/sessions", signOutEverywhere)
        routes.authenticated(.delete, "/api/sessions/:id", endSession)
        routes.authenticated(.put, "/api/me/password", changePassword)
        routes.authenticated(.post, "/api/me/totp", beginSecondFactor)
        routes.authenticated(.post, "/api/me/totp/confirm", confirmSecondFactor)
        routes.authenticated(.delete, "/api/me/totp", removeSecondFactor)
    }

    private func address(of request: Request, _ context: WebContext) -> IPAddress? {
        context.clientAddress(of: request, trusting: trustedProxies)
    }

    /// `POST /api/session`: signs a user in; the token is in the answer, or in a cookie.
    @Sendable private func signIn(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try SessionBodies.SignIn(try await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        // Another site must not sign a browser in as its own user.
        if body.asksForCookie { try SameOrigin.check(request) }
        let signedIn = try await useCases.sessions.signIn(
            body.email,
            password: body.password,
            code: body.code,
            from: address(of: request, context),
            client: request.headers[.userAgent]
        )
        var response = json(.created) { writer in
            writer.object { writer in
                writer.member("id", signedIn.session.id)
                writer.member("userId", signedIn.userID)
                writer.member("expiresAt", time: signedIn.session.expiresAt)
                if !body.asksForCookie { writer.member("token", signedIn.token) }
            }
        }
        if body.asksForCookie {
            response.headers[.setCookie] = SessionCookie.setting(signedIn.token, seconds: UserSession.longestSeconds)
        }
        return response
    }

    /// `POST /api/session/link`: sets a password by a one-time link.
    @Sendable private func useLink(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try SessionBodies.UseLink(try await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        try await useCases.sessions.useLink(
            body.link,
            email: body.email,
            password: body.password,
            from: address(of: request, context)
        )
        return Response(status: .noContent)
    }

    /// `DELETE /api/session`: signs out.
    @Sendable private func signOut(_ request: Request, _ context: WebContext) async throws -> Response {
        try await useCases.sessions.signOut(identity(of: request, in: context))
        return signedOut(request)
    }

    /// `GET /api/sessions`: the user's own sessions.
    @Sendable private func sessions(_ request: Request, _ context: WebContext) async throws -> Response {
        let (sessions, current) = try await useCases.sessions.list(identity(of: request, in: context))
        var query = try QueryDecoding(request.uri)
        try query.finish()
        return json(capacity: 64 + sessions.count * 320) { writer in
            writer.list("sessions", sessions) { writer, session in
                writer.object { writer in
                    writer.member("id", session.id)
                    writer.member("createdAt", time: session.createdAt)
                    writer.member("lastUsedAt", time: session.lastUsedAt)
                    writer.member("expiresAt", time: session.expiresAt)
                    writer.member("address", session.address?.description)
                    writer.member("client", session.client)
                    writer.member("current", session.id == current)
                }
            }
        }
    }

    /// `DELETE /api/sessions`: signs out everywhere.
    @Sendable private func signOutEverywhere(_ request: Request, _ context: WebContext) async throws -> Response {
        try await useCases.sessions.signOutEverywhere(identity(of: request, in: context))
        return signedOut(request)
    }

    /// `DELETE /api/sessions/{id}`: ends one of the user's sessions.
    @Sendable private func endSession(_ request: Request, _ context: WebContext) async throws -> Response {
        let identity = try await identity(of: request, in: context)
        try await useCases.sessions.end(id("id", in: context), identity)
        return Response(status: .noContent)
    }

    /// `PUT /api/me/password`: changes the user's password.
    @Sendable private func changePassword(_ request: Request, _ context: WebContext) async throws -> Response {
        let identity = try await identity(of: request, in: context)
        let body = try SessionBodies.NewPassword(try await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        try await useCases.sessions.changePassword(
            identity,
            from: body.old,
            to: body.new,
            address: address(of: request, context)
        )
        return Response(status: .noContent)
    }

    /// `POST /api/me/totp`: a secret for an authenticator app.
    @Sendable private func beginSecondFactor(_ request: Request, _ context: WebContext) async throws -> Response {
        let identity = try await identity(of: request, in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let password = try SessionBodies.secret("password", bytes, limits: limits)
        let address = address(of: request, context)
        let factor = try await useCases.sessions.beginSecondFactor(identity, password: password, from: address)
        return json(.created) { writer in
            writer.object { writer in
                writer.member("secret", factor.secret)
                writer.member("uri", factor.address)
            }
        }
    }

    /// `POST /api/me/totp/confirm`: the first code, after which every sign-in needs one.
    @Sendable private func confirmSecondFactor(_ request: Request, _ context: WebContext) async throws -> Response {
        let identity = try await identity(of: request, in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let code = try SessionBodies.secret("code", bytes, limits: limits)
        let codes = try await useCases.sessions.confirmSecondFactor(identity, code: code)
        return json { writer in writer.object { $0.member("recoveryCodes", codes) } }
    }

    /// `DELETE /api/me/totp`: removes the second factor.
    @Sendable private func removeSecondFactor(_ request: Request, _ context: WebContext) async throws -> Response {
        let identity = try await identity(of: request, in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let password = try SessionBodies.secret("password", bytes, limits: limits)
        let address = address(of: request, context)
        try await useCases.sessions.removeSecondFactor(identity, password: password, from: address)
        return Response(status: .noContent)
    }

    private func signedOut(_ request: Request) -> Response {
        var response = Response(status: .noContent)
        if SessionCookie.token(of: request) != nil { response.headers[.setCookie] = SessionCookie.removing }
        return response
    }
}
